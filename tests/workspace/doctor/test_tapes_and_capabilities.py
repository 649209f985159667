"""What `doctor` says of tapes, as a replay would, of what a target cannot hold or do, and of its database."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from asstctl.core.doctor import Examination, Finding, Standing
from asstctl.providers.local.inspection import Inspected
from asstctl.workspace.conversations.options import Testing as Choice
from asstctl.workspace.conversations.test import test as play
from asstctl.workspace.doctor.checks import database
from asstctl.workspace.doctor.examine import examine
from asstctl.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

FINE, NOTE, WARNING, UNKNOWN, WRONG = Standing

CLERK = "kind: assistant\nmodel: gpt-6\ninstructions: Be kind.\n"
HELLO = "assistant: clerk\nturns: [{user: hello, expect: {icontains: hello}}]\n"
SEEDED = "assistant: clerk\nthread: {messages: [{assistant: Hi}]}\nturns: [{user: hello}]\n"

Edit = Callable[[Path], object]


def files(root: Path, **texts: str) -> Path:
    for name, text in {"clerk.yaml": CLERK, **{key.replace("__", "."): text for key, text in texts.items()}}.items():
        path = root / "assistants" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def of(found: Examination, check: str) -> list[Finding]:
    return [one for target in found.targets for one in target.findings if one.check == check]


async def recorded(root: Path) -> None:
    """A tape of the one conversation, on the default target."""
    files(root, hello__convo__yaml=HELLO)
    await play(Workspace(root, environ={}), Choice(mode="record"))


def say(text: str, name: str = "clerk.yaml") -> Edit:
    return lambda root: (root / "assistants" / name).write_text(text, "utf-8")


def tape(root: Path) -> Path:
    (found,) = (root / "assistants/tapes").iterdir()
    return found


def from_elsewhere(root: Path) -> None:
    """The tape says that it was recorded on another target of the project."""
    (root / "asstctl.yaml").write_text(
        "project: p\n"
        "targets: {far: {provider: assistants, base_url: 'http://127.0.0.1:9/v1', api_key: {env: UNSET}}}\n",
        "utf-8",
    )
    header, *rest = tape(root).read_text("utf-8").splitlines(keepends=True)
    tape(root).write_text(json.dumps({**json.loads(header), "target": "far"}) + "\n" + "".join(rest), "utf-8")


def gone(root: Path) -> None:
    (root / "assistants/hello.convo.yaml").rename(root / "assistants/other.convo.yaml")


TAPES: dict[str, tuple[Edit, list[tuple[Standing, str, str]]]] = {
    "fresh": (lambda root: None, [(FINE, "1 tape fits what the files say", "")]),
    "the assistant changed": (
        say(CLERK.replace("kind.", "rude.")),
        [(WARNING, "its tape is stale", "Record it again: asstctl test assistants/hello.convo.yaml")],
    ),
    "the conversation changed": (
        say(HELLO.replace("user: hello", "user: hello there"), "hello.convo.yaml"),
        [(WARNING, "its tape is stale", "--record")],
    ),
    "what is expected changed": (
        say(HELLO.replace("icontains", "contains"), "hello.convo.yaml"),
        [(FINE, "1 tape fits", "")],
    ),
    "cut off": (
        lambda root: tape(root).write_text("{", "utf-8"),
        [(WARNING, "its tape is damaged", "Record it again")],
    ),
    "of nothing": (gone, [(WARNING, "a tape is of no conversation any more", "git rm assistants/tapes/")]),
    "of another target": (from_elsewhere, []),
    "none": (lambda root: tape(root).unlink(), []),
}


@pytest.mark.parametrize("name", TAPES)
async def test_a_tape_fits_or_it_is_said_why_not(tmp_path: Path, name: str) -> None:
    edit, expected = TAPES[name]
    await recorded(tmp_path)
    edit(tmp_path)

    found = of(await examine(Workspace(tmp_path, environ={}), ["local"]), "tapes")

    assert len(found) == len(expected), found
    for one, (standing, summary, hint) in zip(found, expected, strict=True):
        assert (one.standing, summary in one.summary, hint in one.hint) == (standing, True, True), one


async def test_a_tape_of_another_target_is_held_against_that_one(tmp_path: Path) -> None:
    await recorded(tmp_path)
    from_elsewhere(tmp_path)
    fits = of(await examine(Workspace(tmp_path, environ={}), ["far"]), "tapes")
    files(tmp_path, clerk__yaml=CLERK.replace("kind.", "rude."))
    stale = of(await examine(Workspace(tmp_path, environ={}), ["far"]), "tapes")

    assert [one.standing for one in (*fits, *stale)] == [FINE, WARNING]
    assert "--target far" in stale[0].hint


AGENTS = """\
project: p
default_target: far
targets:
  far: {provider: openai, api_key: {env: UNSET}, on_unsupported: {assistant.temperature: drop}}
