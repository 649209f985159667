"""`--log-format`: what stands on stderr, as text and as JSON lines; and -v."""

import ast
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from asstctl.cli import run
from asstctl.cli.boundary import exit_code_of
from asstctl.cli.options import shared_command
from asstctl.cli.session import Session
from asstctl.cli.talk import Talk
from asstctl.render.json.log import Event
from tests.cli.conftest import Project, Result
from tests.contract.conftest import serving
from tests.repository.consoles import ROOT


def lines(result: Result) -> list[dict[str, Any]]:
    """The lines on stderr, each of them an object."""
    return [json.loads(line) for line in result.err.splitlines()]


def of(result: Result, event: Event) -> list[dict[str, Any]]:
    return [line for line in lines(result) if line["event"] == event]


@pytest.mark.parametrize(
    ("arguments", "variable", "as_json"),
    [
        ([], "", False),
        ([], "json", True),
        (["plan", "--log-format", "json"], "", True),
        (["--log-format=json", "plan"], "", True),
        (["plan", "--log-format=text"], "json", False),
        (["plan", "--log-format", "json", "--log-format", "text"], "", False),
        (["test", "--", "--log-format", "json"], "", False),
        (["plan", "--log-format"], "", False),
        ([], "yaml", False),
    ],
)
def test_the_format_is_guessed_before_options_are_parsed(arguments: list[str], variable: str, as_json: bool) -> None:
    assert Talk.meant(arguments, {"ASSTCTL_LOG_FORMAT": variable}).as_json is as_json


@pytest.mark.parametrize(
    ("arguments", "code", "summary"),
    [
        (["plna", "--log-format", "json"], "usage", "there is no command `plna`. Did you mean `plan`?"),
        (["plan", "--nonsense", "--log-format=json"], "usage", "No such option '--nonsense'."),
        (["plan", "--log-format", "json", "--target", "nowhere"], "usage", "there is no target 'nowhere'"),
    ],
)
def test_wrong_usage_is_an_object_too(project: Project, arguments: list[str], code: str, summary: str) -> None:
    """Also where no option could be read."""
    result = project.run(*arguments)

    error, end = lines(result)
    assert (error["event"], error["level"], error["code"], error["exit_code"]) == ("error", "error", code, 64)
    assert (error["summary"], error["message"]) == (summary, summary)
    assert error.keys() >= {"detail", "hint"}
    assert (end["event"], end["exit_code"], result.code) == ("end", 64, 64)


