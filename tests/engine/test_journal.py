"""The journal on disk: there before the write goes on, private, and readable after any end."""

import asyncio
import os
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.change import Action
from asstctl.core.errors import AnswerLost, AsstctlError, Rejected, StoreError, WrongUsage
from asstctl.core.exit_codes import ExitCode
from asstctl.core.journal import Begun, Ended, Header, Record
from asstctl.engine.runs.journal import Journal, clear, new_run, prepare
from asstctl.engine.runs.journals import find, path_of, read_run, records_with_files, runs
from tests.engine.fake_files import knowledge, local_file
from tests.engine.fakes import Fault, World, address, knowing, wanted, wanted_store
from tests.engine.worlds import APPLIED, FAILED, GUAGUA, UNKNOWN

pytestmark = pytest.mark.anyio

RUN = "20261122-163000-k3x9"
SALES = local_file("data/sales.csv", "a,b")


def header(run: str = RUN) -> Header:
    return Header(
        run, "apply", "prod", "agiclass", "openai", "api.example", "1a2b3c4", "2026-11-22T16:30:00+00:00", "1"
    )


def journal(folder: Path, run: str = RUN) -> Journal:
    return Journal(folder / ".asstctl" / "journal", header(run))


def written(folder: Path, run: str = RUN) -> Record:
    return read_run(folder / ".asstctl" / "journal", run)


async def test_what_was_written_down_is_read_back(tmp_path: Path) -> None:
    """Every word of it, the strange ones too."""
    file = {"step": "upload", "path": "docs/瓜\ud800\n.md", "sha256": "ab", "bytes": 5, "store": "vs_1"}
    one = journal(tmp_path)
    first = await one.begin(address("guagua"), Action.UPDATE, remote_id="a", before={"n": 1.5}, sent={"m": None})
    second = await one.begin(address("guagua"), Action.CREATE, sent={"x": "y"}, nonce="N0nce123", file=file)
    await one.end(second, UNKNOWN, detail="lost", request_id="req_1")
    await one.aclose()
    record = written(tmp_path)

    assert (record.header, record.torn, first, second) == (header(), False, 1, 2)
    assert record.begun == (
        Begun(1, address("guagua"), Action.UPDATE, "a", {"n": 1.5}, {"m": None}),
        Begun(2, address("guagua"), Action.CREATE, None, None, {"x": "y"}, "N0nce123", file),
    )
    assert record.ended == {2: Ended(2, UNKNOWN, None, "lost", "req_1")}
    assert [begun.number for begun in record.open] == [1]


async def test_folder_and_file_are_private_and_kept_out_of_git(tmp_path: Path) -> None:
    """And there is none before the first line."""
    one = journal(tmp_path)
    assert not (tmp_path / ".asstctl").exists()
    await one.begin(address("guagua"), Action.CREATE)
    await one.aclose()
    folder = tmp_path / ".asstctl"
    modes = [
        stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "journal", path_of(folder / "journal", RUN))
    ]

    assert modes == [0o700, 0o700, 0o600]
    assert (folder / ".gitignore").read_text() == "*\n"


async def test_folders_that_others_may_write_in_are_closed(tmp_path: Path) -> None:
    folder = tmp_path / ".asstctl"
    for one in (folder, folder / "journal"):
        one.mkdir()
        one.chmod(0o777)

    prepare(folder / "journal")

    assert [stat.S_IMODE(one.stat().st_mode) for one in (folder, folder / "journal")] == [0o700, 0o700]


@pytest.mark.parametrize("link", [".asstctl", ".asstctl/journal", f".asstctl/journal/{RUN}.jsonl"])
async def test_a_link_is_not_followed(tmp_path: Path, link: str) -> None:
    """Nothing is written, and nothing is sent."""
    elsewhere = tmp_path / "elsewhere"
    path = tmp_path / link
    path.parent.mkdir(parents=True, exist_ok=True)
    if link.endswith(".jsonl"):
        elsewhere.write_text("")
    else:
        elsewhere.mkdir()
    path.symlink_to(elsewhere)
    world = World()
    report = await world.apply(wanted(), recorder=journal(tmp_path))

    assert (report.exit_code, world.store.writes) == (ExitCode.FAILED, 0)
    assert elsewhere.read_text() == "" if elsewhere.is_file() else list(elsewhere.iterdir()) == []
    await world.apply(wanted())
    await world.settled(wanted(), objects=1, writes=1)


