import unicodedata

import pytest

from yowo.video.file_names import last_number, natural_key, spelled, without_ending


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_have_one_spelling(form):
    assert spelled(unicodedata.normalize(form, "Ärger/café_한")) == "Ärger/café_한"


def test_numbers_are_sorted_by_value_and_not_by_digits():
    names = ["b2", "a10", "a9", "A1_2", "a1_10", "a007"]
    assert sorted(names, key=natural_key) == ["A1_2", "a1_10", "a007", "a9", "a10", "b2"]


def test_the_last_number_of_a_name_is_told_and_none_without_one():
    assert [last_number(name) for name in ("cam2_0010", "7b", "x")] == [10, 7, None]


def test_only_known_endings_are_taken_off():
    assert [without_ending(name, (".mp4",)) for name in ("a.MP4", "a.b.mp4", "a.b", "a", ".mp4")] == [
        "a", "a.b", "a.b", "a", "",
    ]  # fmt: skip
