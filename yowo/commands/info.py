"""`yowo info`: parameters, multiply-adds and output shapes of a network, part by part."""

from collections.abc import Sequence

from rich.console import Console

from yowo.config.conf_files import choices
from yowo.config.path_values import exported_named
from yowo.errors import ConfigError
from yowo.reports.narrow_tables import print_table


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo info`, which are overrides of `yowo train`.

    Raises:
        ConfigError: An override is invalid.
    """
    console = Console()
    if any(argument in ("-h", "--help") for argument in arguments):
        console.print(_HELP.format(", ".join(choices("model")), ", ".join(choices("dataset"))), highlight=False)
        return
    if file := exported_file(arguments):
        from yowo.commands.exported_table import exported_table

        print_table(console, exported_table(file))
        return
    from yowo.commands.hydra_app import jobs

    configs = jobs("info", arguments)
    from yowo.commands.network_table import network_info  # torch loads with it, after everything was checked

    for config in configs:
        info = network_info(config)
        print_table(console, info.table)
        for line in info.lines:
            console.print(line, highlight=False, soft_wrap=True)


def exported_file(arguments: Sequence[str]) -> str | None:
    """Return the file of `yowo export` that `model=FILE` names; None if it names none.

    Raises:
        ConfigError: Further arguments stand beside it, which cannot change a file.
    """
    named = [word for word in arguments if exported_named(word) != word]
    if not named:
        return None
    if other := next((word for word in arguments if word != named[0]), None):
        raise ConfigError(f"{other}: the network of an exported file cannot be changed; give {named[0]} alone")
    return named[0].partition("=")[2].strip("'\"")


_HELP = """yowo info: parameters, multiply-adds and output shapes of a network, part by part

  yowo info model=yowo_plus dataset=ucf24
  yowo info model=yowo_nano dataset=ava dataset.clip_len=32
  yowo info -m model=yowo,yowo_plus,yowo_nano dataset=ucf24
  yowo info experiment=yowof_r18_ucf24   # a published row: its cost beside the published one
  yowo info model=best.onnx              # what a file of yowo export says of itself

model: {}
dataset: {}
It takes the overrides of yowo train. No data are read, no network is run, and nothing is written."""
