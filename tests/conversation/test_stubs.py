"""Stubs: which rule answers, what each kind says, and what a child process may see and do."""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from asstctl.conversation.answers import Stubs, Transcript
from asstctl.conversation.stubs import STUBS, child
from asstctl.conversation.stubs.child import call_function, child_environment
from asstctl.conversation.stubs.kind import StubFailed
from asstctl.conversation.stubs.rules import Rules, read_rules
from asstctl.core.conversation import CallMade, Failure, FailureKind
from asstctl.core.diagnostic import Diagnostic, Where
from asstctl.core.thread import ToolCall
from asstctl.documents.yaml import parse_one
from tests.conversation.fakes import until

pytestmark = pytest.mark.anyio

ENVIRONMENT = child_environment(os.environ, {})
CODE = """\
import os
import sys
from helper import DOUBLE

def double(n):
    print("noise on standard output")
    return {"twice": n * DOUBLE, "text": "周三"}

def text():
    return "as it is"

def boom(query):
    raise ValueError(f"no such table: {query}")

def environment():
    return sorted(os.environ)

def unserialisable():
    return {1, 2}

def leave():
    sys.exit(3)

def die():
    print("last words", file=sys.stderr, flush=True)
    os._exit(4)

def large():
    return "x" * 3_000_000

def lines():
    raise ValueError("x\\n  y\\n")

def _hidden():
    pass

def isolated():
    return [sys.flags.isolated, sys.flags.dont_write_bytecode, os.getcwd()]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "project"
    (root / "stubs").mkdir(parents=True)
    (root / "stubs" / "code.py").write_text(CODE, encoding="utf-8")
    (root / "stubs" / "helper.py").write_text("DOUBLE = 2\n")
    return root


def read(project: Path, text: str) -> tuple[Rules, tuple[Diagnostic, ...]]:
    document, problems = parse_one(text, "stubs/x.stubs.yaml")
    assert document is not None
    rules, more = read_rules(document, (), file=project / "stubs" / "x.stubs.yaml", root=project)
    return rules, (*problems, *more)


@dataclass
class Answered:
    """One call with its output, or with the failure that it is instead."""

    made: CallMade
    failure: Failure | None


async def answer(project: Path, text: str, name: str, arguments: str = "{}") -> Answered:
    rules, problems = read(project, text)
    assert problems == ()
    call = ToolCall("call_1", name, arguments)
    heard = Transcript()
    (output,) = await Stubs(rules, ENVIRONMENT).answer_all([call], heard, Where("a.convo.yaml", 9))
    ((made,), failure) = heard.calls, heard.failures[0] if heard.failures else None
    assert (output, heard.waiting) == (made.output or "", {})
    return Answered(made, failure)


RULES = """\
f:
  - when: {id: 1}
    return: one
  - when: {id: {$gt: 10}}
    return: {big: true, 名: 值}
  - when: {name: {$icontains: a}}
    template: '{"q": {{ args.name | tojson }}, "n": {{ args.id }}}'
