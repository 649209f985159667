"""Whatever the files become, whatever others do and whatever the network loses: the account ends as the files say.

On the embedded server, with real uploads and real processing.
"""

import asyncio
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from asstctl.core.exit_codes import ExitCode
from asstctl.core.knowledge import StoreFile, attributes_for
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.resource import Desired
from asstctl.engine.planning.resolve import CODE_FILES, CODE_KEY, items_of
from tests.engine.fakes import wanted, wanted_store
from tests.knowledge.account import BAD, CUT, Project, project

TOOLS = [{"type": "file_search"}, {"type": "code_interpreter"}]
PATHS = ("docs/a.md", "docs/b.md", "docs/more/a.md")
"""Two of them have one name."""

# two of them are of one length, so that a listing cannot tell their uploads apart
GOOD = (b"Apples are red.", b"Apples are not", b"Pears are green")

ENTRIES = st.dictionaries(
    st.sampled_from(PATHS),
    st.tuples(
        st.sampled_from([*GOOD, BAD]), st.sampled_from([{}, {"lang": "en"}, {"n": 1.0}]), st.sampled_from([None, CUT])
    ),
)
STORES = st.dictionaries(st.sampled_from(["handbook", "manual"]), ENTRIES, min_size=1)
CODE = st.dictionaries(st.sampled_from(["data/x.csv", "data/y.csv"]), st.sampled_from([b"a,b\n", b"c,d\n"]))
OTHERS = st.lists(
    st.sampled_from(["foreign", "same name", "detach", "delete", "strip", "copy", "add code", "take code"]), max_size=3
)
FAULTS = st.lists(st.sampled_from([None, None, "refuse", "lose", "lose", "limit"]), max_size=30)
STEPS = st.lists(st.tuples(STORES, CODE, st.booleans(), OTHERS, st.one_of(st.just([]), FAULTS)), min_size=1, max_size=4)

Entries = Mapping[str, tuple[bytes, Mapping[str, Any], Any]]


