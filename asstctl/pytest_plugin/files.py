"""Collection: a file of conversations, and an item for each of them and each cell of its matrix.

Only the file itself is read, and only for names: what else is wrong with it fails its items, once they are played.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from asstctl.conversation.reading.listing import Listed, listed
from asstctl.core.conversation import CaseResult, Status
from asstctl.pytest_plugin.failures import NotPassed, longrepr, text_of
from asstctl.pytest_plugin.projects import Place, Projects
from asstctl.pytest_plugin.session import watch

_TAKEN = frozenset({"skip", "skipif", "xfail", "parametrize", "usefixtures", "filterwarnings"})
"""Marks that mean something to pytest itself."""

_PROJECTS = pytest.StashKey[Projects]()


def collected(file: Path, parent: pytest.Collector) -> "ConversationFile | None":
    """The file as a collector; None where it belongs to no project."""
    config = parent.config
    projects = config.stash.setdefault(_PROJECTS, Projects((config.invocation_params.dir, config.rootpath)))
    place = projects.place(file)
    if place is None:
        return None
    made: ConversationFile = ConversationFile.from_parent(parent, path=file, place=place)
    return made


class ConversationFile(pytest.File):
    """A `*.convo.yaml` of a project."""

    def __init__(self, *, place: Place, **given: Any) -> None:
        super().__init__(**given)
        self.place = place

    def collect(self) -> Iterable["ConversationItem"]:
        watch(self.config)
        for one in listed(self.path):
            # written whole, so that pytest finds the cell in it again, as --lf does
            node = f"{self.nodeid}::{one.id}"
            item: ConversationItem = ConversationItem.from_parent(self, name=one.id, nodeid=node, listed=one)
            yield item


class ConversationItem(pytest.Item):
    """One conversation, with all its repeats."""

    told: CaseResult | None = None
    """How it ended, once it did."""

    def __init__(self, *, listed: Listed, parent: ConversationFile, **given: Any) -> None:
        super().__init__(parent=parent, **given)
        self.place = parent.place
        self.listed = listed
        for tag in listed.tags:
            self.add_marker(_marker(tag, self.config))
        self.extra_keyword_matches.update(filter(None, (listed.assistant, listed.name, *listed.tags)))

    @property
    def node(self) -> str:
        """What `asstctl test` calls it."""
        return f"{self.place.path}::{self.listed.id}"

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.listed.line - 1, self.listed.id

    def runtest(self) -> None:
        try:
            played = watch(self.config).played(self)
        except KeyboardInterrupt:
            # where our own thread was waiting says nothing to anybody
            pytest.exit("interrupted")
        self.told = played.result
        self.user_properties = [*played.properties.items()]
        if played.result.status is Status.SKIPPED and not played.no_skips:
            pytest.skip(played.result.skipped)
        if played.result.status is not Status.PASSED:
            raise NotPassed(played.headline, played.text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if text := text_of(excinfo.value):
            return longrepr(str(self.path), self.listed.line, *text)
        return super().repr_failure(excinfo, style)


def _marker(tag: str, config: pytest.Config) -> str:
    """The mark for a tag, which is known to pytest from here on, so that --strict-markers finds nothing to say."""
    name = re.sub(r"\W", "_", tag)
    if name in _TAKEN or not name[:1].isalpha():
        name = f"tag_{name}"
    if not any(line.partition(":")[0].partition("(")[0].strip() == name for line in config.getini("markers")):
        config.addinivalue_line("markers", f"{name}: a tag of conversations")
    return name
