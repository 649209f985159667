"""`asstctl chat` and `asstctl test import`, driven by lines, and once by a terminal."""

import io
import os
import pty
import re
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Project, Result
from tests.contract.conftest import serving

CLERK = """
kind: assistant
key: clerk
name: Clerk
model: gpt-4o
instructions: Be brief.
tools: [{type: file_search}, {type: code_interpreter}, {type: function, function: look_up}]
---
kind: function
key: look_up
description: Looks an order up.
parameters: {type: object, properties: {order: {type: string}, page: {type: integer}}, required: [order]}
returns: {type: object}
"""

REPLIES = r"""
rules:
  - {tool: look_up, say: "It is {{ output }}."}
  - {user: "order (\\w+) page (\\d)", call: {look_up: {order: "{{ match.1 }}", page: 1}}}
  - {user: "order (\\w+)", call: {look_up: {order: "{{ match.1 }}"}}}
  - {user: "^hello", say: "Hello to you."}
  - {user: "^evil", say: "a\x1b[31mb\u202ec\n::set-output name=x::y\n##[error]z"}
  - {user: "^braces", say: "Write {{ user }} so."}
"""

Chat = Callable[..., Result]


@pytest.fixture
def clerk(empty: Project) -> Project:
    """A project of one assistant whose replies are scripted."""
    empty.write(
        "asstctl.yaml",
        """
        version: 1
        project: school
        targets: {local: {provider: local, replies: {script: clerk.replies.yaml}}}
        """,
    )
    empty.write("clerk.replies.yaml", REPLIES)
    empty.write("assistants/clerk.yaml", CLERK)
    return empty


@pytest.fixture
def chat(empty: Project, monkeypatch: pytest.MonkeyPatch) -> Chat:
    """Run `asstctl chat` on lines."""

    def run(*lines: str, options: tuple[str, ...] = ()) -> Result:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return empty.run("chat", *options)

    return run


def left(project: Project) -> list[str]:
    """What ledgers say is not gone."""
    return [path.name for path in (project.root / ".asstctl/ledger").glob("*.jsonl")]


def test_a_message_gets_a_reply(clerk: Project, chat: Chat) -> None:
    """Nothing stays behind, and the opening says that no model answers and how to have one."""
    result = chat("hello there")

    assert result.code == 0
    assert result.out == "  user       hello there\n  assistant  Hello to you.\n"
    assert "instructions are NOT exercised" in " ".join(result.err.split())
    assert 'replies: {chat: {base_url: "http://127.0.0.1:11434/v1"' in result.err
    assert left(clerk) == []


def test_on_echo_it_says_so(project: Project, chat: Chat) -> None:
    result = chat("hi")

    assert "replies echoed: instructions are NOT exercised" in " ".join(result.err.split())
    assert result.code == 0


def test_a_call_is_answered_by_hand_where_no_stub_does(clerk: Project, chat: Chat) -> None:
    """The next line is its output; JSON is written as programs do."""
    result = chat("order A1", '{"state":"paid"}', "hello")

    assert result.out.splitlines() == [
        "  user       order A1",
        '  call       look_up {"order": "A1"}',
        '  answer     {"state": "paid"}',
        '  assistant  It is {"state": "paid"}.',
        "  user       hello",
        "  assistant  Hello to you.",
    ]
    assert result.code == 0


def test_an_output_that_the_function_cannot_give_is_asked_for_again(clerk: Project, chat: Chat) -> None:
    result = chat("order A1", "", '{"state": 1}')

    assert "`returns` of `look_up` does not allow that" in result.err
    assert 'answer     {"state": 1}' in result.out


def test_a_call_without_an_answer_gives_the_message_up(clerk: Project, chat: Chat) -> None:
    result = chat("order A1")

    assert result.code == 3
    assert "no whole reply: given up" in result.err
    assert left(clerk) == []


def test_stubs_answer_and_those_of_the_command_line_come_first(clerk: Project, chat: Chat) -> None:
    clerk.write("shared.stubs.yaml", "stubs: {look_up: {return: {from: project}}}\n")
    clerk.write("mine.stubs.yaml", "stubs: {look_up: {when: {order: B2}, return: {from: me}}}\n")
    file = clerk.root / "asstctl.yaml"
    file.write_text(file.read_text("utf-8") + "test: {use: [shared.stubs.yaml]}\n", "utf-8")

    result = chat("order A1", "order B2", options=("--stubs", "mine.stubs.yaml"))

    assert [line for line in result.out.splitlines() if "answer" in line] == [
        '  answer     {"from": "project"}',
        '  answer     {"from": "me"}',
    ]


