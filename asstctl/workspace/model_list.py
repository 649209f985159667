"""The models of a target's account, as it was last told, for a day.

    .asstctl/models/TARGET.json     {"schema": "asstctl/models/v1", "url", "asked", "models": {NAME: DAY | null}}

A plan asks for them beside its listing, and not again for a day, whatever came of it: `models` is null where no answer
came. A file that cannot be read, or that is of another address, is none; where none can be written nobody is asked.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from asstctl.core.errors import AsstctlError
from asstctl.core.json_text import json_text, read_json
from asstctl.core.models import Offered
from asstctl.core.ports import Provider
from asstctl.documents.paths import OUR_FOLDER
from asstctl.documents.private import make_private
from asstctl.documents.source import read_plain
from asstctl.documents.whole_files import write_whole
from asstctl.workspace.workspace import Workspace

SCHEMA = "asstctl/models/v1"
KEPT = timedelta(days=1)
PATIENCE = 0.5
"""Seconds that an answer may take beyond what it was asked beside."""

_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was told less than a day ago; `offered` is None where nothing was."""

    offered: Offered | None


class Beside:
    """What is known once that with which it was asked is done."""

    def __init__(self, offered: Offered | None = None, pending: "asyncio.Task[Offered] | None" = None) -> None:
        self._offered = offered
        self._pending = pending

    async def offered(self) -> Offered | None:
        """The models of the account; None where they are not known, for whatever reason."""
        if self._pending is not None:
            # an answer that comes too late, or is none, is no news of a plan
            with suppress(AsstctlError, TimeoutError):
                self._offered = await asyncio.wait_for(self._pending, PATIENCE)
            self._pending = None
        return self._offered


@asynccontextmanager
async def asked_beside(workspace: Workspace, provider: Provider) -> AsyncIterator[Beside]:
    """Ask a provider that can tell for its models, unless it was asked within a day, while something else goes on."""
    models, known = provider.models, remembered(workspace)
    if models is None or known is not None or not remember(workspace, None):
        yield Beside(known.offered if known else None)
        return

    async def ask() -> Offered:
        told = await models.offered()
        remember(workspace, told)
        return told

    pending = asyncio.create_task(ask())
    try:
        yield Beside(pending=pending)
    finally:
        pending.cancel()
        await asyncio.wait([pending])
        if not pending.cancelled():
            pending.exception()  # looked at, so that asyncio does not complain


def remembered(workspace: Workspace) -> Remembered | None:
    """What the account of the target told last, if that is less than a day ago."""
    try:
        document = read_json(read_plain(_file(workspace), _LARGEST, links=False))
        if document["schema"] != SCHEMA or document["url"] != workspace.url:
            return None
        age = workspace.now() - datetime.fromisoformat(document["asked"])
        if not timedelta() <= age < KEPT:
            return None
        told = document["models"]
        return Remembered(told if told is None else {str(name): _day(day) for name, day in told.items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def remember(workspace: Workspace, offered: Offered | None) -> bool:
    """Write down what was told, and that it was asked; whether that could be done."""
    file = _file(workspace)
    models = None if offered is None else {name: day and day.isoformat() for name, day in sorted(offered.items())}
    asked = workspace.now().isoformat(timespec="seconds")
    text = json_text({"schema": SCHEMA, "url": workspace.url, "asked": asked, "models": models})
    try:
        make_private(file.parent.parent)
        make_private(file.parent)
        write_whole(file, f"{text}\n".encode())
    except (OSError, AsstctlError):
        return False
    return True


def _file(workspace: Workspace) -> Path:
    return workspace.project.root / OUR_FOLDER / "models" / f"{workspace.target.name}.json"


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
