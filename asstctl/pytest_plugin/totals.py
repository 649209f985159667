"""What is said once of all conversations, below pytest's own results: what answered them, and what they used and left.

Workers of pytest-xdist hand theirs up as text.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from asstctl.core.conversation import CaseResult, Status
from asstctl.core.json_text import json_text, read_json
from asstctl.core.suite import Spend, SuiteResult

if TYPE_CHECKING:
    from asstctl.pytest_plugin.playing import How


@dataclass
class Total:
    """The conversations that one project had on one target. A cost is None where a price is unknown."""

    counts: dict[str, int] = field(default_factory=dict)
    tokens: int = 0
    cost: float | None = 0.0
    judge_tokens: int = 0
    judge_cost: float | None = 0.0
    warnings: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)

    def add(self, other: "Total") -> None:
        """And these."""
        self.counts = dict(Counter(self.counts) + Counter(other.counts))
        self.tokens += other.tokens
        self.judge_tokens += other.judge_tokens
        self.cost = _sum(self.cost, other.cost)
        self.judge_cost = _sum(self.judge_cost, other.judge_cost)
        self.warnings = [*dict.fromkeys((*self.warnings, *other.warnings))]
        self.left_behind += other.left_behind


class Totals:
    """Those of a run of pytest, by the sentence that says with what they were had."""

    def __init__(self) -> None:
        self._by_origin: dict[str, Total] = {}

    def add(
        self, how: "How", suite: SuiteResult | None, warnings: Iterable[str], results: Iterable[CaseResult]
    ) -> None:
        """A run that ended. `suite` None: it could not even begin, which its items have said."""
        if suite is None:
            return
        spend = suite.spend
        self._add(
            _origin(suite),
            Total(
                dict(Counter(str(result.status) for result in results)),
                spend.tokens,
                spend.cost if spend.tokens else 0.0,
                spend.judge_tokens,
                spend.judge_cost if spend.judge_tokens else 0.0,
                [*dict.fromkeys((*warnings, *suite.warnings))],
                [*suite.left_behind],
            ),
        )

    def written(self) -> str:
        """As a text to send."""
        return json_text({origin: asdict(total) for origin, total in self._by_origin.items()})

    def read(self, written: str) -> None:
        """Add what a worker sent."""
        told: dict[str, Any] = read_json(written.encode())
        for origin, total in told.items():
            self._add(origin, Total(**total))

    def show(self, terminal: pytest.TerminalReporter) -> None:
        """Below the results."""
        if self._by_origin:
            terminal.section("conversations")
        for origin, total in self._by_origin.items():
            for said in _lines(origin, total):
                terminal.line(said)

    def _add(self, origin: str, total: Total) -> None:
        self._by_origin.setdefault(origin, Total()).add(total)


_TOTALS = pytest.StashKey[Totals]()


def totals_of(config: pytest.Config) -> Totals:
    """Those of this run of pytest."""
    return config.stash.setdefault(_TOTALS, Totals())


def _origin(suite: SuiteResult) -> str:
    from asstctl.render.test import origin_words

    return origin_words(suite)


def _lines(origin: str, total: Total) -> Iterable[str]:
    from asstctl.render.escape import defused, visible
    from asstctl.render.test import spend_words

    found = ((status, total.counts.get(status, 0)) for status in Status)
    counts = ", ".join(f"{number:,} {status.replace('_', ' ')}" for status, number in found if number)
    yield visible(f"{counts or 'none played'} {origin}")
    spent = spend_words(Spend(total.tokens, total.cost, total.judge_tokens, total.judge_cost))
    if spent and not origin.endswith("NOT exercised."):
        yield f"Used: {spent}"
    for warning in total.warnings:
        yield defused(visible(f"warning: {warning}"))
    if total.left_behind:
        yield visible(f"Left behind: {len(total.left_behind):,} could not be deleted: {', '.join(total.left_behind)}")


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
