"""Whether a run is to be traced, and who is told of it: by the environment alone, since a project must not decide that.

`ASSTCTL_TRACE=1` wants traces and fails without what they need, `ASSTCTL_TRACE=0` wants none. Where it is not set the
standard variables decide, which a machine may set for every program on it: then what is not installed is not missed.
"""

import sys
from collections.abc import Container, Mapping
from enum import Enum

from asstctl.core.errors import WrongUsage

SWITCH = "ASSTCTL_TRACE"
HOSTS = "ASSTCTL_TRACE_HOSTS"

_ON = frozenset({"1", "true", "yes", "on"})
_OFF = frozenset({"0", "false", "no", "off"})
_CONFIGURES = (
    "OTEL_TRACES_EXPORTER",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_PYTHON_TRACER_PROVIDER",
)
_LIBRARY = "opentelemetry.trace"


class Wish(Enum):
    """Whether traces are wanted."""

    NO = "no"
    IF_THERE = "if-there"  # where somebody in this process has set up who collects them
    IF_POSSIBLE = "if-possible"
    YES = "yes"


def wish(environ: Mapping[str, str], modules: Container[str] = sys.modules) -> Wish:
    """What the environment says, in a process that has loaded these modules. Raises WrongUsage where it says what it
    cannot."""
    typed = environ.get(SWITCH, "").strip().lower()
    if typed in _ON:
        return Wish.YES
    if typed in _OFF:
        return Wish.NO
    if typed:
        raise WrongUsage(f"{SWITCH} is neither 0 nor 1", detail=f"it is {typed!r}", hint=f"export {SWITCH}=1")
    if _is_off(environ):
        return Wish.NO
    if any(environ.get(name, "").strip() for name in _CONFIGURES):
        return Wish.IF_POSSIBLE
    # `opentelemetry-instrument` starts a program in its own process, where it has loaded the library
    return Wish.IF_THERE if _LIBRARY in modules else Wish.NO


def told_hosts(environ: Mapping[str, str]) -> frozenset[str]:
    """The hosts that are told, in a header, what trace a request is a part of; none unless they are named."""
    return frozenset(name for part in environ.get(HOSTS, "").split(",") if (name := part.strip().lower()))


def _is_off(environ: Mapping[str, str]) -> bool:
    return (
        environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        or environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none"
    )
