"""The rule that decides which labels and attributes of CVAT are actions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from yowo.importing.annotated import ImportOptions

NOTHING = frozenset({"", "none", "no", "nothing", "n/a", "na", "null", "false", "-", "__undefined__", "undefined"})
"""Values of a list attribute that mean "no action"."""
TICK, LISTS = "checkbox", ("select", "radio")


@dataclass
class CvatLabels:
    """The labels of a CVAT project or task, and the rule that turns them into actions.

    A checked checkbox is an action with the attribute's name. The selected value of a list (select, radio) is an
    action, unless it means "no action". Values of number and text attributes are actions only if `options.attributes`
    lists the attribute. A label without such attributes is itself an action.

    Attributes:
        options: Uses `actions` and `attributes`.
        kinds: Input type of each attribute, by label and attribute name.
        names: All actions declared by labels and attributes, in order of declaration.
    """

    options: ImportOptions
    kinds: dict[str, dict[str, str]] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)

    def declare(self, meta: Element) -> None:
        """Add the labels that are declared in a document's `<meta>` element."""
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
        """Return the actions of a person on one frame.

        Args:
            label: Label of the track.
            values: Attribute values of the track on that frame, by name.
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
    """Guess the input type of an undeclared attribute from its value."""
    return TICK if value.lower() in ("true", "false") else LISTS[0]