@dataclass
class History:
    """What has happened on one account. `foreign` are the files that others put into stores, by (store, id), and
    `theirs` the uploads that are not ours, or that others took out of our hands (`never_ours`: the former alone);
    `doubtful` says that an answer was lost."""

    of: Project
    foreign: set[tuple[str, str]] = field(default_factory=set)
    theirs: set[str] = field(default_factory=set)
    never_ours: set[str] = field(default_factory=set)
    doubtful: bool = False

    def declared(self, stores: Mapping[str, Entries], code: Mapping[str, bytes], *, raw: bool) -> list[Desired]:
        made = []
        for key, entries in sorted(stores.items()):
            files = []
            for path, (content, attributes, chunking) in entries.items():
                # each store has a folder of its own: contents differ
                files.append(self.of.knowledge(f"{key}/{path}", content, chunking=chunking, **attributes))
            made.append(wanted_store(key, files=files))
        local: list[Any] = [self.of.file(path, content) for path, content in code.items()]
        local += sorted(self.never_ours)[:1] if raw else []
        return [*made, wanted(stores=[min(stores)], code=local, tools=TOOLS)]

    async def stores(self) -> dict[str, tuple[StoreFile, ...]]:
        lives = (await self.of.their.store.list("vector_store")).objects
        return {live.id: await self.of.stored(live.id) for live in lives}

    async def code(self) -> list[str]:
        lives = (await self.of.their.store.list("assistant")).objects
        return [str(id) for live in lives for id in items_of(live.fields.get(CODE_FILES), CODE_KEY)]

    async def meddle(self, acts: Iterable[str]) -> None:
        """What others do between two applies."""
        of, files = self.of, self.of.their.files
        assert files is not None
        for act in acts:
            stores = await self.stores()
            ours = [(store, file) for store, those in stores.items() for file in those if file.path]
            if not stores:
                return
            store = min(stores)
            match act:
                case "foreign" | "same name":
                    name, content = ("theirs.txt", b"Not ours.") if act == "foreign" else ("a.md", GOOD[0])
                    id = await of.put(store, name, content)
                    self.foreign.add((store, id))
                    self.theirs.add(id)
                    self.never_ours.add(id)
                case "detach" if ours:
                    await files.detach(ours[0][0], ours[0][1].id)
                    self.theirs.add(ours[0][1].id)
                case "delete" if ours:
                    await files.delete(ours[-1][1].id)
                case "strip" if ours:
                    await files.relabel(ours[0][0], ours[0][1].id, {"was": "ours"})
                    self.foreign.add((ours[0][0], ours[0][1].id))
                    self.theirs.add(ours[0][1].id)
                case "copy" if ours and ours[0][1].status == "completed":
                    id = await of.put(ours[0][0], "copy.md", await of.content(ours[0][1].id))
                    await files.relabel(ours[0][0], id, ours[0][1].attributes)
                case "add code" | "take code":
                    await self._meddle_with_code(act)

    async def _meddle_with_code(self, act: str) -> None:
        of = self.of
        for live in (await of.their.store.list("assistant")).objects:
            held = items_of(live.fields.get(CODE_FILES), CODE_KEY)
            new = await of.put_upload("c.csv", b"a,b\n") if act == "add code" else None
            self.theirs.update([*([new] if new else []), *map(str, held if not new else ())])
            ids = [*held, new] if new else held[1:]
            await of.their.store.update("assistant", live.id, {CODE_FILES: {CODE_KEY: ids}, "metadata": live.metadata})

    async def step(self, desired: Sequence[Desired], faults: list[str | None]) -> None:
        """Apply until it is done, and look whether that is what was declared."""
        of = self.of
        needed = await self._needed(desired)
        of.wire.forget()
        self.doubtful = self.doubtful or bool({"lose", "refuse"} & {*faults})
        plan, reading = await of.plan(desired)
        of.wire.faults[:] = faults
        report = await of.carry_out(plan, reading)
        if not faults:
            assert of.wire.counted["POST files"] <= needed, (of.wire.counted, needed)
        of.wire.faults.clear()
        bad = {one.file.path for each in desired for one in each.files or () if one.file.source.read_bytes() == BAD}
        for _ in range(4):
            if report.exit_code is ExitCode.DONE and not (await of.plan(desired))[0].pending:
                break
            report = await of.apply(desired)
        if not bad:
            assert report.exit_code is ExitCode.DONE, report
            await of.settled(desired)
        else:
            assert report.exit_code is ExitCode.FAILED
            said = " ".join(outcome.detail for outcome in report.outcomes if outcome.status is OutcomeStatus.FAILED)
            assert all(path in said for path in bad)
            plan, _ = await of.plan(desired)
            assert {file.path for change in plan.pending for file in change.files} == bad
        await self.check(desired, bad)

    async def _needed(self, desired: Sequence[Desired]) -> int:
        """How many files the account does not hold yet as they are declared. Those of an assistant whose list others
        have changed may all have to be sent again."""
        needed = 0
        plan, _ = await self.of.plan(desired)
        stores = await self.stores()
        for change in plan.changes:
            for each in desired:
                if each.address != change.address or each.files is None:
                    continue
                held = {
                    (file.path, file.attributes.get("asstctl_sha256"))
                    for file in stores.get(change.remote_id or "", ())
                    if file.status in ("completed", "in_progress")
                }
                needed += sum((one.file.path, one.file.sha256) not in held for one in each.files)
        (assistant,) = (each for each in desired if each.address.kind == "assistant")
        files = items_of(assistant.fields.get(CODE_FILES), CODE_KEY)
        change = next(change for change in plan.changes if change.address == assistant.address)
        unchanged = change.remote_id and all(one.name != CODE_FILES for one in change.fields)
        return needed + (0 if unchanged else sum(not isinstance(one, str) for one in files))

    async def check(self, desired: Sequence[Desired], bad: set[str]) -> None:
        of = self.of
        stores, uploads, code = await self.stores(), await of.uploads(), await self.code()
        for store, id in self.foreign:
            assert id in {file.id for file in stores[store]}
        assert self.theirs & uploads.keys() >= {id for _, id in self.foreign}
        lives = {live.metadata["asstctl_key"]: live.id for live in (await of.their.store.list("vector_store")).objects}
        for each in desired:
            if each.files is None:
                continue
            ours = [file for file in stores[lives[str(each.address)]] if file.path]
            declared = {one.file.path: one for one in each.files}
            usable = [file for file in ours if file.status == "completed"]
            assert {file.path for file in ours} == declared.keys()
            good = [file.path for file in usable if file.path not in bad]
            assert sorted(map(str, good)) == sorted(declared.keys() - bad)
            # of what cannot be processed, one try at most is left
            assert len(ours) - len(usable) <= len(declared.keys() & bad)
            for file in usable:
                assert file.path is not None
                if file.path not in bad:
                    assert await of.content(file.id) == declared[file.path].file.source.read_bytes()
                    assert dict(file.attributes) == attributes_for(declared[file.path])
        (assistant,) = (each for each in desired if each.address.kind == "assistant")
        items = items_of(assistant.fields.get(CODE_FILES), CODE_KEY)
        # what needs a store with a file that cannot be processed is not written, and a list that was never declared
        # is nobody's business
        if items and not bad:
            paths = [of.root / one["$file"] for one in items if isinstance(one, Mapping)]
            raw = {one for one in items if isinstance(one, str)}
            assert raw <= {*code}
            contents = sorted([await of.content(id) for id in code if id not in raw])
            assert contents == sorted(path.read_bytes() for path in paths)
        attached = {file.id for files in stores.values() for file in files}
        left = uploads.keys() - attached - {*code} - self.theirs
        assert not left or self.doubtful, {id: uploads[id].name for id in left}


async def play(root: Path, steps: Sequence[Any]) -> None:
    async with project(root) as of:
        of.everything = True
        history = History(of)
        for stores, code, raw, others, faults in steps:
            await history.meddle(others)
            await history.step(history.declared(stores, code, raw=raw), list(faults))


def whatever(steps: Sequence[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder), steps))


# a history is played for real, so that shrinking one takes minutes
PLAYED = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@settings(PLAYED, max_examples=12)
@given(STEPS)
def test_whatever_happens_the_account_ends_as_the_files_say(steps: Sequence[Any]) -> None:
    whatever(steps)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(PLAYED, max_examples=400)
@given(STEPS)
def test_it_does_after_hundreds_of_histories(steps: Sequence[Any]) -> None:
    whatever(steps)