async def test_an_existing_file_is_never_written_to(tmp_path: Path) -> None:
    """Two runs of one id cannot be."""
    first, second = journal(tmp_path), journal(tmp_path)
    await first.begin(address("a"), Action.CREATE)
    await first.aclose()
    for _ in range(2):
        with pytest.raises(StoreError):
            await second.begin(address("b"), Action.CREATE)
    assert len(written(tmp_path).begun) == 1


async def test_lines_that_wait_together_share_one_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each still returns only once it is on disk."""
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), real(handle))[1])
    one = journal(tmp_path)
    numbers = await asyncio.gather(*(one.begin(address(f"a{number}"), Action.CREATE) for number in range(64)))

    assert sorted(numbers) == list(range(1, 65))
    assert len(written(tmp_path).begun) == 64
    assert len(synced) <= 4
    await one.aclose()


@pytest.mark.parametrize("cut", [1, 5, 30])
async def test_a_torn_last_line_is_told_and_left_out(tmp_path: Path, cut: int) -> None:
    """What was cut off was never sent."""
    one = journal(tmp_path)
    for number in range(3):
        await one.begin(address(f"a{number}"), Action.CREATE)
    await one.aclose()
    path = path_of(tmp_path / ".asstctl" / "journal", RUN)
    path.write_bytes(path.read_bytes()[:-cut])
    record = written(tmp_path)

    assert (record.torn, len(record.begun)) == (True, 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}\n",
        "nonsense\n",
        '{"line": "begun", "number": 1}\n',
        '{"line": "header", "run": "another"}\n',
        "HEADER{}\n",
        'HEADER{"line": "begun", "number": true, "address": "assistant.a", "action": "create"}\n',
        'HEADER{"line": "begun", "number": 1, "address": "nonsense", "action": "create"}\n',
        'HEADER{"line": "ended", "number": 1, "status": "splendid"}\n',
        "HEADER[1]\n",
    ],
)
async def test_what_is_no_journal_is_not_taken_for_one(tmp_path: Path, text: str) -> None:
    """It is said which line, and listings of journals leave it out."""
    one = journal(tmp_path)
    await one.begin(address("a"), Action.CREATE)
    await one.aclose()
    folder = tmp_path / ".asstctl" / "journal"
    first = path_of(folder, RUN).read_text().splitlines(keepends=True)[0]
    path_of(folder, RUN).write_text(text.replace("HEADER", first))

    with pytest.raises(StoreError) as raised:
        read_run(folder, RUN)
    assert raised.value.hint.endswith(f"{RUN}.jsonl")
    assert list(records_with_files(folder)) == []


def test_runs_are_listed_newest_first_and_found_by_their_beginning(tmp_path: Path) -> None:
    """Where only one begins so."""
    for run in ("20261121-090000-aaaa", "20261122-090000-bbbb", "20261122-100000-cccc"):
        path_of(tmp_path, run).write_text("")
    (tmp_path / "notes.txt").write_text("")

    assert runs(tmp_path) == ("20261122-100000-cccc", "20261122-090000-bbbb", "20261121-090000-aaaa")
    assert find(tmp_path, "20261121") == "20261121-090000-aaaa"
    assert find(tmp_path, "20261122-100000-cccc") == "20261122-100000-cccc"
    for wrong in ("20261122", "x", ""):
        with pytest.raises(WrongUsage):
            find(tmp_path, wrong)
    assert runs(tmp_path / "nowhere") == ()


def test_a_new_run_sorts_after_an_older_one() -> None:
    """By its time in UTC."""
    now = datetime(2026, 11, 22, 17, 30, tzinfo=timezone(timedelta(hours=1)))

    assert new_run(now).startswith("20261122-163000-")
    assert new_run(now) < new_run(now + timedelta(seconds=1))


async def test_only_so_many_journals_are_kept_and_open_ones_longer(tmp_path: Path) -> None:
    """The oldest go, but not one that says what may still have to be looked for."""
    folder = tmp_path / ".asstctl" / "journal"
    now = datetime.now(UTC)
    made = [new_run(now - timedelta(days=days)) for days in range(10, 2, -1)]
    for run in made:
        one = Journal(folder, header(run))
        number = await one.begin(address("a"), Action.CREATE)
        if run != made[1]:
            await one.end(number, APPLIED)
        await one.aclose()
    clear(folder, keep=4)

    assert runs(folder) == (*reversed(made[5:]), made[1])
    clear(folder, keep=4, now=now + timedelta(days=40))
    assert runs(folder) == tuple(reversed(made[5:]))


async def test_a_file_that_only_looks_like_a_journal_stays_and_stops_nothing(tmp_path: Path) -> None:
    """Its name tells no time, so nobody knows how old it is."""
    folder = tmp_path / ".asstctl" / "journal"
    prepare(folder)
    strange = path_of(folder, "00001399-999999-aaaa")
    strange.write_text("notes")
    clear(folder, keep=1)

    assert strange.read_text() == "notes"


# A run and its journal.


def said(record: Record) -> list[tuple[Any, ...]]:
    """Each write in short: what, how it ended, and of which file."""
    return [
        (
            begun.action.value,
            (begun.file or {}).get("step", ""),
            record.ended[begun.number].status if begun.number in record.ended else None,
        )
        for begun in record.begun
    ]


async def test_every_write_of_a_run_is_in_its_journal(tmp_path: Path) -> None:
    """With what was there before and what was sent."""
    world = knowing()
    one = journal(tmp_path)
    desired = [wanted_store(files=[knowledge("docs/a.md")]), wanted(stores=["handbook"], code=[SALES])]
    await world.apply(*desired, recorder=one)
    await one.aclose()
    record = written(tmp_path)

    assert said(record) == [
        ("create", "", APPLIED),
        ("create", "upload", APPLIED),
        ("create", "attach", APPLIED),
        ("create", "upload", APPLIED),
        ("create", "", APPLIED),
    ]
    assert len(record.begun) == world.store.writes + world.files.writes
    assert [record.ended[begun.number].remote_id for begun in record.begun] == [
        "vs_1",
        "file-1",
        "file-1",
        "file-2",
        "asst_1",
    ]
    assert record.begun[-1].nonce in record.begun[-1].sent["metadata"]["asstctl_base"]  # type: ignore[index,call-overload]
    second = journal(tmp_path, "20261122-163001-aaaa")
    changed = [desired[0], wanted(stores=["handbook"], temperature=0.5)]
    await world.apply(*changed, recorder=second)
    await second.aclose()
    update, delete = written(tmp_path, "20261122-163001-aaaa").begun
    assert update.before is not None
    assert (update.remote_id, update.before["temperature"], update.sent["temperature"]) == ("asst_1", 1.0, 0.5)
    ends = written(tmp_path, "20261122-163001-aaaa").ended
    assert [end.request_id for end in (*record.ended.values(), *ends.values())].count(None) == 0
    assert (delete.remote_id, delete.file) == ("file-2", {"step": "delete", "path": "", "store": ""})
    await world.settled(*changed, objects=2, writes=3, uploads=1)


async def test_how_a_write_ended_is_in_the_journal_too(tmp_path: Path) -> None:
    """Failed, unknown, and applied after a search."""
    world = World(concurrency=1)
    one = journal(tmp_path)
    world.store.faults["create"].extend(
        [Fault(Rejected("no", request_id="req_1")), Fault(AnswerLost("lost")), Fault(AnswerLost("lost"), after=True)]
    )
    desired = [wanted("a"), wanted("b"), wanted("c")]
    await world.apply(*desired, recorder=one)
    await one.aclose()
    record = written(tmp_path)

    assert [(record.ended[n].status, record.ended[n].detail) for n in (1, 2, 3)] == [
        (FAILED, "no"),
        (UNKNOWN, "lost"),
        (APPLIED, ""),
    ]
    assert record.ended[1].request_id == "req_1"
    await world.apply(*desired)
    await world.settled(*desired, objects=3, writes=5)


async def test_a_run_that_writes_nothing_leaves_no_journal(tmp_path: Path) -> None:
    """Nor a folder."""
    world = World()
    await world.apply(wanted())
    await world.apply(wanted(), recorder=journal(tmp_path))

    assert list(tmp_path.iterdir()) == []
    await world.settled(wanted(), objects=1, writes=1)


class Full:
    """A recorder whose disk is full after so many lines."""

    def __init__(self, lines: int) -> None:
        self.left = lines

    async def begin(self, *words: Any, **more: Any) -> int:
        return self._line()

    async def end(self, *words: Any, **more: Any) -> None:
        self._line()

    def _line(self) -> int:
        self.left -= 1
        if self.left < 0:
            raise StoreError("the journal cannot be written")
        return 1


@pytest.mark.parametrize("lines, made, failed", [(0, 0, 1), (1, 1, 0), (2, 1, 1), (4, 2, 1)])
async def test_what_cannot_be_written_down_is_not_sent(lines: int, made: int, failed: int) -> None:
    """What was done stays done, and nothing is begun after it."""
    world = World(concurrency=1)
    desired = [wanted(f"a{number}") for number in range(5)]
    report = await world.apply(*desired, recorder=Full(lines))

    assert (len(report.with_status(APPLIED)), len(report.with_status(FAILED))) == (made, failed)
    assert (world.store.writes, report.exit_code) == (made, ExitCode.FAILED)
    await world.apply(*desired)
    await world.settled(*desired, objects=5, writes=5)


async def test_a_lost_answer_stays_unknown_where_the_journal_breaks_after_it() -> None:
    """It may have happened, whatever became of the second try."""
    world = World()
    await world.apply(wanted())
    world.store.faults["update"].append(Fault(AnswerLost("lost")))
    report = await world.apply(wanted(temperature=0.5), recorder=Full(2))

    assert [(o.status, o.detail) for o in report.outcomes] == [(UNKNOWN, "lost")]
    await world.apply(wanted(temperature=0.5))
    await world.settled(wanted(temperature=0.5), objects=1, writes=3)


async def test_a_lost_race_is_told_where_its_delete_cannot_be_written_down() -> None:
    """Nothing is sent that is not: the pair stays, and the next plan reports it."""
    world = World()
    reading = await world.read()
    plan = world.decide(reading, wanted())
    await World(world.store).apply(wanted())
    report = await world.carry_out(plan, reading, recorder=Full(2))

    (outcome,) = report.outcomes
    assert outcome.detail == "another apply created asst_1 first; deleting asst_2 failed: the journal cannot be written"
    assert (outcome.status, len(world.store.objects)) == (FAILED, 2)
    plan = await world.plan(wanted())
    assert (plan.is_empty, "asst_2" in plan.notes[0]) == (True, True)


class FailsOnce(Journal):
    """A journal whose first write to disk stops half-way."""

    tries = 0

    def _to_disk(self, lines: bytes) -> None:
        self.tries += 1
        raise OSError("no space left")


async def test_nothing_is_written_behind_a_line_that_was_cut_off(tmp_path: Path) -> None:
    """A journal may end in the middle of a line, and nowhere else."""
    one = FailsOnce(tmp_path, header())
    begins = asyncio.gather(*(one.begin(address(key), Action.CREATE) for key in "ab"), return_exceptions=True)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    late = asyncio.ensure_future(one.begin(address("c"), Action.CREATE))
    ends = [*await begins, *await asyncio.gather(late, return_exceptions=True)]

    assert ([type(end) for end in ends], one.tries) == ([StoreError] * 3, 1)
    await one.aclose()


async def test_journals_that_nobody_can_read_stop_no_apply() -> None:
    """What earlier runs left is then not known."""

    def unreadable() -> Iterable[Record]:
        raise StoreError("a journal cannot be read")

    world = World()
    report = await world.apply(wanted(code=[SALES]), earlier=unreadable)

    assert report.exit_code is ExitCode.DONE
    await world.settled(wanted(code=[SALES]), objects=1, writes=1, uploads=1)


# What earlier runs left.


async def test_an_upload_that_a_killed_run_left_is_used_again(tmp_path: Path) -> None:
    """Of a store's file and of a code file."""
    world = knowing()
    one = journal(tmp_path)
    world.files.always["attach"] = Fault(Rejected("no"))
    world.store.faults["create"].extend([None, Fault(Rejected("no"))])
    desired = [wanted_store(files=[knowledge("docs/a.md")]), wanted(code=[SALES])]
    report = await world.apply(*desired, recorder=one)
    await one.aclose()
    assert (report.exit_code, len(world.files.uploaded)) == (ExitCode.FAILED, 2)
    world.files.always.clear()
    report = await world.apply(*desired, earlier=lambda: earlier(tmp_path))

    assert (report.exit_code, world.files.count("upload")) == (ExitCode.DONE, 2)
    await world.settled(*desired, objects=2, writes=3, uploads=2)


