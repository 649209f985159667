"""The conversations of one run of pytest: when each is wanted, and what pytest is told of it.

All that were chosen are played at once, as soon as pytest begins with the first test of any kind. In a worker of
pytest-xdist nobody knows which come until they do, so each is wanted when it comes, with the one behind it; with --pdb
each waits for its turn.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asstctl.core.conversation import CaseResult
from asstctl.pytest_plugin.totals import totals_of

if TYPE_CHECKING:
    from asstctl.pytest_plugin.files import ConversationItem
    from asstctl.pytest_plugin.playing import Background, How, ProjectRun

_SESSION = "asstctl-conversations"


@dataclass(frozen=True, slots=True)
class Shown:
    """A result, and what is shown of it: properties, and for one that did not pass a line and a block."""

    result: CaseResult
    properties: Mapping[str, str]
    headline: str = ""
    text: str = ""
    no_skips: bool = False


def watch(config: pytest.Config) -> "Conversations":
    """See to the conversations of this run of pytest, from the first one on. Gives who does."""
    found = config.pluginmanager.get_plugin(_SESSION)
    if not isinstance(found, Conversations):
        found = Conversations(config)
        config.pluginmanager.register(found, _SESSION)
    return found


def how_of(root: Path, config: pytest.Config | None, **given: object) -> "How":
    """How conversations of a project are played. Raises UsageError for options that are not to be understood."""
    from asstctl.pytest_plugin.options import Chosen
    from asstctl.pytest_plugin.playing import How

    try:
        chosen = Chosen(config)
    except ValueError as problem:
        raise pytest.UsageError(str(problem)) from None
    beside = config.invocation_params.dir if config else Path.cwd()
    return How.chosen(root, chosen, beside, **given)  # type: ignore[arg-type]


def shown(result: CaseResult, how: "How") -> Shown:
    """What pytest shows of a result."""
    from asstctl.core.suite import SuiteResult
    from asstctl.render.failure import BAD, failure_text, flags_of
    from asstctl.render.junit import headline, properties_of
    from asstctl.workspace.conversations.partners import replies_of

    told = {"replies": "recorded" if result.recorded else replies_of(how.workspace)[0], **properties_of(result)}
    properties = {name: value for name, value in told.items() if value}
    if result.status not in BAD:
        reason = result.skipped or f"not run: {result.not_run or 'it was not begun'}"
        return Shown(result, properties, reason, f"{reason}\n", how.no_skips)
    testing = how.testing
    run = SuiteResult(
        (), how.workspace.info, "", True, mode=testing.mode, candidate=testing.candidate, deployed=testing.live
    )
    text = failure_text(result, run.target, flags_of(run))
    return Shown(result, properties, headline(result), text, how.no_skips)


class Conversations:
    """Watches one run of pytest that has conversations."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._worker: Mapping[str, object] | None = getattr(config, "workerinput", None)
        self._background: Background | None = None
        self._runs: dict[Path, ProjectRun] = {}
        self._results: dict[Path, dict[str, CaseResult]] = {}
        self._chosen: tuple[ConversationItem, ...] = ()

    @property
    def _one_by_one(self) -> bool:
        return bool(self._config.getoption("usepdb", False) or self._config.getoption("trace", False))

    def played(self, item: "ConversationItem") -> Shown:
        """How a conversation went, once it has ended. Raises what kept it from being played."""
        run = self._run_of(item)
        result = run.result(item.node)
        self._results.setdefault(item.place.root, {})[item.node] = result
        return shown(result, run.how)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """Nobody knows which conversations a file holds that cannot be read, so no -k and no -m leaves it out."""
        from asstctl.pytest_plugin.files import ConversationItem

        unread = [one for one in items if isinstance(one, ConversationItem) and not one.listed.sound]
        yield
        kept = set(items)
        items += [one for one in unread if one not in kept]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        from asstctl.pytest_plugin.files import ConversationItem

        self._chosen = tuple(item for item in session.items if isinstance(item, ConversationItem))
        option = session.config.option
        idle = option.collectonly or (session.testsfailed and not option.continue_on_collection_errors)
        if self._worker is None and not idle and not self._one_by_one:
            for item in self._chosen:
                self._run_of(item).want(item.node)
        return (yield)

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        from asstctl.pytest_plugin.files import ConversationItem

        if self._worker is not None and not self._one_by_one:
            for one in (item, nextitem):
                if isinstance(one, ConversationItem):
                    self._run_of(one).want(one.node)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """The time is that of the conversation, not how long pytest waited for it."""
        from asstctl.pytest_plugin.files import ConversationItem

        report = yield
        if isinstance(item, ConversationItem) and report.when == "call" and item.told is not None:
            report.duration = item.told.seconds
            if report.skipped and item.told.skipped:
                report.longrepr = (str(item.path), item.listed.line, f"Skipped: {item.told.skipped}")
        return report

    def pytest_sessionfinish(self) -> None:
        """What still goes on is broken off; threads, copies and stores are removed before this returns."""
        if self._background is None:
            return
        from asstctl.pytest_plugin.playing import close_all

        close_all(self._background, self._runs.values())
        self._background = None
        totals = totals_of(self._config)
        for root, run in self._runs.items():
            totals.add(run.how, run.suite, run.warnings, self._results.get(root, {}).values())
        if self._worker is not None:
            output: dict[str, object] = self._config.workeroutput  # type: ignore[attr-defined]  # pytest-xdist's
            output["asstctl"] = totals.written()

    def _run_of(self, item: "ConversationItem") -> "ProjectRun":
        from asstctl.pytest_plugin.playing import Background, ProjectRun

        root = item.place.root
        if root not in self._runs:
            if self._background is None:
                self._background = Background()
            workers = int(str(self._worker["workercount"])) if self._worker else 1
            # two processes that bring one local store up at once would each make what is not there
            how = how_of(root, self._config, in_memory=self._worker is not None, workers=workers)
            nodes = [one.node for one in self._chosen if one.place.root == root]
            self._runs[root] = ProjectRun(self._background, how, nodes)
        return self._runs[root]
