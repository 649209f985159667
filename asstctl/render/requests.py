"""Requests as they pass, for -v: a line for each, a line for each wait, and one for all of them at the end."""

from dataclasses import dataclass

from asstctl.core.requests import Exchange, Pause
from asstctl.render.escape import defused, visible
from asstctl.render.json.shared import Object
from asstctl.render.values import counted, size

_ASKED = 64
"""Columns of method and path; what is longer moves the rest of its line."""


def exchange_text(exchange: Exchange) -> str:
    """Method, path, status, milliseconds, and what the server calls the request."""
    status = "no answer" if exchange.status is None else str(exchange.status)
    text = f"{exchange.method} {exchange.path}".ljust(_ASKED)
    return defused(visible(f"{text} {status:>3} {_ms(exchange.seconds):>6,.0f} ms  {exchange.request_id or '-'}"))


def pause_text(pause: Pause) -> str:
    """How long nothing is sent, and why."""
    asked = " as it asks" if pause.asked else ""
    return defused(visible(f"waiting {pause.seconds:.1f} s{asked} before try {pause.attempt}: {pause.why}"))


def exchange_object(exchange: Exchange) -> Object:
    """The same for programs."""
    return {
        "method": exchange.method,
        "path": exchange.path,
        "status": exchange.status,
        "ms": round(_ms(exchange.seconds), 1),
        "request_id": exchange.request_id,
        "place": exchange.place,
        "sent_bytes": exchange.sent,
    }


def pause_object(pause: Pause) -> Object:
    """The same for programs."""
    return {
        "seconds": round(pause.seconds, 3),
        "attempt": pause.attempt,
        "why": pause.why,
        "code": pause.code,
        "asked": pause.asked,
    }


@dataclass
class Tally:
    """All requests of a run, added up as they pass."""

    requests: int = 0
    writes: int = 0
    unanswered: int = 0
    sent: int = 0
    slowest: Exchange | None = None
    waits: int = 0
    waited: float = 0.0

    def hear(self, what: Exchange | Pause) -> None:
        """One more."""
        if isinstance(what, Pause):
            self.waits += 1
            self.waited += what.seconds
            return
        self.requests += 1
        self.writes += what.writes
        self.unanswered += what.status is None
        self.sent += what.sent
        if self.slowest is None or what.seconds > self.slowest.seconds:
            self.slowest = what

    def text(self) -> str:
        """All of it in one line."""
        if self.slowest is None:
            return "No requests."
        parts = [f"{counted(self.requests, 'request')}, {self.writes:,} of them {_writes(self.writes)}"]
        if self.unanswered:
            parts.append(f"{self.unanswered:,} without an answer")
        parts.append(f"{size(self.sent)} sent")
        slowest = self.slowest
        parts.append(f"slowest {_ms(slowest.seconds):,.0f} ms ({slowest.method} {slowest.path})")
        if self.waits:
            parts.append(f"{counted(self.waits, 'wait')} of {self.waited:.1f} s in all")
        return defused(visible("; ".join(parts)))

    def object(self) -> Object:
        """The same for programs."""
        return {
            "requests": self.requests,
            "writes": self.writes,
            "unanswered": self.unanswered,
            "sent_bytes": self.sent,
            "slowest_ms": None if self.slowest is None else round(_ms(self.slowest.seconds), 1),
            "waits": self.waits,
            "waited_seconds": round(self.waited, 3),
        }


def _ms(seconds: float) -> float:
    return seconds * 1000


def _writes(number: int) -> str:
    return "a write" if number == 1 else "writes"