async def test_an_upload_that_may_be_ours_is_said_and_never_touched(tmp_path: Path) -> None:
    """The run was killed before it knew the id."""
    world = World()
    one = journal(tmp_path)
    await one.begin(
        address("guagua"),
        Action.CREATE,
        file={"step": "upload", "path": SALES.path, "sha256": SALES.sha256, "bytes": SALES.bytes, "store": ""},
    )
    await one.aclose()
    maybe = world.files.put_upload(SALES.name, SALES.bytes)
    world.files.put_upload("other.csv", SALES.bytes)
    report = await world.apply(wanted(code=[SALES]), earlier=lambda: earlier(tmp_path))

    assert report.exit_code is ExitCode.DONE
    assert report.warnings == (f"{maybe} (sales.csv): may be from a run that was cut off; left alone",)
    assert maybe in world.files.uploaded
    await world.settled(wanted(code=[SALES]), objects=1, writes=1, uploads=3)


async def test_an_upload_that_nothing_needs_any_more_is_said(tmp_path: Path) -> None:
    """Once another file is sent; it is ours, and deleting it is the user's decision."""
    world = World()
    one = journal(tmp_path)
    world.store.faults["create"].append(Fault(Rejected("no")))
    await world.apply(wanted(code=[SALES]), recorder=one)
    await one.aclose()
    other = local_file("data/other.csv", "c,d,e")
    report = await world.apply(wanted(code=[other]), earlier=lambda: earlier(tmp_path))

    said = "file-1 (sales.csv): uploaded by an earlier run, and nothing uses it; left alone"
    assert (report.exit_code, report.warnings) == (ExitCode.DONE, (said,))
    await world.settled(wanted(code=[other]), objects=1, writes=2, uploads=2)


def test_every_error_of_a_journal_names_the_way_on(tmp_path: Path) -> None:
    """Each has a hint."""
    with pytest.raises(AsstctlError) as raised:
        find(tmp_path, "x")
    assert raised.value.hint == "no run here has written anything yet"
    with pytest.raises(AsstctlError) as raised:
        read_run(tmp_path, RUN)
    assert "Look at it, or remove it" in raised.value.hint


async def test_guagua_is_named(tmp_path: Path) -> None:
    """A line says its address as people type it."""
    one = journal(tmp_path)
    await one.begin(address("guagua"), Action.CREATE)
    await one.aclose()
    assert f'"address": "{GUAGUA}"' in path_of(tmp_path / ".asstctl" / "journal", RUN).read_text()


def earlier(root: Path) -> Iterator[Record]:
    """What earlier runs did to files."""
    return records_with_files(root / ".asstctl" / "journal")
