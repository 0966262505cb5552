"""`yowo -sc install=bash`: completion of verbs, groups, choices, keys and options in a shell, by Hydra's plugins."""

import contextlib
import io
import os
import shlex
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType

from rich.console import Console

from yowo.commands.main import VERBS
from yowo.commands.subjects import Subject
from yowo.config.checkpoint import register_checkpoint
from yowo.config.compose import in_our_words, override_value
from yowo.config.path_values import paths_quoted
from yowo.config.search_path import composer
from yowo.errors import ConfigError, YowoError

ROOTS = {"train": "train", "demo": "demo", "eval": "eval", "detect": "detect", "export": "export", "info": "train"}
"""Verbs that take overrides, and the root configuration of each."""
ACTIONS = ("install", "uninstall", "query")


def run(arguments: Sequence[str]) -> None:
    """Run `yowo -sc ACTION=SHELL`.

    Args:
        arguments: What was typed after `-sc`: `install=bash`, `uninstall=zsh`, `query=fish`.

    Raises:
        ConfigError: There is no such action or shell.
    """
    action, _, shell = arguments[0].partition("=") if len(arguments) == 1 else ("", "", "")
    if action not in ACTIONS or not shell:
        raise ConfigError('-sc: expected install=SHELL or uninstall=SHELL, as in eval "$(yowo -sc install=bash)"')
    if action == "query":
        Console(soft_wrap=True).print(
            suggestions(os.environ.get("COMP_LINE", ""), shell), markup=False, highlight=False
        )
        return
    with composer("train") as hydra:
        try:
            in_our_words("train", [], lambda: hydra.shell_completion("train", list(arguments)))
        except ValueError as error:
            raise ConfigError(f"-sc {arguments[0]}: {error}") from error


def suggestions(line: str, shell: str = "bash") -> str:
    """Return what can stand in the place of the last word of a command line.

    Args:
        line: The command line as far as it is typed, with the program.
        shell: The shell that asks, in whose form Hydra answers.

    Returns:
        The words, separated as the shell expects it; empty where there is nothing to suggest.

    Examples:
        >>> suggestions("yowo tra")
        'train'
    """
    words = line.split()
    typed, word = (words[1:], "") if line.endswith(" ") else (words[1:-1], words[-1] if len(words) > 1 else "")
    between = "\n" if shell == "fish" else " "
    if not typed:
        return between.join(verb for verb in VERBS if verb.startswith(word))
    verb, *given = typed
    if verb in ROOTS:
        return _by_hydra(ROOTS[verb], given, word, shell)
    if verb not in VERBS:
        return ""
    return between.join(name for name in _names(import_module(f"yowo.commands.{verb}"), given) if name.startswith(word))


def _by_hydra(root: str, given: Sequence[str], word: str, shell: str) -> str:
    """Return the suggestions of Hydra's plugin for a shell."""
    said, before = io.StringIO(), os.environ.get("COMP_LINE")
    os.environ["COMP_LINE"] = " ".join(["yowo", *given, word])
    try:
        _remember(root, given)
        with composer(root) as hydra, contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
            in_our_words(root, [], lambda: hydra.shell_completion(root, [f"query={shell}"]))
    except (SystemExit, ValueError, YowoError):  # the line is not complete enough to be understood
        return ""
    finally:
        os.environ.pop("COMP_LINE") if before is None else os.environ.update(COMP_LINE=before)
    return said.getvalue().strip()


def _remember(root: str, given: Sequence[str]) -> None:
    """Register the configuration of the checkpoint on a line; empty groups where there is none."""
    if root not in ("eval", "detect", "export"):
        return
    with contextlib.suppress(YowoError, ValueError):
        register_checkpoint(override_value(paths_quoted([shlex.split(g)[0] for g in given]), "checkpoint"))
        return
    register_checkpoint(None)


def _names(module: ModuleType, given: Sequence[str]) -> list[str]:
    """Return the subjects of a verb, or the options of its parser."""
    subjects: Mapping[str, Subject] = getattr(module, "SUBJECTS", {})
    if subjects and not given:
        return list(subjects)
    if subjects:
        chosen = subjects.get(given[0])
        module = module if chosen is None else import_module(chosen.module)
    if not hasattr(module, "parser"):
        return []
    return [name for name in module.parser()._option_string_actions if name.startswith("--")]
