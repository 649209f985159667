"""Forge: what the host of a repository knows of a pull request, and of the pipeline that this process is part of.

GitHub is one, GitLab another. `forges` reads these values from the runner's environment and from the forge's API;
what follows from them is decided in `workspace.ci`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from asstctl.core.json_types import EMPTY


class Event(StrEnum):
    """What set a pipeline going."""

    PULL_REQUEST = "pull_request"
    PUSH = "push"
    SCHEDULE = "schedule"
    MANUAL = "manual"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as it was when somebody asked. `head` is its last commit, `base` the one of the branch
    `base_branch` that it goes into. `fork`: its branch is in another repository. `merged_as` is the commit that its
    merge made, None before.
    """

    number: int
    head: str
    base: str
    base_branch: str
    fork: bool = False
    merged_as: str | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What the runner says of this run. `forge` is a key of `forges.FORGES`; `repository` is `OWNER/NAME`, or a path of
    groups; `run` the run's id, `run_url` where a person reads it; `commit` what is checked out, `branch` the branch
    that was pushed to, or nothing. `forbidden` is why nothing may be done in a run of this sort, or nothing.
    """

    forge: str
    event: Event
    repository: str
    run: str
    run_url: str
    commit: str
    branch: str = ""
    pull_request: PullRequest | None = None
    forbidden: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """An approval of a pull request that stands: by whom, and of which commit ("" where the forge does not say)."""

    author: str
    commit: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that this program may edit: it bears one of our markers, and its author is who we are."""

    id: str
    body: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a run left, as the forge vouches for it: no other run could have left it in its name."""

    id: str
    name: str
    run: str
    head: str


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """One run, as the forge tells it. `files` are the paths, within this repository, of what said what it does: its
    workflow file, and the workflows and folders of actions of this repository that it calls or could call. `bases` are
    the branches that its head may have been merged with, for try, before they were read, "" one that nobody can name.
    `fork`: it ran for a branch of another repository.
    """

    id: str
    event: str
    head: str
    files: tuple[str, ...]
    bases: tuple[str, ...] = ()
    fork: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Versions:
    """What some paths hold at two commits: a digest for each, None for one that is not there."""

    there: Mapping[str, str | None] = field(default_factory=lambda: EMPTY)
    base: Mapping[str, str | None] = field(default_factory=lambda: EMPTY)

    @property
    def differing(self) -> tuple[str, ...]:
        """The paths that are not the same."""
        return tuple(path for path in self.there if self.there[path] != self.base.get(path))


@dataclass(frozen=True, slots=True)
class Written:
    """A text for a file that a runner reads. A relative `path` is within the folder of what a command leaves; `add`: it
    goes to the end of what is there."""

    path: str
    text: str
    add: bool = False


@dataclass(frozen=True, slots=True)
class ToRunner:
    """How something is said to a runner: texts for files, and lines for its standard output. `notes` tell people what
    it does not take."""

    files: tuple[Written, ...] = ()
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
