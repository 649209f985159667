"""Use case: make a project of what somebody saved of the Assistants API, or of a server that still speaks it.

It reads files, and sends GETs to a target that is named; it writes new files, all or none, and nothing on any
provider. What no file can say is reported.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from asstctl.core.address import Address
from asstctl.core.diagnostic import has_errors, in_reading_order
from asstctl.core.errors import InvalidInput, Refused, WrongUsage
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.mark import PAIRS
from asstctl.core.migration import Brought, Migrated, Prospect, Unbrought
from asstctl.core.ports import Provider
from asstctl.core.resource import Live
from asstctl.core.suggest import did_you_mean
from asstctl.documents.project_folder import PROJECT_FILE
from asstctl.engine.read import read
from asstctl.manifest.from_live import ACCOUNT, MOST_PAIRS, Origin, Written, write_manifests
from asstctl.manifest.limits import excesses
from asstctl.manifest.tool_words import Words
from asstctl.providers import PROVIDERS, capabilities
from asstctl.workspace.file_writing import write_all
from asstctl.workspace.migration.new_project import project_text
from asstctl.workspace.migration.place import Place, known_settings
from asstctl.workspace.migration.prospects import fates_of, search_name
from asstctl.workspace.migration.saved_assistants import SavedAssistant, assistants_in
from asstctl.workspace.migration.saved_files import read_saved
from asstctl.workspace.migration.saved_objects import ASSISTANT, objects_in
from asstctl.workspace.migration.saved_threads import SavedThread, threads_in
from asstctl.workspace.migration.thread_files import ThreadFiles
from asstctl.workspace.new_files import FOLDER, NewFiles, folder_for
from asstctl.workspace.our_folder import ignoring
from asstctl.workspace.plan import ownership_of
from asstctl.workspace.pull_all import account_notes, what_remains
from asstctl.workspace.workspace import Workspace

OLD = "assistants"
"""The provider whose extensions hold what saved objects have beyond the fields of a manifest."""

_KNOWLEDGE = """\
# The ids below are those of the old account: what was saved holds no bytes. Where the originals are yours, put them
# beside this file and declare them instead of the ids: `files:` under `code_interpreter`, and for `file_search`
# `vector_stores: [KEY]` with a `kind: vector_store` of that key.
"""

_OFFLINE = Origin(
    too_many=f"keep {MOST_PAIRS - PAIRS} at most where it was saved, say by putting several into one, "
    "and migrate it again",
    stays="it stays where it was saved",
    knowledge=_KNOWLEDGE,
)
_LIVE = replace(
    ACCOUNT,
    too_many="take some off the object, or put several into one, and run migrate again",
    knowledge=_KNOWLEDGE,
)

Telling = Callable[[Mapping[Address, Live], Mapping[Address, Mapping[str, str]]], Prospect | None]
"""What a provider makes of assistants; of each with the fields that its manifest leaves out, and why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read: `files` (and folders), and the target `source`; `to` is a target or a provider that the report is
    on. `into` is the project's folder, None for the project that the command is in. `report_only`: nothing is
    written."""

    files: tuple[Path, ...] = ()
    source: str = ""
    to: str = ""
    into: Path | None = None
    report_only: bool = False


async def migrate(workspace: Workspace, wanted: Wanted) -> Migrated:
    """Write a project, or more of one. Raises InvalidInput for files that cannot be read, all of them at once."""
    place = Place.of(workspace, wanted.source, wanted.into)
    telling = _telling(place, wanted.to)
    files = read_saved(wanted.files)
    saved = objects_in(files.values)
    assistants, more = assistants_in(saved.objects[ASSISTANT])
    if problems := [*files.problems, *saved.problems, *more]:
        raise InvalidInput(in_reading_order(problems), sends=False)
    migration = _Migration(place, wanted, telling, assistants, threads_in(saved), [*files.notes, *saved.notes])
    if not wanted.source:
        return await migration.carry_out(None)
    async with place.workspace.open() as provider:
        return await migration.carry_out(provider)


@dataclass
class _Migration:
    """One migration, on its way to files. `lives` are the assistants that are written, `addresses` all that are known,
    by id, and `left` the fields that manifests leave out, with why."""

    place: Place
    wanted: Wanted
    telling: Telling
    saved: list[SavedAssistant]
    threads: Sequence[SavedThread]
    notes: list[str]
    unbrought: list[Unbrought] = field(default_factory=list)
    lives: dict[Address, Live] = field(default_factory=dict)
    addresses: dict[str, Address] = field(default_factory=dict)
    left: dict[Address, dict[str, str]] = field(default_factory=dict)

    async def carry_out(self, provider: Provider | None) -> Migrated:
        """Find what there is, and write it."""
        live = await self._live(provider) if provider else Written()
        taken = {*self.place.addresses, *live.adopted, *self.addresses.values()}
        offline = self._written(self._kept({*live.adopted.values()}), OLD, taken, _OFFLINE)
        self.notes += _looks_secret(self.lives, self.left)
        prospect = self.telling(self.lives, self.left)
        files, folder = NewFiles(self.place.root), folder_for(self.place.project, FOLDER)
        if self.place.is_new:
            files.add(PROJECT_FILE, project_text(self.place.root, prospect))
            if ignore := ignoring(self.place.root):
                files.edits.append(ignore)
        elif prospect and prospect.target_lines:
            said = f"`{prospect.target}: {{{', '.join(one.strip() for one in prospect.target_lines[1:])}}}`"
            self.notes.append(f"{PROJECT_FILE} has no target {prospect.target} yet: add {said} to its `targets`")
        for made in (live, offline):
            files.add_all(folder, made.files)
        files.adopt(folder, self.wanted.source, live.adopted)
        toolless = frozenset(address for address, left in self.left.items() if "tools" in left)
        spoken = ThreadFiles(self.place, files, self.addresses, self.lives, toolless, self.unbrought, self.notes)
        threads = spoken.write(self.threads)
        found = Migrated(
            sources=(*map(str, self.wanted.files), *([self.wanted.source] if self.wanted.source else [])),
            edits=tuple(files.edits) if self.lives or threads else (),
            assistants=tuple(self._brought()),
            threads=threads,
            unbrought=tuple(self.unbrought),
            notes=tuple(self.notes),
            prospect=prospect,
            adopting=self.wanted.source,
            folder="" if self.wanted.into is None else str(self.wanted.into),
        )
        if not found.edits or self.wanted.report_only:
            return found
        return await self._write(found, provider, live)

    async def _live(self, provider: Provider) -> Written:
        """Manifests for the assistants of a target that bear no mark."""
        workspace = self.place.workspace
        reading = await read(provider.store, [ASSISTANT])
        ownership = ownership_of(workspace, provider, reading)
        self.addresses.update({one.live.id: address for address, one in ownership.owned.items()})
        waiting = set() if self.place.has_nothing else {one.id for one in workspace.loaded.decisions.adopt}
        names = {name: address for name, address in self.place.names.items() if address not in ownership.owned}
        foreign = [live for live in ownership.foreign if live.id not in waiting]
        self.notes += account_notes(workspace, ownership, foreign, names)
        kept = [live for live in foreign if live.name not in names]
        return self._written(kept, workspace.target.provider, {*self.place.addresses, *ownership.owned}, _LIVE)

    def _kept(self, live: set[str]) -> list[Live]:
        """The saved assistants that are to be written."""
        kept = []
        limits = capabilities(OLD).limits[ASSISTANT]
        for one in self.saved:
            shown, declared = one.id or one.place, self.place.declared(one.live) if one.id or one.live.name else None
            over = next(iter(excesses(_with_room(one.live), limits)), None)
            if one.id and one.id in live:
                self.notes.append(f"{one.id} is on {self.wanted.source} too, and is brought as it is there")
            elif declared is not None:
                self.addresses.setdefault(one.id, declared)
                has = "has its name" if one.live.name else "has the key that its id gives"
                reason = f"{declared} {has}, and is declared already"
                self.unbrought.append(Unbrought(shown, reason, f"to have it anew, remove {declared} and migrate again"))
            elif over is not None:
                reason = f"{over.summary}, and no server takes more than {over.taken.removeprefix('at most ')}"
                self.unbrought.append(Unbrought(shown, reason, f"{over.hint} in {one.place}, and migrate again"))
            else:
                kept.append(one.live)
        if marked := sum(one.marked for one in self.saved):
            self.notes.append(f"{marked} of the saved assistants bore a mark of this program, which is left out")
        return kept

    def _written(self, lives: Sequence[Live], provider: str, taken: Iterable[Address], origin: Origin) -> Written:
        origin = replace(origin, without_ids=self.place.without_ids)
        words = Words.of(capabilities(provider))
        made = write_manifests(lives, provider, taken, self.place.secrets, origin, words)
        by_id = {live.id: live for live in lives}
        for address, id in made.adopted.items():
            self.lives[address], self.addresses[id] = by_id[id], address
        shown = {one.live.id: one.id or one.place for one in self.saved}
        for one in made.left:
            if one.what in by_id:
                what = shown.get(one.what, one.what)
            else:
                what = f"{one.address}: {one.what}"
                self.left.setdefault(one.address, {})[one.what] = one.reason
            self.unbrought.append(Unbrought(what, one.reason, one.hint))
        return made

    def _brought(self) -> Iterator[Brought]:
        ids = {one.live.id: one.id for one in self.saved}
        for address, live in self.lives.items():
            yield Brought(address, ids.get(live.id, live.id), live.name)

    async def _write(self, found: Migrated, provider: Provider | None, live: Written) -> Migrated:
        root = self.place.root
        await asyncio.sleep(0)
        written = write_all(root, found.edits)
        try:
            fresh = replace(self.place.workspace, directory=root)
            _refuse_unsound(fresh)
            await asyncio.sleep(0)  # whoever interrupted the writing is heard only here, and has it undone
            again = await what_remains(fresh, provider, live) if provider else ()
        except BaseException:
            written.undo()
            raise
        return replace(found, written=True, again=again)


def _refuse_unsound(fresh: Workspace) -> None:
    """Raises Refused where the project would have errors: nothing is left of the files then."""
    from asstctl.workspace.conversations.loading import load_conversations

    loaded = fresh.loaded
    diagnostics = loaded.diagnostics
    if not has_errors(diagnostics):
        diagnostics = load_conversations(fresh, loaded)[1]
    if first := next((one for one in in_reading_order(diagnostics) if has_errors([one])), None):
        raise Refused(
            "what was saved would make files that are not valid",
            detail=f"{f'{first.where}: ' if first.where else ''}{first.summary}; nothing was written",
            hint="leave that object out, or mend it where it was saved",
        )


def _looks_secret(lives: Mapping[Address, Live], left: Mapping[Address, Mapping[str, str]]) -> Iterator[str]:
    """Sentences on what has the shape of a key. Nobody here knows its value, so that the files say it all the same."""
    from asstctl.conversation.tapes.secrets import Sieve

    sieve = Sieve(())
    for address, live in lives.items():
        said = {name: value for name, value in live.fields.items() if name not in left.get(address, {})}
        if leaks := sieve.leaks([said]):
            places = ", ".join(dict.fromkeys(f"{leak.path}: {leak.what}" for leak in leaks[:3]))
            yield f"{address} may hold a secret ({places}): take it out before its file goes anywhere"


def _with_room(live: Live) -> dict[str, Json]:
    """What limits are held against: of metadata that has no room for the mark more is to be said."""
    return {**live.fields, "metadata": dict([*live.metadata.items()][: MOST_PAIRS - PAIRS])}


def _telling(place: Place, to: str) -> Telling:
    """What tells what the target or the provider `to` makes of assistants. Raises WrongUsage."""
    if not to:
        return lambda lives, left: None
    target = None if place.is_new else place.project.targets.get(to)
    provider = target.provider if target else to
    if provider not in PROVIDERS:
        names = sorted({*PROVIDERS, *(() if place.is_new else place.project.targets)})
        raise WrongUsage(f"{to} is neither a target of the project nor a provider", hint=did_you_mean(to, names))
    wire = capabilities(provider)
    settings = {} if target else known_settings(provider)

    def told(lives: Mapping[Address, Live], left: Mapping[Address, Mapping[str, str]]) -> Prospect:
        search = search_name(lives.values())
        fates = {address: fates_of(live, to, wire, search, left.get(address, EMPTY)) for address, live in lives.items()}
        notes = (*wire.notes, *wire.instructions_notes)
        return Prospect(to, provider, wire.dialect, fates, notes, settings)

    return told
