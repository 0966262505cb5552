"""The part of a list of videos that one process works on: `shard=i/n`."""

import re
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from yowo.errors import ConfigError

Item = TypeVar("Item")


class Shard(NamedTuple):
    """One of several parts of a list that have the same length, give or take one.

    Attributes:
        number: Which part, from 0.
        parts: How many there are.
    """

    number: int
    parts: int

    def part(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items of this part: every n-th one, so that neighbours, often alike, are spread.

        Examples:
            >>> Shard(1, 3).part("abcdefgh"), Shard(2, 3).part("abcdefgh")
            ('beh', 'cf')
        """
        return items[self.number :: self.parts]

    def __str__(self) -> str:
        """Return i/n as it is typed."""
        return f"{self.number}/{self.parts}"


WHOLE = Shard(0, 1)


def read_shard(value: object) -> Shard:
    """Read what was typed as shard=; None is the whole list.

    Raises:
        ConfigError: It is not i/n with i from 0 to n - 1.
    """
    if value is None:
        return WHOLE
    found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", str(value), re.ASCII)
    if found and int(found[1]) < int(found[2]):
        return Shard(int(found[1]), int(found[2]))
    raise ConfigError(f"shard={value}: expected i/n with i from 0 to n - 1, as shard=0/16 for the first of 16 parts")
