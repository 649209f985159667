"""Tapes: those that `test --replay` would refuse, and those that no conversation needs. Nothing is sent."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from asstctl.core.doctor import Finding, Standing
from asstctl.core.errors import AsstctlError, Refused, TapeMissing, TapeStale
from asstctl.render.values import counted
from asstctl.workspace.conversations.partners import replies_of
from asstctl.workspace.conversations.tape_files import tape_path, unused_tapes
from asstctl.workspace.conversations.tapes import ProjectTapes
from asstctl.workspace.doctor.patient import Patient

if TYPE_CHECKING:
    from asstctl.conversation.case import Case

NAME = "tapes"


async def check(patient: Patient) -> Iterable[Finding]:
    """A finding for each conversation whose tapes are of no use, else one for those that fit.

    A tape belongs to the target that it was recorded on. What no target can be told of, and what nobody needs, is said
    once: of the default target.
    """
    workspace = patient.workspace
    if not patient.is_clear or not patient.cases:
        return []
    is_default = workspace.info.default
    tapes = ProjectTapes(workspace, "replay", replies=replies_of(workspace))
    fit, found = 0, list[Finding]()
    for case in patient.cases:
        refused: AsstctlError | None = None
        for repeat in _recorded(tapes, case):
            try:
                target = tapes.recorded_on(case, repeat)
                if target == workspace.target.name or (is_default and target not in workspace.project.targets):
                    tapes.check(case, repeat)
                    fit += 1
            except TapeStale as error:
                refused = refused or error
            except (TapeMissing, Refused) as error:
                refused = refused or (error if is_default else None)
        if refused:
            summary = f"{case.node}: {refused.summary}"
            found.append(Finding(NAME, Standing.WARNING, summary, _hint(refused), refused.detail, case.where))
    if is_default:
        found += _unused(patient)
    if not found and fit:
        found.append(Finding(NAME, Standing.FINE, f"{counted(fit, 'tape')} fit{'s' * (fit == 1)} what the files say"))
    return found


def _recorded(tapes: ProjectTapes, case: "Case") -> Iterator[int]:
    """The playings of a conversation that have a tape, as far as they are played by default."""
    lacking = set(tapes.lacking([case], case.repeat.runs))
    return (repeat for repeat in range(1, case.repeat.runs + 1) if tape_path(case, repeat) not in lacking)


def _unused(patient: Patient) -> Iterator[Finding]:
    if unused := unused_tapes(patient.workspace, patient.cases):
        which = "a tape is" if len(unused) == 1 else f"{len(unused)} tapes are"
        hint = f"Remove what nobody needs: git rm {unused[0]}"
        yield Finding(NAME, Standing.WARNING, f"{which} of no conversation any more", hint, ", ".join(unused))


def _hint(error: AsstctlError) -> str:
    return f"{error.hint[:1].upper()}{error.hint[1:]}"
