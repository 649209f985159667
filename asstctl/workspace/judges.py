"""The judges of a project: which there are, opened for one run, and handed out for each playing."""

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
    """Open judges: an async context manager, closed once."""

    def __init__(self, servers: "Mapping[str, JudgeServer]") -> None:
        self._servers = servers

    def of(self, deck: Deck | None = None) -> Mapping[str, Judge]:
        """The judges of one playing, by name; with a deck, all that they are asked goes through it."""
        return {name: server.judge(deck) for name, server in self._servers.items()}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with AsyncExitStack() as stack:
            for server in self._servers.values():
                stack.push_async_callback(server.aclose)


def open_judges(workspace: Workspace, named: Collection[str], *, asked: Collection[str] | None = None) -> Judges:
    """Open those that conversations name (`judge_names.judges_named`). It sends nothing.

    `asked` are those that requests may go to, None: all of them; the others answer from tapes alone and need no key.
    Raises Refused for one whose key is not set, or must not go to where the project file says.
    """
    if not named:
        return Judges({})
    from asstctl.providers.judge import open_judge, recorded_judge

    servers = {}
    for name in sorted(named):
        judge = workspace.project.test.judges[name]
        if asked is None or name in asked:
            _check(judge, workspace)
            servers[name] = open_judge(_settings_of(judge), observer=workspace.observer)
        else:
            servers[name] = recorded_judge(_settings_of(judge))
    return Judges(servers)


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