"""


@pytest.mark.parametrize(
    "texts, expected",
    [
        ({}, []),
        (
            {"clerk__yaml": f"{CLERK}temperature: 0.2\n"},
            [(NOTE, "On far (Agents API) without: temperature of assistant.clerk.", "on_unsupported")],
        ),
        (
            {"seeded__convo__yaml": SEEDED, "hello__convo__yaml": HELLO},
            [(NOTE, "1 conversation is skipped: sessions of the Agents API begin with what a user says", "another")],
        ),
    ],
    ids=["all of it", "a loss", "a conversation"],
)
async def test_what_a_wire_cannot_hold_or_do_is_said_without_asking_it(
    tmp_path: Path, texts: dict[str, str], expected: list[tuple[Standing, str, str]]
) -> None:
    (tmp_path / "asstctl.yaml").write_text(AGENTS, "utf-8")
    found = of(await examine(Workspace(files(tmp_path, **texts), environ={}), ["far"]), "capabilities")

    assert len(found) == len(expected), found
    for one, (standing, summary, hint) in zip(found, expected, strict=True):
        assert (one.standing, summary in one.summary, hint in one.hint) == (standing, True, True), one


@pytest.mark.parametrize("length, said", [(200_000, False), (250_000, True)])
async def test_what_comes_near_to_a_limit_is_said_with_it(tmp_path: Path, length: int, said: bool) -> None:
    text = f"kind: assistant\nmodel: gpt-6\ninstructions: {'x' * length}\n"
    found = of(await examine(Workspace(files(tmp_path, clerk__yaml=text), environ={}), ["local"]), "capabilities")

    summary = f"assistant.clerk: `instructions` has {length} characters, and at most 256,000 are taken"
    assert [(one.standing, one.summary) for one in found] == [(NOTE, summary)] * said


async def test_a_kind_that_a_dialect_lacks_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "asstctl.yaml").write_text(
        "project: p\ntargets: {far: {provider: assistants, base_url: 'http://127.0.0.1:9/v1', dialect: astra}}\n"
    )
    store = "kind: vector_store\nname: books\n"
    found = of(await examine(Workspace(files(tmp_path, books__yaml=store), environ={}), ["far"]), "capabilities")

    assert [(one.standing, one.detail) for one in found] == [(WARNING, "vector_store.books")]


async def test_a_variable_that_is_not_set_is_wrong_on_its_target_alone(tmp_path: Path) -> None:
    (tmp_path / "asstctl.yaml").write_text(
        "project: p\ntargets: {far: {provider: assistants, base_url: 'http://127.0.0.1:9/v1', "
        "api_key: {env: UNSET}, vars: {who: {env: WHO}}}, local: {provider: local, vars: {who: me}}}\n"
    )
    files(tmp_path, clerk__yaml="kind: assistant\nmodel: gpt-6\ninstructions: Be {{ vars.who }}.\n")
    found = await examine(Workspace(tmp_path, environ={}))
    (one,) = of(found, "configuration")

    assert [one.standing for one in found.findings if one.check == "configuration"] == [FINE]
    assert (one.standing, one.hint) == (WRONG, "See all of it: asstctl validate --target far")
    assert (one.summary, one.detail) == (
        "error[undefined-variable]: `vars.who` has no value",
        "set the environment variable WHO",
    )


SOUND = Inspected(bytes=120_000, schema=5, known=5)


@pytest.mark.parametrize(
    "inspected, stuck, expected",
    [
        (SOUND, "", [(FINE, "sound, 120 KB")]),
        (Inspected(1200, 4, 5), "", [(FINE, "sound, 1.2 KB; its schema (4 of 5) is brought up by the next command")]),
        (SOUND, "local.db", [(WRONG, "DB cannot be written"), (FINE, "sound")]),
        (Inspected(1, 5, 5, busy=2), "", [(NOTE, "another process works on it: 2 runs"), (FINE, "sound")]),
        (Inspected(1, 5, 5, abandoned=1), "", [(NOTE, "1 run or files were in hand when"), (FINE, "sound")]),
    ],
    ids=["sound", "older", "read-only", "at work", "left"],
)
def test_a_database_is_sound_or_it_is_said_what_is_odd(
    inspected: Inspected, stuck: str, expected: list[tuple[Standing, str]]
) -> None:
    found = [*database.judged(inspected, stuck=stuck, place="DB")]

    assert [one.standing for one in found] == [standing for standing, _ in expected]
    assert all(said in one.summary for one, (_, said) in zip(found, expected, strict=True))


async def test_a_database_that_is_none_is_wrong_once(tmp_path: Path) -> None:
    folder = files(tmp_path) / ".asstctl"
    folder.mkdir(mode=0o700)
    (folder / "local.db").write_bytes(b"nonsense" * 1000)
    found = await examine(Workspace(tmp_path, environ={}), ["local"])

    (one,) = [one for one in found.every if one.standing is WRONG]
    assert (one.check, one.summary) == ("database", "the local database cannot be used")
    assert "the next apply to its target makes a new one" in one.hint
