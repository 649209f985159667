"""Comparison: a conversation beside the same one as it was, or as another target has it.

How two of them are compared is for `conversation.comparing`; these are the values that it returns and that `render`
shows. Nothing here ever says that nothing changed: only what was compared, and what of it differs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WAS = "was"
"""What names the replies that a file remembers, where else a target is named."""

DISTANCE = 0.5
"""How far apart two replies may lie that count as no difference, where nobody says another: models say the same in
other words each time, and of two texts further apart than this more words differ than agree."""


@dataclass(frozen=True, slots=True)
class Comparing:
    """With what a run compares its conversations: WAS, or the name of a target.

    `here` is the target of the run. `origin` says in words where the other replies come from. Replies that lie no
    further apart than `distance` count as no difference; a judge that `measured` names says how alike they are in
    meaning, too. `fails`: a difference is a failure of the run.
    """

    against: str
    here: str
    origin: str = ""
    distance: float = DISTANCE
    measured: str = ""
    fails: bool = False

    @property
    def of_target(self) -> bool:
        """Whether it is with another target."""
        return self.against != WAS

    @property
    def sides(self) -> tuple[str, str]:
        """What the two sides are called: the one that is compared with, and that of the run."""
        if not self.of_target:
            return WAS, "now"
        return self.against, self.here if self.here != self.against else f"{self.here} again"


@dataclass(frozen=True, slots=True)
class ArgumentDiffers:
    """An argument of a call that both sides made: the place in it, and both values as text."""

    function: str
    path: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class TurnComparison:
    """One turn, held against the same turn on the other side.

    `missing` are the functions that were called there and not here, `added` the other way round, by name and as often
    as that. `before` is the reply there. `distance` goes from 0 (the same words) to 1 (none in common), None where
    there are no two replies; `far`: it is more than the run lets pass. `likeness` is the cosine of their embeddings.
    `unreached` is the side that never came to this turn.
    """

    number: int
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    arguments: tuple[ArgumentDiffers, ...] = ()
    before: str = ""
    distance: float | None = None
    far: bool = False
    likeness: float | None = None
    unreached: str = ""

    @property
    def calls_agree(self) -> bool:
        return not (self.missing or self.added or self.unreached)

    @property
    def arguments_agree(self) -> bool:
        """Whether those of all calls that have a counterpart do."""
        return not (self.arguments or self.unreached)

    @property
    def differs(self) -> bool:
        return self.far or not (self.calls_agree and self.arguments_agree)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One playing, held against its other side, turn by turn as far as there is something to compare with.

    `why_not` is why it could not be; `undecided`: trouble stood in the way, and another run may compare it. `other` is
    how the playing on the other target ended, `verdicts_agree` whether this one ended so too. `unmeasured` is why there
    is no likeness although a judge was to say it.
    """

    turns: tuple[TurnComparison, ...] = ()
    why_not: str = ""
    undecided: bool = False
    other: str = ""
    verdicts_agree: bool = True
    unmeasured: str = ""

    @property
    def calls_agree(self) -> bool:
        return all(turn.calls_agree for turn in self.turns)

    @property
    def arguments_agree(self) -> bool:
        return all(turn.arguments_agree for turn in self.turns)

    @property
    def differs(self) -> bool:
        return not self.verdicts_agree or any(turn.differs for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Totals:
    """What the comparisons of a run come to. `alike` are the conversations of which no playing differs, `calls` and
    `arguments` the playings in which those of all turns agree; `distances` those of all replies, in order."""

    conversations: int = 0
    alike: int = 0
    fewest: int = 0
    most: int = 0
    playings: int = 0
    calls: int = 0
    arguments: int = 0
    far: int = 0
    distances: tuple[float, ...] = ()


def totals(conversations: Iterable[Sequence[Comparison]]) -> Totals:
    """Those of conversations that were each compared so often. What could not be compared is not counted."""
    groups = [held for group in conversations if (held := [one for one in group if not one.why_not])]
    every = [one for group in groups for one in group]
    turns = [turn for one in every for turn in one.turns]
    return Totals(
        conversations=len(groups),
        alike=sum(not any(one.differs for one in group) for group in groups),
        fewest=min(map(len, groups), default=0),
        most=max(map(len, groups), default=0),
        playings=len(every),
        calls=sum(one.calls_agree for one in every),
        arguments=sum(one.arguments_agree for one in every),
        far=sum(turn.far for turn in turns),
        distances=tuple(sorted(turn.distance for turn in turns if turn.distance is not None)),
    )
