"""The pytest plugin: conversations as test items, and as cases of test functions.

This module is what every run of pytest loads where asstctl is installed, so it loads nothing of ours but the table of
options: `files` is imported by the first `*.convo.yaml`, and all that plays conversations (`playing`) when one is
played. How a conversation is played is for the same use case as in `asstctl test`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from asstctl.pytest_plugin.options import OPTIONS

if TYPE_CHECKING:
    from asstctl.core.conversation import CaseResult
    from asstctl.pytest_plugin.functions import Conversation

__all__ = ["conversations", "run_conversation"]

F = TypeVar("F", bound=Callable[..., Any])

SUFFIX = ".convo.yaml"


_running: list[pytest.Config] = []
"""The runs of pytest in this process; the last one is what test functions run in."""


def pytest_configure(config: pytest.Config) -> None:
    _running.append(config)
    # pytest rewrites every module of a package that has a plugin, so that its asserts explain themselves. Ours are
    # nobody's tests, and as they are they load in a third of the time.
    marked = getattr(getattr(config.pluginmanager, "rewrite_hook", None), "_must_rewrite", None)
    if isinstance(marked, set):
        marked.discard("asstctl")


def pytest_unconfigure(config: pytest.Config) -> None:
    _running.remove(config)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "asstctl", "Collect the conversations (*.convo.yaml) of projects of asstctl.", type="bool", default=True
    )
    group = parser.getgroup("asstctl", "conversations (asstctl)")
    for option in OPTIONS:
        option.add_to(parser, group)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if not file_path.name.endswith(SUFFIX) or not parent.config.getini("asstctl"):
        return None
    from asstctl.pytest_plugin.files import collected

    return collected(file_path, parent)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker of pytest-xdist has ended: what it has to say of its conversations is said by the process above it."""
    if told := getattr(node, "workeroutput", {}).get("asstctl"):
        from asstctl.pytest_plugin.totals import totals_of

        totals_of(node.config).read(told)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    from sys import modules

    if "asstctl.pytest_plugin.totals" in modules:
        from asstctl.pytest_plugin.totals import totals_of

        totals_of(config).show(terminalreporter)


def conversations(file: str | Path) -> Callable[[F], F]:
    """Call a test function once for each conversation of a file, which it gets as `conversation`.

    The file is looked for beside the test. What the function does with it is its own affair; `run_conversation` plays
    it.
    """
    from asstctl.pytest_plugin.functions import parametrized

    def decorate(function: F) -> F:
        return parametrized(function, file, _running[-1] if _running else None)

    return decorate


def run_conversation(conversation: "Conversation", variables: Mapping[str, object] | None = None) -> "CaseResult":
    """Play a conversation, with variables over those of its project and its file, and return how it went.

    One that is skipped skips the test; one that does not pass fails it, with the text of `asstctl test`.
    """
    __tracebackhide__ = True
    from asstctl.pytest_plugin.functions import played

    return played(conversation, variables or {}, _running[-1] if _running else None)
