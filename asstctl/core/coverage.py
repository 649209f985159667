"""Coverage: what of an assistant the conversations of a run exercised, and what none of them did."""

from dataclasses import dataclass
from enum import StrEnum

from asstctl.core.diagnostic import Where


class Subject(StrEnum):
    """What can be exercised."""

    ASSISTANT = "assistant"  # some conversation had a reply from it
    FUNCTION = "function"  # it was called
    PARAMETER = "parameter"  # a call gave it a value
    ENUM = "enum"  # a call gave it this value
    FILE = "file"  # it was cited, a passage of it was found, or code of the code interpreter names it


@dataclass(frozen=True, slots=True)
class Covered:
    """One thing that was declared: `name` in dots below its assistant, and how many conversations exercised it."""

    assistant: str
    subject: Subject
    name: str
    conversations: int
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """All that the assistants of a project declare. `minimum` is the percentage that was asked for."""

    items: tuple[Covered, ...]
    minimum: float | None = None

    @property
    def exercised(self) -> int:
        """How many of them some conversation exercised."""
        return sum(item.conversations > 0 for item in self.items)

    @property
    def percentage(self) -> float:
        """The share of them; 100 where nothing is declared."""
        return 100 * self.exercised / len(self.items) if self.items else 100.0

    @property
    def enough(self) -> bool:
        """Whether it is what was asked for."""
        return self.minimum is None or self.percentage >= self.minimum