def test_an_interruption_is_an_object_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Click says an empty line of its own, where it is left to it."""

    @shared_command("stopped")
    def command(session: Session) -> None:
        raise KeyboardInterrupt

    words = ["--log-format", "json"]
    code = exit_code_of(lambda: command.main(args=words, standalone_mode=False), Talk(as_json=True))
    error, end = map(json.loads, capsys.readouterr().err.splitlines())
    assert (error["code"], error["exit_code"], end["exit_code"], code) == ("interrupted", 130, 130, 130)


def test_the_environment_chooses_and_typed_words_win(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSTCTL_LOG_FORMAT", "json")

    assert lines(project.run("plan"))[-1]["event"] == "end"
    assert project.run("plan", "--log-format", "text").err == ""
    assert project.run("--log-format", "text", "plan").err == ""


def test_requests_changes_and_their_sum_are_events(project: Project) -> None:
    """In UTC, with what a program needs beside the text; the second plan finds nothing."""
    result = project.run("apply", "--yes", "-v", "--log-format", "json")

    requests, (change,), (summary,) = of(result, Event.REQUEST), of(result, Event.CHANGE), of(result, Event.SUMMARY)
    made = next(one for one in requests if one["method"] == "POST")
    assert (made["path"], made["status"], made["place"]) == ("/v1/assistants", 200, ".asstctl/local.db")
    assert made["request_id"] == change["request_id"]
    assert made["sent_bytes"] > 0
    assert (change["target"], change["address"]) == ("local", "assistant.tutor")
    assert (change["action"], change["outcome"]) == ("create", "applied")
    assert (summary["requests"], summary["writes"]) == (len(requests), 1)
    assert all(datetime.fromisoformat(one["time"]).utcoffset() == timedelta() for one in lines(result))
    assert of(project.run("apply", "--yes", "-v", "--log-format", "json"), Event.CHANGE) == []


def test_conversations_are_events(project: Project) -> None:
    project.write("assistants/tutor.convo.yaml", "assistant: tutor\nturns: [{user: hi, expect: {icontains: hi}}]\n")

    (ended,) = of(project.run("test", "--log-format", "json"), Event.CONVERSATION)

    assert (ended["target"], ended["assistant"], ended["outcome"]) == ("local", "tutor", "passed")


def test_errors_bear_what_a_person_is_told(project: Project) -> None:
    project.write("assistants/tutor.yaml", "kind: assistant\nkey: tutor\nmodel: [\n")

    (error,) = of(project.run("plan", "--log-format", "json"), Event.ERROR)

    assert (error["code"], error["exit_code"]) == ("invalid-input", 1)
    assert error["diagnostics"][0]["where"]["path"] == "assistants/tutor.yaml"


def test_a_warning_about_a_file_is_one_event(project: Project) -> None:
    project.write("assistants/tutor.yaml", "kind: assistant\nkey: tutor\nmodel: gpt-4o\nname: ''\ntools: []\n")
    text = project.run("plan").err
    found = of(project.run("plan", "--log-format", "json"), Event.WARNING)

    assert [one["code"] for one in found if one["code"] not in text] == []
    assert all(one["summary"] == one["message"] for one in found)


def test_nobody_is_asked(project: Project) -> None:
    """As where there is no terminal: what needs an answer says which option gives it."""
    result = project.run("apply", "--log-format", "json")

    (error,) = of(result, Event.ERROR)
    assert (result.code, error["summary"]) == (64, "apply needs --yes where nobody can be asked")
    assert "apply" in error["hint"]
    assert "--yes" in error["hint"]


def test_no_colour_and_no_hidden_character_is_in_a_line(project: Project) -> None:
    """Even where colour is wanted, and a name would act on a terminal or in a CI log."""
    project.write("assistants/tutor.yaml", "kind: assistant\nkey: tutor\nmodel: gpt-4o\n")
    project.done("apply", "--yes")
    result = project.run("plan", "--color", "always", "--log-format", "json", "--target", "\x1b[31m\u202e##[error]")

    assert not set("\x1b\u202e") & set(result.err)
    assert "##[" not in result.err
    assert of(result, Event.ERROR)[0]["code"] == "usage"


def test_what_python_and_libraries_say_goes_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Logged for nobody, or warned of; and a bug is an error with its way to its place."""

    def broken() -> None:
        logging.getLogger("a.library").error("lost %s", "it\nall")
        warnings.warn("old ways", FutureWarning, stacklevel=1)
        raise RuntimeError("why")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        # pytest's own handlers would take what is logged
        root, handlers = logging.getLogger(), logging.getLogger().handlers[:]
        for handler in handlers:
            root.removeHandler(handler)
        try:
            assert exit_code_of(broken, Talk(as_json=True)) == 1
        finally:
            for handler in handlers:
                root.addHandler(handler)

    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(one["event"], one["message"]) for one in said] == [
        ("warning", "lost it\\nall"),
        ("warning", "FutureWarning: old ways"),
        ("error", "RuntimeError: why"),
        ("end", "exit code 1"),
    ]
    assert (said[2]["code"], "ASSTCTL_DEBUG=1" in said[2]["hint"]) == ("bug", True)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("plan", "--help"), ("completion", "bash")])