def test_stubs_that_run_code_run_it_or_are_refused(clerk: Project, chat: Chat) -> None:
    clerk.write("code.py", "def look_up(order, page=0):\n    return {'order': order}\n")
    clerk.write("code.stubs.yaml", "stubs: {look_up: {python: code.py:look_up}}\n")
    options = ("--stubs", "code.stubs.yaml")

    assert 'It is {"order": "A1"}.' in chat("order A1", options=options).out
    refused = chat("order A1", options=(*options, "--no-code"))
    assert refused.code == 1
    assert "--no-code forbids it" in refused.err
    assert refused.out == ""


def test_a_run_that_fails_is_said_and_the_chat_goes_on(clerk: Project, chat: Chat) -> None:
    result = chat("nobody knows this", "hello")

    assert result.code == 3
    assert "No rule in clerk.replies.yaml answers" in result.err
    assert result.out.endswith("  assistant  Hello to you.\n")


def test_the_words_of_others_are_escaped(clerk: Project, chat: Chat) -> None:
    """Nothing acts on the terminal or on a runner that reads the lines."""
    result = chat("evil")

    assert result.out.splitlines()[1:] == [
        r"  assistant  a\x1b[31mb\u202ec",
        r"             \::set-output name=x::y",
        r"             #\#[error]z",
    ]


def test_drift_is_overwritten_and_said(clerk: Project, chat: Chat) -> None:
    from tests.cli.test_edits import edit_live

    clerk.done("apply", "--yes")
    edit_live(clerk, {"instructions": "Be long."}, "Clerk")

    assert "assistant.clerk: instructions was changed outside of git and was overwritten" in chat("hello").err


def test_commands_are_said_to_be_wrong_and_the_chat_goes_on(clerk: Project, chat: Chat) -> None:
    result = chat("/atach x", "/attach", "/attach nowhere.txt", "/save-test x.yaml", "//hello", "/quit", "hello")

    assert "did you mean `/attach`?" in result.err
    assert "it is typed /attach FILE" in result.err
    assert "there is no file nowhere.txt" in result.err
    assert "x.convo.yaml" in result.err
    assert "  user       /hello\n" in result.out
    assert result.code == 1
    assert result.out.count("assistant") == 0


@pytest.mark.parametrize(
    "name, how",
    [
        ("notes.md", "for file_search and code_interpreter"),
        ("sales.csv", "for code_interpreter"),
        ("plan.png", "as an image"),
    ],
)
def test_a_file_goes_with_the_next_message(clerk: Project, chat: Chat, name: str, how: str) -> None:
    """For the tools that can read its type; the upload is gone afterwards."""
    clerk.write(name, "a,b\n")

    result = chat(f"/attach {name}", "hello", "/save-test assistants/had.convo.yaml", options=("-v",))

    assert f"{name} goes with the next message, {how}." in result.err
    assert result.code == 0, result
    assert re.search(r"^DELETE /v1/files/\S+ +200", result.err, re.MULTILINE)
    written = (clerk.root / "assistants/had.convo.yaml").read_text("utf-8")
    assert f"/{name}" in written
    assert clerk.run("test", "assistants/had.convo.yaml").code == 0


def test_a_file_of_our_own_is_never_attached(clerk: Project, chat: Chat) -> None:
    clerk.write(".env", "KEY=x")

    result = chat("/attach .env")

    assert ".env is not read" in result.err


def test_what_was_said_becomes_a_test_that_passes(clerk: Project, chat: Chat) -> None:
    """With rules for different arguments, a sequence for equal ones, and braces that are no template."""
    said = ("order A1", '{"n": 1}', "order A1", '{"n": 2}', "order A1 page 1", '{"n": 3}', "order B2", '{"n": 4}')

    result = chat(*said, "braces {{ vars.x }}", "/save-test assistants/had.convo.yaml")

    assert result.code == 0, result
    assert "Wrote assistants/had.convo.yaml: 5 turns." in result.out
    assert clerk.run("validate").code == 0
    passed = clerk.run("test", "assistants/had.convo.yaml")
    assert passed.code == 0, passed
    again = chat("hello", "/save-test assistants/had.convo.yaml")
    assert again.code == 1
    assert "is there already" in again.err


def test_a_message_without_a_reply_is_not_in_the_test(clerk: Project, chat: Chat) -> None:
    result = chat("hello", "nobody knows this", "/save-test assistants/had.convo.yaml")

    assert "1 turn." in result.out
    assert "had no whole reply is not in it" in result.err


