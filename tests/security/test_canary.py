"""One secret through every command, format and fault: no byte of it in any output or file."""

import base64
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx2
import pytest

from asstctl.cli import COMMANDS
from asstctl.cli.boundary import exit_code_of
from asstctl.core.errors import Refused
from asstctl.render.json.log import Event
from tests.cli.conftest import TUTOR, Project, Result
from tests.contract.conftest import serving
from tests.security.hostile import MODES, hostile

CANARIES = {
    "CANARY_KEY": "sk-canary/Kq7+Zt2=Wm9&x",
    "CANARY_HEADER": "AstraCS:canary%41header-Rv5",
    "CANARY_SECRET": "canary secret/of+a variable",
    "CANARY_JUDGE": "sk-judge/canary+Hn3=Tq8%w",
}

ROWS: dict[str, tuple[tuple[str, ...], ...]] = {
    "init": (("init",),),
    "validate": (("validate",), ("validate", "--format", "json")),
    "fmt": (("fmt",), ("fmt", "--check", "--diff")),
    "plan": (
        ("plan",),
        ("plan", "--format", "json"),
        ("plan", "--all-targets"),
        ("plan", "--all-targets", "--format", "json"),
        ("plan", "--drift-only"),
        ("plan", "--out", "plan.json"),
    ),
    "apply": (("apply", "plan.json", "--yes"), ("apply", "--yes"), ("apply", "--yes", "--format", "json")),
    "promote": (("promote", "--from", "near", "--to", "far"), ("promote", "--from", "far", "--to", "near", "--yes")),
    "pull": (("pull", "--check"), ("pull", "--yes"), ("pull", "--all", "--yes"), ("pull", "--yes", "--format", "json")),
    "adopt": (("adopt", "assistant.tutor", "--yes"), ("adopt", "assistant.tutor", "asst_x", "--yes", "--record")),
    "migrate": (
        ("migrate", "saved.json", "--to", "openai", "--report-only"),
        ("migrate", "saved.json", "--to", "openai", "--format", "json"),
        ("migrate", "saved.json", "--report-only", "--format", "markdown"),
        ("migrate", "--from", "far"),
    ),
    "undo": (("undo",), ("undo", "--yes"), ("undo", "--yes", "--format", "json")),
    "test": (
        ("test",),
        ("test", "--format", "json"),
        ("test", "--live", "--junit", "junit.xml", "--jsonl", "lines.jsonl", "--html", "report.html"),
        ("test", "--format", "html"),
        ("test", "--format", "junit"),
        ("test", "--format", "jsonl"),
        ("test", "--list"),
        ("test", "--check"),
    ),
    "test merge": (("test", "merge", "lines.jsonl", "--junit", "all.xml", "--html", "all.html"),),
    "test import": (
        ("test", "import", "thread_x"),
        ("test", "import", "thread_x", "--assistant", "tutor", "--into", "assistants/brought.convo.yaml"),
    ),
    "chat": (("chat",), ("chat", "tutor", "--keep"), ("chat", "--live")),
    "test gc": (("test", "gc"), ("test", "gc", "--all", "--format", "json")),
    "list": (("list",), ("list", "--format", "json"), ("list", "--format", "env")),
    "show": (("show", "tutor"), ("show", "tutor", "--format", "json")),
    "explain": (
        ("explain", "tutor"),
        ("explain", "tutor", "--format", "json"),
        ("explain", "tutor.instructions", "--offline"),
    ),
    "serve": (("serve", "--replies", "nowhere.yaml"),),
    "destroy": (("destroy", "--yes"), ("destroy", "--yes", "--format", "json")),
    "ci": (("ci",),),
    "ci validate": (("ci", "validate", "--out", "ci-validate"),),
    "ci plan": (("ci", "plan", "--out", "ci-plan"), ("ci", "plan", "--format", "markdown")),
    "ci test": (("ci", "test", "--out", "ci-test"), ("ci", "test", "--live", "--format", "json")),
    "ci apply": (("ci", "apply", "--out", "ci-apply"),),
    "ci drift": (("ci", "drift", "--all-targets", "--out", "ci-drift"), ("ci", "drift", "--format", "json")),
    "doctor": (("doctor",), ("doctor", "-v"), ("doctor", "--format", "json")),
    "schema": (("schema", "project"), ("schema", "--out", "schemas"), ("schema", "--out", "schemas", "--check")),
    "schema function": (
        ("schema", "function", "tool.py:ask"),
        ("schema", "function", "tool.py:ask", "--out", "ask.yaml"),
        ("schema", "function", "tool.py:ask", "--out", "ask.yaml", "--check"),
    ),
    "completion": (("completion", "bash"),),
}
"""How each command is run; `serve`, which would go on, has a test of its own beside its row."""