g: {return: ""}
h: {return: null}
"""


@pytest.mark.parametrize(
    "name, arguments, output",
    [
        ("f", '{"id": 1, "name": "a"}', "one"),
        ("f", '{"id": 11}', '{"big": true, "名": "值"}'),
        ("f", '{"id": 2, "name": "\\"A\\""}', '{"q": "\\"A\\"", "n": 2}'),
        ("g", "", ""),
        ("h", "{}", "null"),
    ],
)
async def test_the_first_rule_that_fits_answers(project: Path, name: str, arguments: str, output: str) -> None:
    """A text is returned as it is, anything else as JSON, a template rendered with the arguments."""
    answered = await answer(project, RULES, name, arguments)

    assert answered.failure is None
    assert answered.made.output == output


async def test_a_call_that_no_rule_fits_is_a_failure_that_shows_the_closest(project: Path) -> None:
    """By the argument that made the difference."""
    answered = await answer(project, RULES, "f", '{"id": 2}')

    assert answered.made.output is None
    assert answered.failure is not None
    assert answered.failure.kind is FailureKind.CALL_UNEXPECTED
    assert answered.failure.message == (
        "`f` was called, and none of its stubs answers these arguments (3 rules; this is the closest)"
    )
    assert [(m.path, m.expected, m.actual) for m in answered.failure.mismatches] == [("id", "1", "2")]


async def test_a_call_without_a_stub_is_a_failure(project: Path) -> None:
    """Nothing is made up for it."""
    answered = await answer(project, RULES, "x")

    assert answered.failure is not None
    assert answered.failure.kind is FailureKind.CALL_UNEXPECTED
    assert answered.failure.message == (
        "`x` was called, and no stub answers it; "
        "add one under `stubs:` in a.convo.yaml, or to a file that `test.use` names"
    )
    assert answered.failure.where == Where("a.convo.yaml", 9)


async def test_arguments_that_are_no_object_reach_no_stub(project: Path) -> None:
    """What the model wrote is shown instead."""
    answered = await answer(project, RULES, "g", "[1]")

    assert answered.failure is not None
    assert answered.failure.kind is FailureKind.CALL_ARGS


@pytest.mark.parametrize(
    "template, words",
    [
        ("{{ args.nme }}", "the template names `nme`, which the call does not have; choose from: id"),
        ("{{ id }}", "the template names `id`, which the call does not have; write `args.id`"),
        ("{{ vars.id }}", "the template names `vars`, which the call does not have; did you mean `args`?"),
        ("{{ args.id * 10 ** 99999 }}", "the template works with numbers that are too large"),
    ],
)
async def test_a_template_that_fails_says_why(project: Path, template: str, words: str) -> None:
    """As a failure of the stub, at its line."""
    answered = await answer(project, f"f: {{template: '{template}'}}", "f", '{"id": 2}')

    assert answered.failure is not None
    assert answered.failure.kind is FailureKind.STUB_ERROR
    assert answered.failure.message == f"the stub of `f` failed: {words}"
    assert answered.failure.where is not None
    assert str(answered.failure.where) == "stubs/x.stubs.yaml:1:4"


async def test_a_python_stub_is_called_by_name_and_may_print(project: Path) -> None:
    """A neighbour can be imported, and standard output spoils nothing."""
    answered = await answer(project, 'f: {python: "code.py:double"}', "f", '{"n": 21}')

    assert answered.made.output == '{"twice": 42, "text": "周三"}'


async def test_a_leading_slash_is_the_project(project: Path) -> None:
    """And a text result stays as it is."""
    answered = await answer(project, "f: {python: /stubs/code.py:text}", "f")

    assert answered.made.output == "as it is"


@pytest.mark.parametrize(
    "name, arguments, words",
    [
        ("boom", '{"query": "Courses"}', "stubs/code.py:13: ValueError: no such table: Courses"),
        (
            "boom",
            '{"limit": 1}',
            "stubs/code.py:12: TypeError: boom() got an unexpected keyword argument 'limit'",
        ),
        ("unserialisable", "{}", "stubs/code.py:18: TypeError: Object of type set is not JSON serializable"),
        ("lines", "{}", "stubs/code.py:32: ValueError: x y"),
        ("leave", "{}", "stubs/code.py:22: SystemExit: 3"),
        ("die", "{}", "ended with status 4 and no answer: last words"),
        ("large", "{}", "answered with more than 1 MiB"),
    ],
)
async def test_a_python_stub_that_fails_says_where(project: Path, name: str, arguments: str, words: str) -> None:
    """The last line of the traceback, and the innermost line of the project."""
    answered = await answer(project, f'f: {{python: "code.py:{name}"}}', "f", arguments)

    assert answered.failure is not None
    assert answered.failure.kind is FailureKind.STUB_ERROR
    assert answered.failure.message == f"the stub of `f` failed: {words}"


async def test_a_child_sees_only_what_is_allowed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH, HOME, LANG and the named variables; isolated, in the project's folder, leaving nothing behind."""
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("LANG", "C.UTF-8")
    environment = child_environment(os.environ, {"COURSES_DB": "courses.db"})
    code = project / "stubs" / "code.py"

    names = await call_function(code, "environment", {}, root=project, environment=environment)
    flags = await call_function(code, "isolated", {}, root=project, environment=environment)

    assert set(names[2:-2].split('", "')) - {"LC_CTYPE"} == {"PATH", "HOME", "LANG", "COURSES_DB"}
    assert flags == f'[1, 1, "{project}"]'
    assert sorted(p.name for p in (project / "stubs").iterdir()) == ["code.py", "helper.py"]


async def test_a_child_that_takes_too_long_is_ended_with_all_it_started(project: Path) -> None:
    """Its own children included."""
    code = project / "stubs" / "slow.py"
    code.write_text(
        "import pathlib, subprocess, time\n"
        "def slow(pid):\n"
        "    child = subprocess.Popen(['sleep', '60'])\n"
        "    pathlib.Path(pid).write_text(str(child.pid))\n"
        "    time.sleep(60)\n"
    )
    pid = project / "pid"
    started = time.monotonic()

    with pytest.raises(StubFailed, match=r"took longer than 0\.5 s"):
        await call_function(code, "slow", {"pid": str(pid)}, root=project, environment=ENVIRONMENT, seconds=0.5)

    assert time.monotonic() - started < 5
    await until(lambda: not _runs(int(pid.read_text())))


async def test_a_cancelled_call_leaves_no_child(project: Path) -> None:
    """Ctrl-C in the middle of a stub ends it."""
    code = project / "stubs" / "slow.py"
    code.write_text(
        "import os, pathlib, time\n"
        "def slow(pid):\n    pathlib.Path(pid).write_text(str(os.getpid()))\n    time.sleep(60)\n"
    )
    pid = project / "pid"
    call = asyncio.create_task(call_function(code, "slow", {"pid": str(pid)}, root=project, environment=ENVIRONMENT))
    await until(lambda: pid.exists() and pid.read_text())

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert not _runs(int(pid.read_text()))


