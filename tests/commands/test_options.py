import pytest

from yowo.commands.options import OptionParser
from yowo.errors import ConfigError


@pytest.fixture
def parser():
    made = OptionParser(prog="yowo fly", description="Fly.", epilog="example:\n  yowo fly --to MOON")
    made.add_argument("--to", choices=("moon", "mars"), required=True)
    made.add_argument("--speed", type=int)
    return made


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ([], r"^yowo fly: the following arguments are required: --to; see yowo fly --help$"),
        (["--to", "mrs"], r"^yowo fly: argument --to: invalid choice: 'mrs' .*\. Did you mean mars\?; see"),
        (["--to", "moon", "--sped=1"], r"^yowo fly: unrecognized arguments: --sped=1\. Did you mean --speed\?; see"),
        (["--to", "moon", "--speed", "fast"], r"^yowo fly: argument --speed: invalid int value: 'fast'; see"),
        (["--to", "moon", "there"], r"^yowo fly: unrecognized arguments: there; see"),
    ],
)
def test_wrong_options_are_one_line_with_what_to_do(parser, typed, words):
    with pytest.raises(ConfigError, match=words):
        parser.parse_args(typed)


def test_subcommands_are_parsed_alike():
    made = OptionParser(prog="yowo sea")
    made.add_subparsers(dest="ship").add_parser("boat").add_argument("--sails", type=int)
    with pytest.raises(
        ConfigError, match=r"^yowo sea boat: argument --sails: invalid int value: 'x'; see yowo sea boat --help"
    ):
        made.parse_args(["boat", "--sails", "x"])


def test_examples_keep_their_lines(parser):
    assert "example:\n  yowo fly --to MOON" in parser.format_help()