def test_commands_that_say_nothing_say_how_they_ended(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSTCTL_LOG_FORMAT", "json")
    assert run(arguments) == 0
    (end,) = capsys.readouterr().err.splitlines()
    assert json.loads(end)["exit_code"] == 0


def test_verbose_lines_stand_in_columns(project: Project) -> None:
    """Method and path, status, milliseconds, the request's id; and one line of all at the end."""
    err = project.run("apply", "--yes", "-v").err.splitlines()

    *requests, total = err
    assert {line.index(" ms  req_") for line in requests} == {len("GET /v1/vector_stores".ljust(64)) + 11}
    assert total.startswith(f"{len(requests)} requests, 1 of them a write; ")
    assert "; slowest " in total
    assert project.run("plan", "-v", "-q").err == ""


def test_a_wait_is_said_before_it_is_waited(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A server that asks for time is waited for, and what for is said, in both formats."""
    folder = tmp_path_factory.mktemp("server")
    for options in ([], ["--log-format", "json"]):
        with serving(folder / "server.db", "--fault", "answer=429:1:GET /assistants") as url:
            project.write(
                "asstctl.yaml",
                f"version: 1\nproject: school\ndefault_target: far\n"
                f"targets: {{far: {{provider: assistants, base_url: '{url}'}}}}\n",
            )
            result = project.run("plan", "-v", *options)
        assert result.code == 0, result
        if not options:
            assert any(
                line.startswith("waiting ") and "before try 2: 127.0.0.1" in line for line in result.err.splitlines()
            )
            assert "; 1 wait of " in result.err
            continue
        (wait,) = of(result, Event.WAIT)
        assert (wait["attempt"], wait["code"]) == (2, "rate-limited")
        assert of(result, Event.SUMMARY)[0]["waits"] == 1


def _traced(folder: Path, *arguments: str, typed: str = "", **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "asstctl", *arguments],
        cwd=folder,
        env={"PATH": "", "HOME": str(folder), "PYTHONPATH": str(ROOT), **environ},
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_a_chat_is_traced_message_by_message(project: Project) -> None:
    """With its thread, and without what was typed."""
    traced = _traced(project.root, "chat", "--log-format", "json", typed="marigold\n", OTEL_TRACES_EXPORTER="console")

    assert traced.returncode == 0, traced
    # the spans come after all that was said
    collected = traced.stdout[traced.stdout.index("\n{") :]
    assert '"name": "invoke_agent tutor"' in collected
    assert '"gen_ai.conversation.id": "thread_' in collected
    assert "marigold" not in collected
    assert json.loads(traced.stderr.splitlines()[-1])["event"] == "end"


def test_traces_that_are_wanted_and_cannot_be_sent_stop_a_command(project: Project) -> None:
    """Before anything is sent, with the line that mends it; where a machine asks in passing, nothing is said."""
    wanted = _traced(project.root, "plan", ASSTCTL_TRACE="1", OTEL_TRACES_EXPORTER="carrier_pigeon")
    passing = _traced(project.root, "plan", OTEL_TRACES_EXPORTER="carrier_pigeon")

    assert wanted.returncode == 1
    assert "no exporter 'carrier_pigeon' is installed" in wanted.stderr
    assert "asstctl[otel]" in wanted.stderr
    assert not (project.root / ".asstctl").exists() or passing.returncode == 0
    assert (passing.returncode, passing.stderr) == (0, "")


def test_a_command_is_traced_as_the_standard_variables_say(project: Project) -> None:
    """Its spans are sent before it ends; its exit code is in the span of the command."""
    traced = _traced(project.root, "plan", "--detailed-exitcode", "-q", OTEL_TRACES_EXPORTER="console")

    assert traced.returncode == 2, traced
    assert '"name": "asstctl plan"' in traced.stdout
    assert '"process.exit.code": 2' in traced.stdout
    assert '"service.name": "asstctl"' in traced.stdout


def _calls(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.Attribute | ast.keyword) else ""


@pytest.mark.parametrize("spelled", ["sys.stderr", "err=True"])
def test_nothing_but_the_talk_writes_to_stderr(spelled: str) -> None:
    """The server and `__main__`, which sets how streams are encoded, are programs of their own."""
    package = ROOT / "asstctl"
    own: tuple[Callable[[Path], bool], ...] = (
        lambda path: path == package / "cli" / "talk.py",
        lambda path: path == package / "__main__.py",
        lambda path: package / "emulator" in path.parents,
    )
    found = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for path in sorted(package.rglob("*.py"))
        if not any(is_own(path) for is_own in own)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if _calls(node) == spelled
    ]
    assert found == []
