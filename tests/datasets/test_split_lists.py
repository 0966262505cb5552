import pytest

from yowo.datasets.split_lists import name_list
from yowo.errors import ConfigError

KNOWN = ["A/v_1", "A/v_2", "B/v_3"]


@pytest.mark.parametrize(
    ("chosen", "names"),
    [(None, None), ("all", KNOWN), (["B/v_3", "A/v_1"], ["A/v_1", "B/v_3"]), (["A/v_2.avi"], ["A/v_2"])],
)
def test_ways_to_name_videos(chosen, names):
    assert name_list(chosen, "key", KNOWN) == names


def test_a_text_file_may_carry_suffixes_numbers_and_blank_lines(tmp_path):
    (tmp_path / "list.txt").write_text("A/v_1.avi 3\n\nB/v_3\n")
    assert name_list(str(tmp_path / "list.txt"), "key", KNOWN) == ["A/v_1", "B/v_3"]


def test_unknown_names_are_an_error_or_left_out():
    with pytest.raises(
        ConfigError, match=r"dataset\.val_videos: expected names of annotated videos, got 1 unknown ones such as C/v_9"
    ):
        name_list(["C/v_9"], "dataset.val_videos", KNOWN)
    assert name_list(["C/v_9", "A/v_1"], "key", KNOWN, strict=False) == ["A/v_1"]


def test_a_word_that_is_no_file_is_explained():
    with pytest.raises(ConfigError, match=r"key=nothing: expected a list of names, all, or a text file"):
        name_list("nothing", "key", KNOWN)


def test_names_match_in_either_spelling_of_accents_and_with_blanks(tmp_path):
    known = ["caf\u00e9", "my clip"]
    (tmp_path / "list.txt").write_text("cafe\u0301.MTS 3\nmy clip.mp4\n", encoding="utf-8")
    assert name_list(str(tmp_path / "list.txt"), "key", known) == known
    assert name_list(["cafe\u0301"], "key", known) == ["caf\u00e9"]
