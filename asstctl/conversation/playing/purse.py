"""Purses: what a run and the files of its conversations may use, and what they have used so far.

When one is empty no conversation and no turn is begun from it; turns that go on are let end. A limit that cannot be
measured, because a price is unknown or nobody counts tokens, is a purse that is empty after the first turn, and the run
says so: it holds nothing back else. Where the wire can, each thread is also held to the smallest limit by itself.
"""

from dataclasses import dataclass, field

from asstctl.conversation.case import Budget, Case
from asstctl.core.conversation import CaseResult, FailureKind, Status, TurnResult
from asstctl.core.suite import Spend

NO_PRICE = "its cost is not known: no price for the model that answered stands under `test.prices`"
NO_COUNT = "its tokens are not known: the provider does not count them"
_UNMEASURED = (NO_PRICE, NO_COUNT)


@dataclass(slots=True)
class _Used:
    """What was used: `unpriced` and `uncounted` say that it was more, by nobody knows how much."""

    cost: float = 0.0
    tokens: int = 0
    turns: int = 0
    unpriced: bool = False
    uncounted: bool = False

    def add(self, turn: TurnResult) -> None:
        self.turns += 1
        if turn.usage is not None:
            self.tokens += turn.usage.total_tokens
            self.cost += turn.cost or 0.0
            self.unpriced |= turn.cost is None
        elif turn.status is not Status.ERROR:  # a turn that was cut off never had its tokens told
            self.uncounted = True

    def at_least(self, cost: float) -> None:
        """It is known to be so much."""
        self.cost = max(self.cost, cost)

    def over(self, cost: float | None, tokens: int | None) -> str:
        """Why no more may be used within these limits; "" for none."""
        limited = cost is not None or tokens is not None
        if limited and self.uncounted:
            return NO_COUNT
        if cost is not None and self.unpriced:
            return NO_PRICE
        if cost is not None and self.cost >= cost:
            return f"${self.cost:.4f} of ${cost:g}"
        if tokens is not None and self.tokens >= tokens:
            return f"{self.tokens:,} of {tokens:,} tokens"
        return ""


@dataclass
class Purses:
    """The purse of the run, which pays for judges too, and those of files."""

    max_cost: float | None
    _run: _Used = field(default_factory=_Used)
    _files: dict[str, _Used] = field(default_factory=dict)
    _budgets: dict[str, Budget] = field(default_factory=dict)
    _judge_tokens: int = 0
    _judge_cost: float = 0.0
    _judged: bool = False
    _judge_unpriced: bool = False

    def most(self, case: Case) -> float | None:
        """What a conversation may cost if nothing else costs anything, in US dollars: its smallest limit."""
        limits = (self.max_cost, case.budget.cost if case.budget else None)
        return min((limit for limit in limits if limit is not None), default=None)

    def turn(self, case: Case, turn: TurnResult) -> None:
        """A turn has ended."""
        purses = [self._run]
        if case.budget is not None:
            self._budgets[case.budget.file] = case.budget
            purses.append(self._files.setdefault(case.budget.file, _Used()))
        reached = any(one.kind is FailureKind.COST_LIMIT for one in turn.failures)
        limit = self.most(case) if reached else None
        for used in purses:
            used.add(turn)
            if limit is not None:
                used.at_least(limit)

    def judges(self, result: CaseResult) -> None:
        """A playing has ended, and with it what its judges used."""
        if result.judged is not None:
            self._judged = True
            self._judge_tokens += result.judged.total_tokens
            self._judge_cost += result.judge_cost or 0.0
            self._judge_unpriced |= result.judge_cost is None

    def run_is_over(self) -> str:
        """Why the run may use no more; "" where it may."""
        if self.max_cost is None:
            return ""
        why = self._run.over(self.max_cost - self._judge_cost, None)
        if self._judge_unpriced or why in _UNMEASURED:
            return f"the cost limit of the run cannot be kept: {NO_PRICE if self._judge_unpriced else why}"
        spent = self._run.cost + self._judge_cost
        return f"the cost limit of the run is reached: ${spent:.4f} of ${self.max_cost:g} are spent" if why else ""

    def file_is_over(self, budget: Budget | None) -> str:
        """Why the conversations of a file may use no more; "" where they may."""
        used = self._files.get(budget.file) if budget else None
        if budget is None or used is None:
            return ""
        why = used.over(budget.cost, budget.tokens)
        if why in _UNMEASURED:
            return f"the budget of {budget.file} cannot be kept: {why}"
        return f"the budget of {budget.file} is used up ({why})" if why else ""

    @property
    def unkept(self) -> str:
        """A limit that nobody can say was kept, of the run or of a file; "" for none."""
        told = (self.run_is_over(), *map(self.file_is_over, self._budgets.values()))
        return next((why for why in told if why.endswith(_UNMEASURED)), "")

    @property
    def spend(self) -> Spend:
        """All of it, judges apart; costs are None where one of them is unknown, and what is known stands beside."""
        used = self._run
        known = used.turns > 0 and not used.unpriced and not used.uncounted
        return Spend(
            used.tokens,
            used.cost if known else None,
            self._judge_tokens,
            self._judge_cost if self._judged and not self._judge_unpriced else None,
            used.cost,
            self._judge_cost,
        )
