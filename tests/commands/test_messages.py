from yowo.commands.messages import nearest, tell_error, tell_warning
from yowo.errors import YowoError


def test_errors_and_warnings_are_one_line_of_one_form_on_stderr(capsys):
    tell_error("dataset.root=[bold]x[/]: there is no\n  such folder :smile:" + " and so on" * 30)
    tell_warning("7 boxes were clipped")
    shown = capsys.readouterr()
    first, second = shown.err.splitlines()
    assert first.startswith("error: dataset.root=[bold]x[/]: there is no such folder :smile: and") and not shown.out
    assert second == "warning: 7 boxes were clipped"


def test_several_problems_follow_below_a_line_each(capsys):
    error = YowoError("2 problems:")
    error.details = ("a.csv,\n  row 2: x", "a.csv, row 3: y")
    error.args = ("2 problems:\n  a.csv, row 2: x\n  a.csv, row 3: y",)
    tell_error(error)
    assert capsys.readouterr().err == "error: 2 problems:\n  a.csv, row 2: x\n  a.csv, row 3: y\n"


def test_a_word_that_resembles_nothing_gets_no_suggestion():
    assert nearest("xyzzy", ["train", "eval"]) == ""
