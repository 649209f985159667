"""Carrying out one change: what must be there before its object is written, the object, and what follows.

    code files are uploaded -> the object is written -> what it no longer uses is deleted -> the files of a store

A store that is deleted is emptied of our uploads first, so that a run which is killed leaves nothing without a mark.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from asstctl.core import spans
from asstctl.core.address import Address
from asstctl.core.change import Action, Change
from asstctl.core.errors import AsstctlError, ProviderError, Refused
from asstctl.core.json_text import canonical
from asstctl.core.json_types import Json
from asstctl.core.knowledge import LocalFile
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.reference import FILE
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.engine.applying.filing import Filing, Known, empty
from asstctl.engine.applying.late import code_files_to_send, filled_in, left_over
from asstctl.engine.applying.progress import Outcomes
from asstctl.engine.applying.requests import Requests
from asstctl.engine.applying.uploads import Uploads
from asstctl.engine.applying.writes import Writer
from asstctl.engine.applying.written import Written, failed, unknown
from asstctl.engine.read import Reading


@dataclass(frozen=True, slots=True)
class Tracing:
    """Who sees each change as a span, and what the provider is called there."""

    tracer: Tracer = UNTRACED
    provider: str = ""


@dataclass
class Carrier:
    """Carries out the changes of one apply. `uploads` is None where the wire has no files; `root` is the folder
    that paths of code files begin at; `again` is the command that shows what is left to do."""

    writer: Writer
    requests: Requests
    outcomes: Outcomes
    reading: Reading
    root: Path
    again: str
    uploads: Uploads | None = None
    tracing: Tracing = field(default_factory=Tracing)
    _begun: dict[Address, float] = field(default_factory=dict)

    async def whole(self, change: Change) -> None:
        """Everything, to the end."""
        written = await self.object(change)
        await self.finish(change, written)

    async def object(self, change: Change) -> Written:
        """The object itself, with what has to be there before it. Raises nothing that a provider may cause."""
        begun = spans.change(change.address, change.action, self.tracing.provider, change.send.get("model"))
        with self.tracing.tracer.span(begun) as span:
            written = await self._object(change)
            span.note(spans.changed(change.address, written.status.value, written.remote_id))
            if written.status in (OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN):
                span.failed(written.status.value)
            return written

    async def _object(self, change: Change) -> Written:
        with self.requests.of(change.address):
            try:
                if change.late:
                    ready, fresh = await self._filled_in(change)
                else:
                    ready, fresh = change, ()
                if change.action is Action.DELETE and change.files and (stuck := await self._emptied(change)):
                    return stuck
                async with self.requests.place():
                    # looked at only now that its turn has come: much may have happened since the wave began
                    self._check(change)
                    written = replace(await self.writer.write(ready), uploads=fresh)
            except _NotStarted as reason:
                return Written(OutcomeStatus.SKIPPED, change.remote_id, detail=str(reason))
            except ProviderError as error:
                id = change.remote_id
                return unknown(id, error, self.again) if error.ambiguous else failed(error, id)
            except AsstctlError as error:
                return failed(error, change.remote_id)
            if written.status is OutcomeStatus.APPLIED:
                await self.discard(change, left_over(ready, self.reading.objects))
            return written

    async def finish(self, change: Change, written: Written) -> None:
        """The files of a store whose object is as it should be, and the outcome of it all."""
        if written.status is OutcomeStatus.APPLIED and change.files and change.action is not Action.DELETE:
            with self.requests.of(change.address), self.tracing.tracer.span(spans.filing(change.address)) as span:
                written = await self._filed(change, written)
                if written.status is not OutcomeStatus.APPLIED:
                    span.failed(written.status.value)
        self.say(change, written)

    def say(self, change: Change, written: Written) -> None:
        """The outcome as far as it is known."""
        started = self._begun.get(change.address)
        self.outcomes.end(change, written, 0.0 if started is None else self.requests.pace.clock() - started)

    async def discard(self, change: Change, ids: tuple[str, ...]) -> None:
        """Delete uploads of ours that nothing needs any more. Those that stay are said."""
        for id in ids if self.uploads else ():
            assert self.uploads is not None
            try:
                async with self.requests.place():
                    await self.uploads.discard(change.address, id)
            except AsstctlError as error:
                self.outcomes.warn(f"{change.address}: {id} is used no more and could not be deleted: {error}")

    def _check(self, change: Change) -> None:
        """Raises _NotStarted where the change must not be begun, or not be gone on with."""
        if reason := self.outcomes.why_not(change):
            raise _NotStarted(reason)
        self._begun.setdefault(change.address, self.requests.pace.clock())

    async def _filled_in(self, change: Change) -> tuple[Change, tuple[str, ...]]:
        """The change with every id in it, and what was uploaded for it."""
        self._check(change)
        placeholders = code_files_to_send(change)
        ids: dict[str, str] = {}
        fresh: list[str] = []

        async def send(placeholder: Mapping[str, Json], uploads: Uploads) -> None:
            file = _file(placeholder, self.root)
            told = partial(_told, self.outcomes, change.address, file)
            async with self.requests.place():
                self._check(change)
                id, made = await uploads.send(change.address, change.action, file, told=told)
            ids[canonical(placeholder)] = id
            if made:
                fresh.append(id)

        if placeholders:
            if self.uploads is None:
                raise Refused("this target takes no files", hint="leave tool_resources.code_interpreter away there")
            sending = [send(one, self.uploads) for one in placeholders if isinstance(one, Mapping)]
            ends = await asyncio.gather(*sending, return_exceptions=True)
            for end in ends:
                if end is not None:
                    raise end
        return filled_in(change, ids, self.outcomes.id_of, self.again), tuple(fresh)

    async def _emptied(self, change: Change) -> Written | None:
        """Delete the uploads that go with a store; its end where that did not work out."""
        if self.uploads is None:
            return None
        async with self.requests.place():
            self._check(change)
            stuck = await self.writer.check(change)
        if stuck:
            # one that is gone already is told by the delete itself
            return None if stuck.status is OutcomeStatus.SKIPPED else stuck
        ended = await empty(change, self.uploads.host, self.uploads, self._known(change.remote_id))
        return replace(ended, hint=ended.hint or self.again) if ended else None

    async def _filed(self, change: Change, written: Written) -> Written:
        if self.uploads is None or written.remote_id is None:
            return replace(written, status=OutcomeStatus.FAILED, detail="this target takes no files")
        filing = Filing(
            change,
            written.remote_id,
            self.uploads.host,
            self.uploads,
            hears=partial(self.outcomes.sent, change.address),
            made=change.action is Action.CREATE,
            known=self._known(written.remote_id),
            wrote=change.writes_object,
        )
        ended = await filing.carry_out()
        return replace(ended, hint=ended.hint or self.again, warnings=written.warnings) if ended else written

    def _known(self, store: str | None) -> Known | None:
        files = self.reading.files.get(store or "")
        return None if files is None else (files, self.reading.at)


class _NotStarted(Exception):
    """Why a change is not begun."""


def _file(placeholder: Mapping[str, Json], root: Path) -> LocalFile:
    """The file of the project that a placeholder stands for."""
    path, sha256, size = (placeholder.get(key) for key in (FILE, "sha256", "bytes"))
    assert isinstance(path, str)
    assert isinstance(sha256, str)
    assert isinstance(size, int)
    return LocalFile(path, size, sha256, root / path)


def _told(outcomes: Outcomes, address: Address, file: LocalFile, sent: int) -> None:
    outcomes.sent(address, file.path, sent, file.bytes)