def test_a_new_thread_begins_with_no_past(clerk: Project, chat: Chat) -> None:
    result = chat("hello", "/new", "order A1", "{}", "/save-test assistants/had.convo.yaml", options=("-v",))

    assert "Wrote assistants/had.convo.yaml: 1 turn." in result.out
    assert len(re.findall(r"^POST /v1/threads +200", result.err, re.MULTILINE)) == 2
    assert len(re.findall(r"^DELETE /v1/threads/\S+ +200", result.err, re.MULTILINE)) == 2


def test_nothing_is_written_outside_of_the_project(clerk: Project, chat: Chat) -> None:
    result = chat("hello", "/save-test ../x.convo.yaml")

    assert result.code == 1
    assert "lies outside of the project" in result.err


def test_a_file_that_no_test_would_play_is_not_written(clerk: Project, chat: Chat) -> None:
    """A path that is found is named."""
    told = chat("Hi", "/save-test talk.convo.yaml")

    assert "do not find talk.convo.yaml: no test would play it" in " ".join(told.err.split())
    assert "name assistants/talk.convo.yaml" in told.err
    assert "To play it" not in told.err
    assert not (clerk.root / "talk.convo.yaml").exists()


def test_an_unknown_thread_is_no_trouble_of_the_provider(far: Project) -> None:
    told = far.run("test", "import", "thread_nope", "--target", "far")

    assert told.code == 1
    assert "there is no thread thread_nope" in told.err


def test_a_secret_is_not_written(clerk: Project, chat: Chat) -> None:
    result = chat("hello sk-abcdefghijklmnopqrstuvwx", "/save-test assistants/had.convo.yaml")

    assert result.code == 1
    assert "would hold a secret" in result.err
    assert not (clerk.root / "assistants/had.convo.yaml").exists()


@pytest.mark.parametrize("key, code", [("tutor", 0), ("assistant.clerk", 0), ("", 64), ("tuter", 64)])
def test_of_several_assistants_one_is_named(clerk: Project, chat: Chat, key: str, code: int) -> None:
    clerk.write("assistants/tutor.yaml", "kind: assistant\nkey: tutor\nname: Tutor\nmodel: gpt-4o\n")

    assert chat(options=(key,) if key else ()).code == code