def _runs(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be reaped by somebody else."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text() if Path("/proc").is_dir() else ""
        os.kill(pid, 0)
    except (ProcessLookupError, FileNotFoundError):
        return False
    return ") Z " not in state


def _escapes(project: Path) -> None:
    outside = project.parent / "outside.py"
    outside.write_text("def f(): ...\n")
    (project / "stubs" / "link.py").symlink_to(outside)
    (project / "linked").symlink_to(project.parent)
    (project / "stubs" / "circle.py").symlink_to("circle.py")
    (project / ".git").mkdir()
    (project / ".git" / "hook.py").write_text("def f(): ...\n")
    (project / "stubs" / "syntax.py").write_text("def f(:\n")
    (project / "stubs" / "star.py").write_text("from os.path import *\n")


@pytest.mark.parametrize(
    "written, code",
    [
        ("../../outside.py:f", "outside-project"),
        ("/../outside.py:f", "outside-project"),
        ("link.py:f", "outside-project"),
        ("/linked/outside.py:f", "outside-project"),
        ("/.git/hook.py:f", "forbidden-path"),
        ("circle.py:f", "bad-path"),
        ("none.py:f", "missing-file"),
        ("syntax.py:f", "stub-code"),
        ("code.py:doubel", "stub-code"),
        ("code.py", "stub-shape"),
        ("code.txt:f", "stub-shape"),
        ("code.py:f()", "stub-shape"),
        ("code.py:class", "stub-code"),
    ],
)
def test_code_outside_of_the_project_is_refused(project: Path, written: str, code: str) -> None:
    """By where a path really leads, when the file is read: nothing is executed to find out."""
    _escapes(project)

    rules, (problem,) = read(project, f'f: {{python: "{written}"}}')

    assert (problem.code, rules["f"]) == (code, ())
    assert problem.hint
    assert str(problem.where) == "stubs/x.stubs.yaml:1:13"


def test_a_function_that_is_not_there_is_shown_its_neighbours_in_order(project: Path) -> None:
    """Those of the file itself, and neither modules nor what is private."""
    _, (far,) = read(project, 'f: {python: "code.py:qqq"}')
    _, (near,) = read(project, 'f: {python: "code.py:doubel"}')

    assert (
        far.hint == "choose from: boom, die, double, environment, isolated, large, leave, lines, text, unserialisable"
    )
    assert near.hint == "did you mean `double`?"


@pytest.mark.parametrize("written", ["code.py:DOUBLE", "code.py:os", "star.py:join"])
def test_any_name_that_a_file_binds_will_do(project: Path, written: str) -> None:
    """Imported or assigned; behind `import *` it cannot be told."""
    _escapes(project)

    _, problems = read(project, f'f: {{python: "{written}"}}')

    assert problems == ()


def test_only_python_runs_code(project: Path) -> None:
    """What `--no-code` forbids is known from what was read."""
    rules, _ = read(project, "return: {return: 1}\ntemplate: {template: x}\npython: {python: 'code.py:text'}\n")

    assert set(rules) == set(STUBS)
    assert {key for key, (rule,) in rules.items() if rule.answer.runs_code} == {"python"}


async def test_a_child_that_cannot_start_is_a_failure_of_the_stub(project: Path) -> None:
    """Here for want of a folder to start in."""
    with pytest.raises(StubFailed, match="no child process could be started: No such file or directory"):
        await call_function(project / "stubs" / "code.py", "text", {}, root=project / "none", environment=ENVIRONMENT)


OWN_ANSWER = """\
import os

def f():
    for descriptor in range(3, 9):
        try:
            os.write(descriptor, SAID)
        except OSError:
            pass
    os._exit(0)
"""


@pytest.mark.parametrize(
    "said",
    [b"[]", b"5", b'{"error": 5}', b'{"output": ["x"]}', b"[" * 5000, b'{"output": "\\ud800"}', b'{"place": 1}'],
)
async def test_code_that_answers_in_its_own_way_is_a_stub_that_failed(tmp_path: Path, said: bytes) -> None:
    """The code under test can find the pipe that its answer goes through."""
    (tmp_path / "own.py").write_text(OWN_ANSWER.replace("SAID", repr(said)))

    with pytest.raises(StubFailed, match="no answer"):
        await call_function(tmp_path / "own.py", "f", {}, root=tmp_path, environment=ENVIRONMENT)


async def test_a_hundred_calls_in_one_breath_start_few_children_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most = 0, 0

    async def talk(process: object, request: bytes) -> tuple[bytes, bytes]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return b'{"output": ""}', b""

    class Process:
        pid, returncode = 2**22 + 1, 0

        async def wait(self) -> int:
            return 0

    async def start(root: Path, environment: object) -> Process:
        return Process()

    monkeypatch.setattr(child, "_talk", talk)
    monkeypatch.setattr(child, "_start", start)
    call = call_function(tmp_path, "f", {}, root=tmp_path, environment={})
    await asyncio.gather(call, *(call_function(tmp_path, "f", {}, root=tmp_path, environment={}) for _ in range(99)))

    assert 1 < most <= child.AT_ONCE
