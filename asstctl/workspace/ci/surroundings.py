"""Surroundings: the runner that this process is in, if it is one of a forge, and what can be told to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from asstctl.core.allowed import NAMES
from asstctl.core.diagnostic import Diagnostic
from asstctl.core.errors import Refused
from asstctl.core.forge import Pipeline, PullRequest, ToRunner
from asstctl.core.pipeline import Place
from asstctl.core.ports import Forge, Observer
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.forges import FORGES, annotations, opener, outputs, pipeline_here, summary
from asstctl.workspace.ci.modes import Mode, mode_of
from asstctl.workspace.ci.trust import artifact_name
from asstctl.workspace.git import NoAnswer, ask_git


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around one `ci` command. `pipeline` is None where there is no runner of a forge: nobody is told anything
    then. `head` is what is checked out, as far as that is known. `observer` and `tracer` see what a forge is asked."""

    environ: Mapping[str, str]
    pipeline: Pipeline | None
    mode: Mode
    head: str
    observer: Observer | None = None
    tracer: Tracer = UNTRACED

    @property
    def pull_request(self) -> PullRequest | None:
        """The one that this run is for."""
        return self.pipeline.pull_request if self.pipeline else None

    def place(self, label: str, word: str = "plan") -> Place:
        """Where a report of this run comes from."""
        pull = self.pull_request
        run_url = self.pipeline.run_url if self.pipeline else ""
        return Place(label, pull.head if pull else self.head, pull.base if pull else "", run_url, kept_as(word, label))

    @property
    def comment_limit(self) -> int:
        """How many characters a comment may have."""
        return FORGES[self.pipeline.forge].comment_limit if self.pipeline else 0

    def open(self) -> Forge:
        """The forge: an async context manager. Raises Refused where there is no token."""
        assert self.pipeline is not None
        return opener(self.pipeline.forge)(self.pipeline, self.environ, observer=self.observer, tracer=self.tracer)

    def outputs(self, values: Mapping[str, str]) -> ToRunner:
        """How later steps are told values."""
        return outputs(self.pipeline.forge, self.environ, values) if self.pipeline else ToRunner()

    def summary(self, whole: str, fitting: str) -> ToRunner:
        """How the page of the run shows a text; `fitting` is a shorter one, where it is too long."""
        if self.pipeline is None:
            return ToRunner()
        fits = len(whole.encode()) <= FORGES[self.pipeline.forge].summary_limit
        return summary(self.pipeline.forge, self.environ, whole if fits else fitting)

    def annotations(self, diagnostics: Sequence[Diagnostic]) -> ToRunner:
        """How diagnostics are shown at lines of files of the repository."""
        return annotations(self.pipeline.forge, self.environ, diagnostics) if self.pipeline else ToRunner()


def surroundings_of(
    environ: Mapping[str, str], directory: Path, *, observer: Observer | None = None, tracer: Tracer = UNTRACED
) -> Surroundings:
    """What is around this process. Raises Refused where nothing may be done there."""
    pipeline = pipeline_here(environ)
    head = pipeline.commit if pipeline else _head(directory)
    return Surroundings(environ, pipeline, mode_of(pipeline), head, observer, tracer)


def readable_in(environ: Mapping[str, str], mode: Mode) -> Mapping[str, str]:
    """The environment as a project's files may read it in a pipeline: nothing that ASSTCTL_ALLOW_ENV does not name, and
    out of a fork nothing at all."""
    return {**environ, NAMES: ""} if mode is Mode.FORK else {NAMES: "", **environ}


def kept_as(word: str, label: str) -> str:
    """The name of the artifact in which a run leaves the files of a command. No label holds a dot, so that what others
    leave never takes the place of a plan."""
    return artifact_name(label) if word == "plan" else f"{artifact_name(label)}.{word}"


def folder_in_repository(root: Path) -> PurePosixPath:
    """Where a project lies in its repository."""
    top = next((one for one in (root, *root.parents) if (one / ".git").exists()), root)
    return PurePosixPath(root.relative_to(top).as_posix())


def check_label(label: str) -> str:
    """A label that may stand in names and in markers. Raises Refused."""
    if label.isascii() and label.replace("-", "").replace("_", "").isalnum() and len(label) <= LONGEST_LABEL:
        return label
    raise Refused(
        f"{label!r} cannot be a label",
        detail=f"labels are letters, digits, `-` and `_`, at most {LONGEST_LABEL} of them",
        hint="name another one with --label",
    )


LONGEST_LABEL = 64


def _head(directory: Path) -> str:
    """The commit that is checked out, as far as git knows one."""
    try:
        return ask_git(directory, "rev-parse", "HEAD").decode("ascii", "replace").strip()
    except NoAnswer:
        return ""
