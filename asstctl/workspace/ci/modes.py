"""What sort of run this is, and with it what may be done in it. Pure."""

from enum import StrEnum

from asstctl.core.errors import Refused
from asstctl.core.forge import Event, Pipeline


class Mode(StrEnum):
    """What sort of run this is."""

    HERE = "here"  # no pipeline of a forge: a laptop, or a CI service that has none
    PROPOSED = "proposed"  # a pull request of this repository
    FORK = "fork"  # a pull request out of another repository: nothing of it is trusted
    PUSHED = "pushed"  # something was merged, or pushed, to a branch
    SCHEDULED = "scheduled"
    OTHER = "other"  # by hand, or for a reason that says nothing here


_MODES = {Event.PUSH: Mode.PUSHED, Event.SCHEDULE: Mode.SCHEDULED}


def mode_of(pipeline: Pipeline | None) -> Mode:
    """What sort of run this is. Raises Refused where nothing may be done in one of its sort."""
    if pipeline is None:
        return Mode.HERE
    if pipeline.forbidden:
        raise Refused(
            "nothing is done in a run of this sort",
            detail=pipeline.forbidden,
            hint="run the workflow on pull_request instead",
        )
    if pipeline.pull_request is not None:
        return Mode.FORK if pipeline.pull_request.fork else Mode.PROPOSED
    if pipeline.event is Event.PULL_REQUEST:
        # nobody says whose it is
        return Mode.FORK
    return _MODES.get(pipeline.event, Mode.OTHER)


def check_may_apply(mode: Mode) -> None:
    """Raises Refused where a target must not be changed: what a pull request holds is not agreed to."""
    if mode in (Mode.PROPOSED, Mode.FORK):
        raise Refused(
            "a pull request changes no target",
            detail="what it holds is agreed to once it is merged",
            hint="run ci apply on push to the branch that it goes into, and here: asstctl ci plan",
        )
