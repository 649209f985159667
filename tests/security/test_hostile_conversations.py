"""Conversation files, tapes and answers of a stranger: nothing is sent that must not be, and nothing crashes."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.conversation.tapes.replay import Replay
from asstctl.conversation.tapes.settling import settled
from asstctl.conversation.tapes.text import read_tape, tape_text
from asstctl.core.errors import TapeMissing
from asstctl.core.json_text import read_sound_json
from asstctl.core.thread import Usage
from asstctl.providers.assistants.history import exchanges
from asstctl.providers.assistants.steps import passages_of
from asstctl.providers.assistants.stream import Event, Heard
from tests.cli.conftest import Project
from tests.tapes.parts import answer, ask, stream, taped

PLACES = (
    "/.env",
    "/.npmrc",
    "/.ssh/id_rsa",
    "/.git/config",
    "/.asstctl/local.db",
    "/assistants/link.txt",
    "/assistants/linked/passwd",
    "../../secret.txt",
    "/etc/passwd",
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "sent",
    [
        "thread: {files: [{path: PLACE, for: file_search}]}\nturns: [{user: hi, expect: {contains: x}}]",
        "turns: [{user: [hi, {attachment: PLACE, for: code_interpreter}], expect: {contains: x}}]",
        "turns: [{user: [hi, {image: PLACE}], expect: {contains: x}}]",
        "thread: {messages: [{user: [hi, {attachment: PLACE, for: file_search}]}]}\nturns: [{expect: {contains: x}}]",
    ],
    ids=["thread", "attachment", "image", "message"],
)
def test_no_conversation_sends_a_hidden_file_or_one_of_elsewhere(project: Project, place: str, sent: str) -> None:
    """Whichever way it names it; nothing is sent."""
    for name in (".env", ".npmrc", ".ssh/id_rsa", ".git/config", "../secret.txt"):
        project.write(name, "secret")
    (project.root / "assistants").mkdir(exist_ok=True)
    (project.root / "assistants/link.txt").symlink_to("../.env")
    (project.root / "assistants/linked").symlink_to("/etc")
    (project.root / "assistants/a.convo.yaml").write_text(f"assistant: tutor\n{sent.replace('PLACE', place)}\n")

    result = project.run("test")

    assert result.code == 1
    assert "Nothing was sent." in result.err


HALF = json.loads('"\\ud83d"')
NASTY: tuple[Any, ...] = (None, True, -1, 10**400, 1e300, "", HALF, "\x1b[31m\u202e", [], {}, [[]], {"a": {"b": 1}})
TAPE = taped(
    (ask("POST /threads", {"messages": []}, after="x"), answer({"id": "thread_abcdefghijkl", "object": "thread"})),
    (ask("POST /threads/thread_abcdefghijkl/runs"), stream(("thread.run.created", '{"id": "run_1"}'), ("done", "x"))),
)
LINES = [json.loads(line) for line in tape_text(TAPE).splitlines()]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, item in items for found in paths(item, (*path, name)))]


PLACES_ON_TAPE = [(number, path) for number, line in enumerate(LINES) for path in paths(line) if path]


@given(place=st.sampled_from(PLACES_ON_TAPE), nasty=st.sampled_from(NASTY))
def test_a_damaged_tape_is_read_or_refused(place: tuple[int, tuple[Any, ...]], nasty: Any) -> None:
    """Wherever it is damaged, it never raises, and what is read can be sent on."""
    lines, (number, path) = copy.deepcopy(LINES), place
    holder = lines[number]
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = nasty

    tape, problems = read_tape("".join(json.dumps(line) + "\n" for line in lines), "a.tape.jsonl")

    assert (tape is None) == bool(problems)
    if tape is not None:
        tape_text(tape).encode()
        settled(tape.exchanges)
        with pytest.raises(TapeMissing):
            Replay(tape, again="x").play(ask("POST /nowhere", {"a": 1}))


@pytest.mark.parametrize("status", [["completed"], {}, None, 5])
def test_a_status_that_is_none_ends_no_stream(status: Any) -> None:
    heard = Heard()
    heard.take(Event("thread.run.created", {"id": "run_1", "status": status}))
    assert not heard.ended
    assert settled([*taped((ask("POST /a"), answer({"id": "x", "status": status}))).exchanges])


def test_what_cannot_be_counted_is_unknown() -> None:
    """A cost would be reckoned from it."""
    assert Usage.told(1, 2) == Usage(1, 2)
    assert [Usage.told(one, 2) for one in (-1, True, 10**400, 1.5, None, "3")] == [None] * 6


def test_odd_messages_and_scores_are_read() -> None:
    """Whatever type a server gives them."""
    found = {"score": 10**400, "file_name": "a"}
    step = {"step_details": {"tool_calls": [{"type": "file_search", "file_search": {"results": [found]}}]}}
    assert [one.score for one in passages_of([step])] == [0.0]
    said = exchanges([{"role": "assistant", "run_id": [1], "content": "hi"}], [{"id": "run_1"}], {})
    assert [one.reply for one in said] == ["hi"]


def test_half_a_surrogate_pair_is_replaced() -> None:
    """No UTF-8 can hold it, and what is read is sent on."""
    assert read_sound_json('{"a": "cut \\ud83d", "b": "\\ud83d\\ude00"}') == {"a": "cut ?", "b": "\U0001f600"}


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize("form", ["junit", "jsonl", "html"])
def test_a_full_disk_loses_no_verdict_and_no_other_report(project: Project, form: str) -> None:
    """The result is shown, the run is remembered, and the command has failed."""
    project.write("assistants/a.convo.yaml", "assistant: tutor\nturns: [{user: hi, expect: {contains: hi}}]\n")
    other = "jsonl" if form == "junit" else "junit"

    result = project.run("test", f"--{form}", str(FULL), f"--{other}", "other")

    assert result.code == 1
    assert "1 passed" in result.out
    assert "not every report was written" in result.err
    assert "/dev/full: no space left on device" in result.err
    assert (project.root / "other").read_text("utf-8")
    assert list((project.root / ".asstctl/history").iterdir())


@pytest.mark.skipif(not FULL.exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_a_result_that_nobody_can_read_is_no_success(project: Project, form: str) -> None:
    """The run goes on to its end all the same."""
    project.write("assistants/a.convo.yaml", "assistant: tutor\nturns: [{user: hi, expect: {contains: hi}}]\n")
    command = [sys.executable, "-m", "asstctl", "test", "--format", form]
    with FULL.open("w") as out:
        done = subprocess.run(command, cwd=project.root, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "error: the output cannot be written: no space left on device\n"
    assert list((project.root / ".asstctl/history").iterdir())
