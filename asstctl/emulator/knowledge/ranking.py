"""BM25, and the score of the wire made from it.

The weight of a word follows from the store that is searched, and from no other. A score is the root of the share of
the query's whole weight that a chunk holds: 0 for nothing, near 1 for a chunk full of every word, about two thirds
for one that has each of them once. It grows with BM25, so the order is the same.
"""

import math
from dataclasses import dataclass

K1 = 1.2
B = 0.75
MOST = K1 + 1
"""What the share of one word in a chunk cannot reach, however often it stands there."""


@dataclass(frozen=True, slots=True)
class Found:
    chunk_id: int
    score: float


def weight(chunks: int, holding: int) -> float:
    """How much a word tells that so many of the chunks hold; one that is nowhere counts as if it were in one."""
    holding = max(1, min(holding, chunks))
    return math.log(1 + (chunks - holding + 0.5) / (holding + 0.5))


def saturation(times: int, length: int, average: float) -> float:
    return times * MOST / (times + K1 * (1 - B + B * length / average))


def score(weighted: float, whole: float) -> float:
    """`weighted` is the sum over the words of weight by saturation, `whole` that of all weights."""
    return min(1.0, math.sqrt(max(0.0, weighted) / (whole * MOST))) if whole > 0 else 0.0
