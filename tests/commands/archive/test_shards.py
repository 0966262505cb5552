import pytest

from yowo.commands.archive.shards import WHOLE, Shard, read_shard
from yowo.errors import ConfigError


def test_the_parts_of_a_list_are_the_list_and_differ_in_length_by_one_at_most():
    items = list(range(50))
    parts = [read_shard(f"{number}/16").part(items) for number in range(16)]
    assert sorted(item for part in parts for item in part) == items
    assert {len(part) for part in parts} == {3, 4}


def test_without_a_shard_the_part_is_the_list():
    assert read_shard(None) == WHOLE and WHOLE.part("abc") == "abc" and str(Shard(3, 16)) == "3/16"
    assert read_shard(" 0 / 4 ") == Shard(0, 4)


@pytest.mark.parametrize("typed", ["16/16", "1/0", "-1/4", "3", 3, "a/b", "1/2/3", "", "1.0/2", "²/3"])
def test_what_is_no_part_is_one_line(typed):
    with pytest.raises(ConfigError, match=r"^shard=.*: expected i/n with i from 0 to n - 1, as shard=0/16 for the"):
        read_shard(typed)
