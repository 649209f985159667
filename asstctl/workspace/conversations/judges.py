"""The judges of a project: which there are, opened for one run, and handed out for each playing.

Where tapes may answer, a judge is opened once something goes out to it: until then nobody needs its key.
"""

from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from asstctl.core.allowed import NAMES, check_key_host, how_to_read
from asstctl.core.errors import Refused
from asstctl.core.ports import Judge
from asstctl.core.tape import Deck
from asstctl.manifest.project import JudgeTarget, Project
from asstctl.providers.settings import JudgeSettings
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.providers.judge import JudgeServer


class Judges:
    """Those that conversations name: an async context manager, closed once."""

    def __init__(self, workspace: Workspace, named: Collection[str]) -> None:
        self._workspace = workspace
        self._named = frozenset(named)
        self._open: dict[str, JudgeServer] = {}
        self._recorded: dict[str, JudgeServer] = {}

    def of(self, deck: Deck | None = None, named: Collection[str] | None = None) -> Mapping[str, Judge]:
        """The judges of one playing, by name; with a deck, all that they are asked goes through it.

        Raises Refused for one that has to be asked and cannot be opened.
        """
        wanted = self._named if named is None else self._named.intersection(named)
        replays = deck is not None and deck.replays
        servers = {name: self._replayed(name) if replays else self.open(name) for name in sorted(wanted)}
        return {name: server.judge(deck) for name, server in servers.items()}

    def open(self, name: str) -> "JudgeServer":
        """The server of one. Raises Refused where its key is not set, or must not go to where the project file says."""
        from asstctl.providers.judge import open_judge

        if name not in self._open:
            judge = self._workspace.project.test.judges[name]
            _check(judge, self._workspace)
            told, traced = self._workspace.observer, self._workspace.tracer
            self._open[name] = open_judge(_settings_of(judge), observer=told, tracer=traced)
        return self._open[name]

    def _replayed(self, name: str) -> "JudgeServer":
        """One that answers from tapes alone and needs no key."""
        from asstctl.providers.judge import recorded_judge

        if name not in self._recorded:
            self._recorded[name] = recorded_judge(_settings_of(self._workspace.project.test.judges[name]))
        return self._recorded[name]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with AsyncExitStack() as stack:
            for server in (*self._open.values(), *self._recorded.values()):
                stack.push_async_callback(server.aclose)


def open_judges(workspace: Workspace, named: Collection[str], *, asked: Collection[str] | None = None) -> Judges:
    """Open those that conversations name (`judge_names.judges_named`). It sends nothing.

    `asked` are those that requests are known to go to, None: all of them; others are opened when that comes about.
    Raises Refused for one whose key is not set, or must not go to where the project file says.
    """
    judges = Judges(workspace, named)
    for name in sorted(named if asked is None else set(named).intersection(asked)):
        judges.open(name)
    return judges


def _settings_of(judge: JudgeTarget) -> JudgeSettings:
    """What a judge is opened with."""
    return JudgeSettings(
        judge.name,
        judge.base_url,
        judge.api_key.reveal() if judge.api_key else None,
        judge.model,
        judge.embedding_model,
        judge.timeout,
    )


def able_judges(project: Project) -> Mapping[str, frozenset[str]]:
    """The judges of a project, each with the kinds of model that it has, by their names in the project file."""
    return {
        name: frozenset(
            setting for setting, model in (("model", judge.model), ("embedding_model", judge.embedding_model)) if model
        )
        for name, judge in project.test.judges.items()
    }


def _check(judge: JudgeTarget, workspace: Workspace) -> None:
    env = judge.api_key_env
    if env and judge.api_key is None:
        needs = f"judge {judge.name} takes its key from "
        if env in workspace.project.withheld:
            detail = f"{needs}it, and {NAMES} does not name it"
            raise Refused(f"{env} counts as not set", detail=detail, hint=how_to_read(env))
        raise Refused(f"{env} is not set", detail=f"{needs}this environment variable", hint=f"export {env}=...")
    if judge.api_key:
        check_key_host(judge.base_url, workspace.environ)
