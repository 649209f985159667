"""Tracing: the port through which the program says what it is doing, span by span, to whoever collects traces.

What spans are called and hold is in `core.spans`. A tracer never raises, and the one that is there by default does
nothing. Which task a span belongs to is the tracer's business: a span begun inside another one is its child, also in a
task that was started there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from asstctl.core.json_types import EMPTY

Value = str | int | float | bool

Attributes = Mapping[str, Value | None]
"""What a span holds; None is left out."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A span as it begins. `remote`: another program is asked."""

    name: str
    attributes: Attributes = field(default_factory=lambda: EMPTY)
    remote: bool = False


class Span(Protocol):
    """A span that goes on, as a context: an error that leaves it is noted by its code, never by its words."""

    def note(self, attributes: Attributes) -> None:
        """What is known of it only now."""
        ...

    def failed(self, kind: str) -> None:
        """It ended in an error of this kind, which no exception tells."""
        ...

    def carried_to(self, host: str) -> Mapping[str, str]:
        """The headers by which a request tells this host what it is a part of; most hosts are told nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Tracer(Protocol):
    """Begins spans."""

    def span(self, begun: Begun) -> Span:
        """A span to be entered once."""
        ...

    def close(self) -> None:
        """Nothing more comes: what waits to be sent is sent, within a time."""
        ...


class _Untraced:
    """A span that nobody collects."""

    def note(self, attributes: Attributes) -> None:
        pass

    def failed(self, kind: str) -> None:
        pass

    def carried_to(self, host: str) -> Mapping[str, str]:
        return EMPTY

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


_UNTRACED = _Untraced()


class Untraced:
    """A Tracer that collects nothing."""

    def span(self, begun: Begun) -> Span:
        return _UNTRACED

    def close(self) -> None:
        pass


UNTRACED = Untraced()
