"""`asstctl test` with tapes, from the first recording to the day on which something changed."""

import json
import textwrap
from pathlib import Path

import pytest

from tests.cli.conftest import Project, Result
from tests.contract.conftest import serving

KEY = "correct-horse-battery-staple"
TAPES = "assistants/tapes"
TAPE = f"{TAPES}/tutor--tutor--1.tape.jsonl"

CONVERSATION = """
assistant: tutor
turns:
  - user: hello there
    expect: {icontains: hello}
  - user: and again
    expect: {icontains: again}
"""

TUTOR = """
kind: assistant
key: tutor
name: Tutor
model: gpt-4o
instructions: |
  You teach mathematics.
  You are kind.
  You are brief.
"""


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project whose conversation is on a tape, and whose database is gone."""
    project.write("assistants/tutor.yaml", TUTOR)
    project.write("assistants/tutor.convo.yaml", CONVERSATION)
    project.done("test", "--record")
    forget(project)
    return project


def forget(project: Project) -> None:
    (project.root / ".asstctl/local.db").unlink()


def failures(result: Result) -> list[str]:
    """The messages of all failures in a JSON result."""
    found: list[str] = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            found.extend([value["message"]] if "kind" in value and "message" in value else [])
            for item in value.values():
                look(item)
        elif isinstance(value, list):
            for item in value:
                look(item)

    look(json.loads(result.out))
    return found


def replayed(project: Project, *options: str) -> tuple[int, list[str]]:
    result = project.run("test", *(options or ("--replay",)), "--format", "json")
    return result.code, failures(result)


def test_a_tape_lies_beside_its_conversation_and_needs_nobody(recorded: Project) -> None:
    """No database is made, and what is said is that nobody was asked."""
    assert [path.name for path in (recorded.root / TAPES).iterdir()] == ["tutor--tutor--1.tape.jsonl"]
    for option in ("--replay", "--offline", "--auto"):
        assert "1 passed" in recorded.done("test", option)
    assert not (recorded.root / ".asstctl/local.db").exists()


def test_recording_again_changes_no_byte(recorded: Project) -> None:
    """Although every id and every time is another: the file is not even written."""
    tape = recorded.root / TAPE
    before, written = tape.read_bytes(), tape.stat().st_mtime_ns

    recorded.done("test", "--record")

    assert tape.read_bytes() == before
    assert tape.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "  You are kind.\n",
            "  You are strict.\n",
            "assistant.tutor: instructions changed since it was recorded (line 2)",
        ),
        (
            "model: gpt-4o",
            "model: gpt-4.1",
            "assistant.tutor: model changed since it was recorded (gpt-4o, now gpt-4.1)",
        ),
    ],
)
def test_a_changed_assistant_makes_its_tape_stale(recorded: Project, old: str, new: str, said: str) -> None:
    """What changed is said, and how to record it again; a run that may ask records it."""
    recorded.write("assistants/tutor.yaml", TUTOR.replace(old, new))

    again = "record it again: asstctl test assistants/tutor.convo.yaml::tutor --record"
    assert replayed(recorded) == (3, [f"its tape is stale: {said}; {again}"])
    assert recorded.run("test", "--auto").code == 0
    assert replayed(recorded) == (0, [])


def test_what_is_said_makes_a_tape_stale_and_what_is_expected_does_not(recorded: Project) -> None:
    """A tape is there to be judged anew."""
    recorded.write("assistants/tutor.convo.yaml", CONVERSATION.replace("{icontains: again}", "{icontains: never}"))
    assert recorded.run("test", "--replay").code == 1

    recorded.write("assistants/tutor.convo.yaml", CONVERSATION.replace("and again", "and so on"))
    code, said = replayed(recorded)
    assert code == 3
    assert "the conversation changed since it was recorded (turn 2)" in said[0]


def test_a_changed_stub_makes_a_tape_stale(recorded: Project) -> None:
    """Whether the assistant called it or not: with another answer it might have."""
    function = """
    tools:
      - type: function
        function: {name: get_order, parameters: {type: object, properties: {id: {type: string}}}}
    """
    recorded.write("assistants/tutor.yaml", TUTOR + textwrap.dedent(function))
    stubs = "stubs: {get_order: {return: {total: 41.5}}}\n"
    recorded.write("assistants/tutor.convo.yaml", CONVERSATION + stubs)
    recorded.done("test", "--record")
    assert replayed(recorded) == (0, [])

    recorded.write("assistants/tutor.convo.yaml", CONVERSATION + stubs.replace("41.5", "42"))
    code, said = replayed(recorded)
    assert code == 3
    assert "its tape is stale: the stub of get_order changed since it was recorded; " in said[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, f"it has no tape: there is no {TAPE}; record it"),
        (b"", f"its tape is damaged: {TAPE}: line 1 is damaged: it is not JSON; record it"),
        (b"\xff", f"its tape cannot be read: {TAPE}: it is not UTF-8; record it"),
    ],
)
def test_a_tape_that_is_not_there_is_no_verdict(recorded: Project, content: bytes | None, said: str) -> None:
    """Nobody is asked in its place, unless that was allowed."""
    tape = recorded.root / TAPE
    tape.unlink()
    if content is not None:
        tape.write_bytes(content)

    code, messages = replayed(recorded)
    assert (code, messages) == (3, [f"{said}: asstctl test assistants/tutor.convo.yaml::tutor --record"])
    assert not (recorded.root / ".asstctl/local.db").exists()
    assert recorded.run("test", "--auto").code == 0


def test_a_request_that_is_not_on_the_tape_is_no_verdict(recorded: Project) -> None:
    """It is held against the nearest that is."""
    tape = recorded.root / TAPE
    tape.write_text(tape.read_text().replace('"content": "and again"', '"content": "something else"'))

    code, said = replayed(recorded)
    assert code == 3
    assert 'content was "something else", now "and again"' in said[0]


def test_a_fresh_tape_that_lacks_a_request_is_made_anew_where_it_may_be(recorded: Project) -> None:
    """Everything seemed to be on tapes, so that the target is opened only now; the next run needs nobody again."""
    tape = recorded.root / TAPE
    tape.write_text(tape.read_text().replace('"content": "and again"', '"content": "something else"'))

    assert "1 passed" in recorded.done("test", "--auto")
    assert "something else" not in tape.read_text()
    assert replayed(recorded) == (0, [])
    forget(recorded)
    assert "1 passed" in recorded.done("test", "--auto")
    assert not (recorded.root / ".asstctl/local.db").exists()
    assert not (recorded.root / ".asstctl/ledger").exists() or not list((recorded.root / ".asstctl/ledger").iterdir())


def test_a_tape_that_cannot_be_made_anew_says_why_nobody_was_asked(recorded: Project) -> None:
    tape = recorded.root / TAPE
    tape.write_text(tape.read_text().replace('"content": "and again"', '"content": "something else"'))
    before = tape.read_text()
    recorded.write(
        "asstctl.yaml",
        """
        version: 1
        project: school
        default_target: far
        targets: {far: {provider: assistants, base_url: "http://127.0.0.1:9/v1", api_key: {env: NO_SUCH_KEY}}}
        """,
    )

    code, said = replayed(recorded, "--auto")
    assert code == 3
    assert any("NO_SUCH_KEY is not set" in message for message in said)
    assert tape.read_text() == before


def test_the_tape_of_another_conversation_is_none(recorded: Project) -> None:
    """A copy of it under another name says whose it is."""
    recorded.write("assistants/other.convo.yaml", CONVERSATION)
    (recorded.root / TAPES / "other--other--1.tape.jsonl").write_bytes((recorded.root / TAPE).read_bytes())

    code, said = replayed(recorded, "--replay", "assistants/other.convo.yaml")
    assert code == 3
    assert "is one of assistants/tutor.convo.yaml::tutor, repeat 1" in said[0]


def test_each_repeat_has_a_tape_of_its_own(recorded: Project) -> None:
    """One tape played five times would be no rate."""
    for option in ("--replay", "--offline"):
        result = recorded.run("test", option, "--repeat", "2")
        assert (result.code, result.out) == (64, "")
        assert "there is no assistants/tapes/tutor--tutor--2.tape.jsonl" in result.err
        assert "record them: asstctl test --record --repeat 2" in result.err

    recorded.done("test", "--record", "--repeat", "2")
    assert len(list((recorded.root / TAPES).iterdir())) == 2
    assert replayed(recorded, "--replay", "--repeat", "2") == (0, [])


def test_a_recording_plays_every_repeat(recorded: Project) -> None:
    """Also those that a verdict does not need: with other expectations a replay may."""
    recorded.write("assistants/tutor.convo.yaml", CONVERSATION.replace("{icontains: again}", "{icontains: never}"))

    assert recorded.run("test", "--record", "--repeat", "3").code == 1
    assert len(list((recorded.root / TAPES).iterdir())) == 3
    recorded.write("assistants/tutor.convo.yaml", CONVERSATION)
    assert replayed(recorded, "--replay", "--repeat", "3", "--pass", "2") == (0, [])


def test_a_repeat_that_a_conversation_asks_for_itself_is_no_verdict_without_its_tape(recorded: Project) -> None:
    recorded.write("assistants/tutor.convo.yaml", CONVERSATION + "repeat: {runs: 2}\n")

    code, said = replayed(recorded)
    assert code == 3
    assert any("repeat 2 needs a tape of its own" in message for message in said)


def test_the_tape_of_a_conversation_that_is_gone_is_said(recorded: Project) -> None:
    """By its name; others may be in use."""
    recorded.write("assistants/renamed.convo.yaml", CONVERSATION)
    (recorded.root / "assistants/tutor.convo.yaml").unlink()

    result = recorded.run("test", "--record")
    assert f"a tape is of no conversation any more: {TAPE}" in result.err
    assert result.code == 0


def test_a_conversation_without_a_verdict_leaves_its_tape_alone(recorded: Project) -> None:
    """What broke off is no recording."""
    before = (recorded.root / TAPE).read_bytes()
    recorded.write(
        "asstctl.yaml",
        """
        version: 1
        project: school
        targets: {local: {provider: local, replies: {chat: {base_url: "http://127.0.0.1:9/v1", models: {"*": m}}}}}
        """,
    )

    assert recorded.run("test", "--record").code == 3
    assert (recorded.root / TAPE).read_bytes() == before


def test_a_tape_with_a_key_in_it_is_refused(recorded: Project) -> None:
    """Its place is said, its value is not, and the old tape stays."""
    before = (recorded.root / TAPE).read_bytes()
    planted = "sk-" + "planted0123456789abcdef"
    recorded.write("assistants/tutor.convo.yaml", CONVERSATION.replace("and again", f"and again {planted}"))

    result = recorded.run("test", "--record", "--format", "json")
    assert result.code == 3
    (said,) = failures(result)
    assert "would hold a secret, and was not written: line 5, body.content: an API key" in said
    assert planted not in said
    assert (recorded.root / TAPE).read_bytes() == before


def test_a_recording_on_a_server_is_replayed_without_its_key(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nor is its address asked: it may be gone."""
    project.write("assistants/tutor.yaml", TUTOR)
    project.write("assistants/tutor.convo.yaml", CONVERSATION)
    config = """
    version: 1
    project: school
    default_target: far
    targets: {far: {provider: assistants, base_url: "URL", api_key: {env: SCHOOL_KEY}}}
    """
    monkeypatch.setenv("SCHOOL_KEY", KEY)
    with serving(tmp_path_factory.mktemp("server") / "server.db", "--api-key", KEY) as url:
        project.write("asstctl.yaml", config.replace("URL", url))
        project.done("apply", "--yes")
        project.done("test", "--record")
    monkeypatch.delenv("SCHOOL_KEY")
    project.write("asstctl.yaml", config.replace("URL", "http://127.0.0.1:9/v1"))

    assert KEY not in (project.root / TAPE).read_text()
    for option in ("--replay", "--offline", "--auto"):
        assert project.run("test", option).code == 0
    project.write("assistants/tutor.yaml", TUTOR.replace("kind.", "strict."))
    assert project.run("test", "--auto").code == 1  # now the key is needed


@pytest.mark.parametrize(
    "options", [("--offline", "--record"), ("--live", "--record"), ("--live", "--replay"), ("--live", "--offline")]
)
def test_what_cannot_be_together_is_refused(recorded: Project, options: tuple[str, ...]) -> None:
    """A tape is of what the files say, and asks nobody."""
    result = recorded.run("test", *options)

    assert result.code == 64
    assert "exclude each other" in result.err


def test_no_tape_is_read_or_written_through_a_link(recorded: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder in a checkout may be a link that somebody committed."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    folder = recorded.root / TAPES
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    Path(folder).symlink_to(elsewhere)

    assert recorded.run("test", "--record").code != 0
    assert list(elsewhere.iterdir()) == []