TYPED = "hello\n/attach asstctl.yaml\n/save-test assistants/said.convo.yaml\n/new\nhello again\n"
"""What is typed into a command that reads it."""

CONVERSATION = """
assistant: tutor
turns:
  - user: hello there
    expect: {icontains: hello}
"""


def forms_of(secret: str) -> Iterator[bytes]:
    """The secret as it is, and as people and programs encode it."""
    plain = secret.encode()
    for text in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield text.encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        inner = encoded[(shift * 8 + 5) // 6 : (shift + len(plain)) * 8 // 6]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")
    # a cut-off secret is still half a secret
    yield plain[: len(plain) // 2]


FORMS = tuple(form for secret in CANARIES.values() for form in forms_of(secret))


def leaks(result: Result, root: Path) -> list[str]:
    """Where a secret stands: in an output, or in a file of the project."""
    places = {"stdout": result.out.encode(), "stderr": result.err.encode()}
    places |= {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return [f"{place}: {form!r}" for place, content in places.items() for form in FORMS if form in content]


class Typing(io.StringIO):
    """Lines that begin anew for whoever reads after their end."""

    def readline(self, size: int | None = -1, /) -> str:
        line = super().readline(-1 if size is None else size)
        if not line:
            self.seek(0)
        return line


@pytest.fixture
def canary(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose environment holds the secrets."""
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ASSTCTL_DEBUG", "1")
    monkeypatch.setattr("sys.stdin", Typing(TYPED))
    project.write("assistants/tutor.convo.yaml", CONVERSATION)
    project.write("tool.py", "def ask(query: str) -> str: ...\n")
    project.write("saved.json", json.dumps({"object": "assistant", "model": "m", "name": "Saved"}))
    return project


def point_at(project: Project, base_url: str, target: str) -> None:
    project.write(
        "asstctl.yaml",
        f"""
        version: 1
        project: school
        default_target: {target}
        vars: {{hidden: {{env: CANARY_SECRET, secret: true}}}}
        test: {{judges: {{default: {{base_url: {base_url}, api_key: {{env: CANARY_JUDGE}}, model: m}}}}}}
        targets:
          far:
            provider: assistants
            base_url: {base_url}
            api_key: {{env: CANARY_KEY}}
            headers: {{x-canary: {{env: CANARY_HEADER}}}}
          near:
            provider: local
            replies: {{chat: {{base_url: {base_url}, api_key: {{env: CANARY_KEY}}, models: {{"*": m}}}}}}
        """,
    )


def test_every_command_has_a_row() -> None:
    """A new command has to be shown to keep a secret."""
    assert COMMANDS.keys() <= ROWS.keys()


def run_all(project: Project, *options: str) -> dict[tuple[str, ...], Result]:
    """Every row of every command that there is, each looked at at once."""
    done = {}
    for name in COMMANDS:
        for row in ROWS[name]:
            result = done[row] = project.run(*row, *options)
            assert leaks(result, project.root) == [], (row, result)
            assert "error[bug]" not in result.err, (row, result.err)
    return done


@pytest.mark.parametrize(
    ("target", "mode"),
    [*(("far", mode) for mode in MODES), *(("near", mode) for mode in ("401", "500", "redirect", "no json"))],
)
def test_no_command_shows_what_a_server_repeats(canary: Project, target: str, mode: str) -> None:
    """Whatever a provider, or a model behind the local server, makes of the secrets it was sent."""
    seen: list[str] = []
    with hostile(mode, seen) as url:
        point_at(canary, url, target)
        run_all(canary, "-v")
    assert f"Bearer {CANARIES['CANARY_KEY']}" in seen


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operator", ["rubric", "similar"])
def test_no_test_shows_what_a_judge_repeats(canary: Project, mode: str, operator: str) -> None:
    """Whatever a judge makes of its key."""
    seen: list[str] = []
    canary.write(
        "assistants/judged.convo.yaml", f"assistant: tutor\nturns: [{{user: hi, expect: {{{operator}: x}}}}]\n"
    )
    with hostile(mode, seen) as url:
        judge = f"base_url: {url}, api_key: {{env: CANARY_JUDGE}}, model: m, embedding_model: e"
        canary.write("asstctl.yaml", f"version: 1\ntest: {{judges: {{default: {{{judge}}}}}}}\n")
        results = [canary.run("test", *options) for options in (("-v",), ("--format", "json"))]
    for result in results:
        assert leaks(result, canary.root) == [], result
        assert result.code == 3, result
    assert f"Bearer {CANARIES['CANARY_JUDGE']}" in seen


def test_no_command_keeps_a_secret_where_all_goes_well(
    canary: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Plans, saved plans, journals and databases of a whole story hold none of it."""
    database = tmp_path_factory.mktemp("server") / "server.db"
    with serving(database, "--api-key", CANARIES["CANARY_KEY"]) as url:
        point_at(canary, url, "far")
        done = run_all(canary, "-v")
    # a row that is no command line any more would show nothing
    assert [row for row, result in done.items() if "Usage:" in result.err] == []
    codes = {row: done[row].code for row in (("plan",), ("apply", "plan.json", "--yes"), ("destroy", "--yes"))}
    assert set(codes.values()) == {0}, done
    assert not any(form in database.read_bytes() for form in FORMS)


@pytest.mark.parametrize("mode", ["401", None])
def test_every_line_of_a_json_log_is_one_object_without_a_secret(
    canary: Project, tmp_path_factory: pytest.TempPathFactory, mode: str | None
) -> None:
    """Of every command, whether it fails or not; the last line is its exit code."""
    database = tmp_path_factory.mktemp("server") / "server.db"
    with hostile(mode) if mode else serving(database, "--api-key", CANARIES["CANARY_KEY"]) as url:
        point_at(canary, url, "far")
        done = run_all(canary, "-v", "--log-format", "json")
    for row, result in done.items():
        lines = [json.loads(line) for line in result.err.splitlines()]
        assert {line["event"] for line in lines} <= {*Event}, row
        assert all(line.keys() >= {"time", "level", "event", "message"} for line in lines), row
        assert (lines[-1]["event"], lines[-1]["exit_code"]) == ("end", result.code), row
        assert [line["event"] for line in lines].count("end") == 1, row
        assert [line for line in lines if line.get("code") == "bug"] == [], row


def test_a_secret_that_was_said_is_not_brought_in(canary: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A thread that holds one is refused, and the message does not repeat it."""
    with serving(tmp_path_factory.mktemp("server") / "server.db") as url:
        point_at(canary, url, "far")
        said = [{"role": "user", "content": f"it is {CANARIES['CANARY_SECRET']}"}]
        with httpx2.Client(trust_env=False) as client:
            thread = client.post(f"{url}/threads", json={"messages": said}).json()["id"]
        result = canary.run("test", "import", thread, "-v")
    assert result.code == 1
    assert "would hold a secret" in " ".join(result.err.split())
    assert leaks(result, canary.root) == []


@pytest.mark.parametrize("name", CANARIES)
def test_a_secret_in_a_manifest_is_refused_and_not_shown(canary: Project, name: str) -> None:
    """Written out, or by its variable: no plan, and no message that quotes the line."""
    point_at(canary, "http://127.0.0.1:9/v1", "near")
    canary.write("assistants/tutor.yaml", TUTOR.replace("You teach mathematics to beginners.", f"'{CANARIES[name]}'"))
    for row in (("validate",), ("plan",), ("apply", "--yes"), ("plan", "--format", "json")):
        result = canary.run(*row, "-v")
        assert result.code == 1, row
        # what its author typed there stays in that file alone
        (canary.root / "assistants/tutor.yaml").rename(canary.root.parent / "aside")
        assert leaks(result, canary.root) == []
        (canary.root.parent / "aside").rename(canary.root / "assistants/tutor.yaml")


def test_a_traceback_shows_no_secret(canary: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """With ASSTCTL_DEBUG a bug prints where it happened; its message may hold anything."""

    def broken() -> None:
        try:
            raise ValueError(f"illegal header value 'Bearer {CANARIES['CANARY_KEY']}'\n::add-mask::x")
        except ValueError as error:
            raise RuntimeError(f"GET /v1?key={quote(CANARIES['CANARY_KEY'], safe='')}") from error

    assert exit_code_of(broken) == 1

    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert not any(line.lstrip().startswith("::") for line in printed.splitlines())
    key = tuple(forms_of(CANARIES["CANARY_KEY"]))
    assert not any(form in printed.encode() for form in key), printed


def test_serve_shows_no_secret(canary: Project) -> None:
    """The ready line, the access log and the replies of a model that repeats the key."""
    with hostile("401") as url:
        point_at(canary, url, "near")
        command = [sys.executable, "-m", "asstctl", "serve", "--port", "0", "-v"]
        process = subprocess.Popen(
            command, cwd=canary.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert leaks(Result(0, (first + out).decode(), err.decode()), canary.root) == []


def test_no_error_of_ours_holds_an_attribute_with_a_secret() -> None:
    """An error is its words: nothing else of it can be shown by a format to come."""
    assert set(vars(Refused("s", detail="d", hint="h"))) == {"summary", "detail", "hint"}
