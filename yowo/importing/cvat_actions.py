"""Which of what CVAT says about a person are actions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from yowo.importing.annotated import ImportOptions

NOTHING = frozenset({"", "none", "no", "nothing", "n/a", "na", "null", "false", "-", "__undefined__", "undefined"})
"""Values of a list attribute that mean that nothing is done."""
TICK, LISTS = "checkbox", ("select", "radio")


@dataclass
class CvatLabels:
    """The labels of a CVAT project or task, and the rule that turns them into actions.

    A ticked checkbox is an action of the attribute's name. The chosen value of a list (select, radio) is an action,
    unless it is a word for nothing. Numbers and texts are none, unless `options.attributes` names them: then their
    value is. A label without such attributes is an action itself.

    Attributes:
        options: `actions` and `attributes` choose.
        kinds: Input type of each attribute by label.
        names: All actions that labels and attributes declare, in their order.
    """

    options: ImportOptions
    kinds: dict[str, dict[str, str]] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)

    def declare(self, meta: Element) -> None:
        """Take in the labels that a document's `meta` declares."""
        for label in meta.iter("label"):
            name = label.findtext("name", "").strip()
            kinds: dict[str, str] = {}
            for attribute in label.iter("attribute"):
                title = attribute.findtext("name", "").strip()
                kind = attribute.findtext("input_type", "").strip()
                if not self._counts(title, kind):
                    continue
                kinds[title] = kind
                if kind == TICK:
                    self.names.setdefault(title)
                elif kind in LISTS:
                    values = attribute.findtext("values", "").split("\n")
                    self._declare_values(values)
            self.kinds[name] = kinds
            if self._is_action(name):
                self.names.setdefault(name)

    def actions(self, label: str, values: Mapping[str, str]) -> list[str]:
        """Return what a person does.

        Args:
            label: Of the track.
            values: Its attributes at that frame.
        """
        if self._is_action(label):
            return [label]
        known = self.kinds.get(label, {})
        found = []
        for title, value in values.items():
            text = value.strip()
            kind = known.get(title) if label in self.kinds else _guessed(text)
            if kind is None or not self._counts(title, kind):
                continue
            if kind == TICK:
                if text.lower() == "true":
                    found.append(title)
            elif text.lower() not in NOTHING:
                found.append(text)
        return list(dict.fromkeys(found))

    def _is_action(self, label: str) -> bool:
        if self.options.actions == "labels":
            return True
        return self.options.actions == "auto" and not self.options.attributes and not self.kinds.get(label)

    def _counts(self, title: str, kind: str) -> bool:
        if self.options.actions == "labels":
            return False
        if self.options.attributes:
            return title in self.options.attributes
        return kind == TICK or kind in LISTS

    def _declare_values(self, values: Iterable[str]) -> None:
        for value in values:
            if value.strip().lower() not in NOTHING:
                self.names.setdefault(value.strip())


def _guessed(value: str) -> str:
    """Guess the kind of an attribute that was not declared."""
    return TICK if value.lower() in ("true", "false") else LISTS[0]