@pytest.fixture
def far(clerk: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The same project on a server elsewhere."""
    with serving(tmp_path_factory.mktemp("server") / "server.db", "--replies", "clerk.replies.yaml") as url:
        clerk.write(
            "asstctl.yaml",
            f"version: 1\nproject: school\ndefault_target: far\n"
            f"targets: {{far: {{provider: assistants, base_url: '{url}'}}}}\n",
        )
        yield clerk


def test_elsewhere_what_differs_is_refused_with_the_ways_on(far: Project, chat: Chat) -> None:
    refused = chat("hello")
    assert refused.code == 1
    assert "assistant.clerk on far is not what your files say" in " ".join(refused.err.split())
    assert "asstctl apply" in refused.err
    assert "--live" not in refused.err

    far.done("apply", "--yes")
    assert chat("hello").out.endswith("Hello to you.\n")

    far.write("assistants/clerk.yaml", CLERK.replace("Be brief.", "Be long."))
    assert "Talk to what is deployed: --live." in chat("hello").err
    assert chat("hello", options=("--live",)).out.endswith("Hello to you.\n")


def kept(project: Project, chat: Chat, *lines: str) -> str:
    """A thread in which these lines were said."""
    result = chat(*lines, options=("--keep",))
    found = re.search(r"Kept: (thread_\w+)\.", result.err)
    assert found, result
    assert left(project) != []
    return found[1]


def test_a_kept_thread_is_imported_as_a_test_that_passes(far: Project, chat: Chat) -> None:
    far.done("apply", "--yes")
    thread = kept(far, chat, "order A1", '{"n": 1}', "order A1", '{"n": 2}', "order B2", "{}", "hello")

    result = far.run("test", "import", thread, "--into", "assistants/had.convo.yaml")

    assert result.code == 0, result
    assert result.out == "Wrote assistants/had.convo.yaml: 4 turns.\n"
    written = (far.root / "assistants/had.convo.yaml").read_text("utf-8")
    assert "expect" not in written
    assert "was: Hello to you." in written
    assert "sequence:" in written
    passed = far.run("test", "assistants/had.convo.yaml")
    assert passed.code == 0, passed
    far.done("test", "gc")
    assert far.run("test", "import", thread, "--into", "assistants/kept.convo.yaml").code == 0
    far.done("test", "gc", "--all")
    gone = far.run("test", "import", thread)
    assert gone.code == 1
    assert f"there is no thread {thread} on far" in gone.err


def test_an_import_says_what_it_cannot_bring(far: Project, chat: Chat) -> None:
    """Files of messages, and calls of what is no longer declared; the file is named after the thread."""
    far.done("apply", "--yes")
    far.write("notes.md", "Notes.\n")
    thread = kept(far, chat, "/attach notes.md", "order A1", "{}", "hello")
    far.write("assistants/clerk.yaml", CLERK.partition("---")[0].replace(", {type: function, function: look_up}", ""))

    result = far.run("test", "import", thread)

    assert result.code == 0, result
    assert f"Wrote assistants/{thread}.convo.yaml: 2 turns." in result.out
    assert "turn 1: 1 file of its message not brought" in result.err
    assert "`look_up` was called, which the assistant no longer declares" in result.err
    assert far.run("validate").code == 0


def test_a_terminal_is_asked_and_ctrl_c_cuts_a_reply_off(clerk: Project) -> None:
    """It comes back to the prompt, where Ctrl-D gives a call up or ends the chat; nothing stays behind."""
    clerk.write("slow.stubs.yaml", "stubs: {look_up: {when: {order: slow}, fault: {slow: 60, return: {}}}}\n")
    with Terminal(clerk.root, "chat", "--stubs", "slow.stubs.yaml") as terminal:
        terminal.hears("user       ")
        terminal.types("order slow\n")
        terminal.hears('call       look_up {"order": "slow"}')
        terminal.types("\x03")
        terminal.hears("no whole reply: cut off")
        terminal.hears("user       ")
        terminal.types("order A1\n")
        terminal.hears("output     ")
        terminal.types("\x04")
        terminal.hears("no whole reply: given up")
        terminal.types("order B2\n")
        terminal.hears("output     ")
        terminal.types('{"n":5}\n')
        terminal.hears('assistant  It is {"n": 5}.')
        terminal.hears("user       ")
        terminal.types("\x04")
        assert terminal.ends() == 0
    assert left(clerk) == []


@pytest.mark.parametrize("by_signal", [False, True], ids=["Ctrl-C", "SIGTERM"])
def test_ctrl_c_at_the_prompt_ends_the_chat(clerk: Project, by_signal: bool) -> None:
    """As does what ends a cancelled job; nothing stays behind."""
    with Terminal(clerk.root, "chat") as terminal:
        terminal.hears("user       ")
        terminal.types("hello\n")
        terminal.hears("Hello to you.")
        terminal.hears("user       ")
        # readline does not see a signal that comes between its prompt and its waiting: a person presses again
        again = partial(os.kill, terminal.process, signal.SIGTERM) if by_signal else partial(terminal.types, "\x03")
        assert terminal.ends(again) == 130
    assert left(clerk) == []


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process, self._terminal = pty.fork()
        if not self.process:
            os.chdir(folder)
            os.environ.pop("CI", None)
            os.execv(sys.executable, [sys.executable, "-W", "error", "-m", "asstctl", *arguments])
        self._heard = ""
        self._ended = False

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *problem: object) -> None:
        os.close(self._terminal)
        if not self._ended:
            os.kill(self.process, 9)
            os.waitpid(self.process, 0)

    def hears(self, text: str) -> None:
        """Wait until it has said this, and forget what came before."""
        deadline = time.monotonic() + 30
        while text not in self._heard:
            assert time.monotonic() < deadline, self._heard
            if select.select([self._terminal], [], [], 0.1)[0]:
                self._heard += os.read(self._terminal, 4096).decode()
        self._heard = self._heard.partition(text)[2]

    def types(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def ends(self, again: Callable[[], object] = lambda: None) -> int:
        """Its exit code, once it has one; `again` is done each second until then."""
        deadline = time.monotonic() + 30
        while True:
            again()
            pause = time.monotonic() + 1
            while time.monotonic() < pause:
                with suppress(OSError):  # its other end may be closed
                    if select.select([self._terminal], [], [], 0.05)[0]:
                        self._heard += os.read(self._terminal, 4096).decode()
                ended, status = os.waitpid(self.process, os.WNOHANG)
                if ended:
                    self._ended = True
                    return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline, self._heard


def test_lines_that_are_no_text_end_the_chat(clerk: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are said to be none, and nothing stays behind."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"hello\n\xff\n"), "utf-8"))

    result = clerk.run("chat")

    assert result.code == 64
    assert "what was typed is not UTF-8" in result.err
    assert left(clerk) == []
