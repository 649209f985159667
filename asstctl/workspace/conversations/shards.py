"""Shards: which of so many runs, on machines that do not know each other, plays which conversation.

Every machine has to come to the same answer. It depends on the conversations, on their number of shards and, where
all of them are given the same file of an earlier run, on how long each took; never on what a machine remembers.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asstctl.core.errors import WrongUsage

_SHARD = re.compile(r"(\d{1,4})/(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`th (from 1) of `count` parts."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @classmethod
    def read(cls, text: str) -> "Shard":
        """From `I/N`. Raises WrongUsage."""
        match = _SHARD.fullmatch(text)
        shard = cls(int(match[1]), int(match[2])) if match else cls(0, 0)
        if not 1 <= shard.number <= shard.count:
            raise WrongUsage(f"--shard: {text!r} is not I/N with I from 1 to N", hint="the first of three: --shard 1/3")
        return shard


def in_shard(nodes: Iterable[str], shard: Shard, seconds: Mapping[str, float]) -> frozenset[str]:
    """The nodes that belong to a shard.

    Those whose time is known: the longest first, each to the shard that has the least to do so far. The others by a
    hash of their name, so that a new conversation moves no other.
    """
    every = sorted(dict.fromkeys(nodes))
    timed = sorted((node for node in every if node in seconds), key=lambda node: (-seconds[node], node))
    load = [0.0] * shard.count
    mine = {node for node in every if node not in seconds and _hashed(node, shard.count) == shard.number - 1}
    for node in timed:
        least = min(range(shard.count), key=lambda number: (load[number], number))
        load[least] += seconds[node]
        if least == shard.number - 1:
            mine.add(node)
    return frozenset(mine)


def _hashed(node: str, count: int) -> int:
    return int.from_bytes(hashlib.sha256(node.encode("utf-8", "surrogatepass")).digest()[:8], "big") % count
