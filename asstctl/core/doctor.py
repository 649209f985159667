"""Findings of `doctor`: what was looked at, how it stands, and the way on.

The workspace makes these values and `render` shows them. Each check says only what it looked at itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from asstctl.core.diagnostic import Where
from asstctl.core.exit_codes import ExitCode
from asstctl.core.origin import Setting
from asstctl.core.plan import TargetInfo

SETTINGS = "settings"
"""The check that speaks of settings; where it finds something odd, people want to see all of them."""


class Standing(StrEnum):
    """How something stands."""

    FINE = "fine"
    NOTE = "note"  # worth knowing, and nothing to do
    WARNING = "warning"  # fine today
    UNKNOWN = "unknown"  # nobody could look: the other side did not answer as it must
    WRONG = "wrong"


_URGENT = (Standing.WRONG, Standing.UNKNOWN, Standing.WARNING)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `summary` is one line, `detail` says more, `hint` is the way on."""

    check: str
    standing: Standing
    summary: str
    hint: str = ""
    detail: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """One target, what was found there, and how it is configured."""

    target: TargetInfo
    findings: tuple[Finding, ...]
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found of the project, and of each target that was looked at. `file` is the project file's path, or
    nothing."""

    project: str
    file: str
    findings: tuple[Finding, ...]
    targets: tuple[Examined, ...]
    settings: tuple[Setting, ...] = ()

    @property
    def every(self) -> Iterator[Finding]:
        """All findings."""
        yield from self.findings
        for one in self.targets:
            yield from one.findings

    @property
    def counts(self) -> Mapping[Standing, int]:
        """How many findings there are of each standing."""
        found = Counter(one.standing for one in self.every)
        return {standing: found[standing] for standing in Standing}

    @property
    def exit_code(self) -> ExitCode:
        """Failed where something is wrong, else inconclusive where nobody could look."""
        counts = self.counts
        if counts[Standing.WRONG]:
            return ExitCode.FAILED
        return ExitCode.INCONCLUSIVE if counts[Standing.UNKNOWN] else ExitCode.DONE


def urgent_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What has to be done first, then the rest as it was looked at."""
    every = tuple(findings)
    urgent = [one for standing in _URGENT for one in every if one.standing is standing]
    return (*urgent, *(one for one in every if one.standing not in _URGENT))


def are_settings_odd(findings: Iterable[Finding]) -> bool:
    """Whether something is to be said of settings beyond that they are fine."""
    return any(one.check == SETTINGS and one.standing is not Standing.FINE for one in findings)
