"""Stubs: which rule answers, what each kind says, and what a child process may see and do."""

import asyncio
import gc
import os
import re
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from asstctl.conversation.late import Late
from asstctl.conversation.playing.answers import Stubs, Transcript
from asstctl.conversation.stubs import STUBS, child
from asstctl.conversation.stubs.child import call_command, call_function, child_environment
from asstctl.conversation.stubs.fault import FAULTS
from asstctl.conversation.stubs.kind import StubFailed, StubRule
from asstctl.conversation.stubs.returned import misfits_of
from asstctl.conversation.stubs.returns import Fixed
from asstctl.conversation.stubs.rules import Rules, read_rules
from asstctl.core.conversation import CallMade, Failure, FailureKind
from asstctl.core.diagnostic import Diagnostic, Where
from asstctl.core.json_types import Json
from asstctl.core.thread import ToolCall
from asstctl.documents.yaml import parse_one
from tests.conversation.fakes import until
from tests.conversation.stub_samples import RETURNS, SAMPLES, VALUES, StubSample, write_files

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


BEHAVIOURS = """\
import os, subprocess, time

def answers(): return "x"
def dies(): os._exit(3)
def floods():
    while True: os.write(1, b"x" * 65536)
def leaves_one():
    subprocess.Popen(["sleep", "2"], start_new_session=True)  # it holds the pipes
    time.sleep(60)
"""


def _left_open(work: Callable[[], Awaitable[object]]) -> list[str]:
    """What the interpreter complains of after work in a loop of its own, which ends with it."""

    async def done() -> None:
        with suppress(StubFailed, asyncio.CancelledError):
            await work()

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        asyncio.run(done())
        gc.collect()
    return [str(one.message) for one in said]


@pytest.mark.parametrize(
    ("function", "seconds"), [("answers", 5), ("dies", 5), ("floods", 0.2), ("leaves_one", 0.2), ("none_of_them", 5)]
)
def test_a_child_leaves_nothing_open_however_it_ends(tmp_path: Path, function: str, seconds: float) -> None:
    file = tmp_path / "own.py"
    file.write_text(BEHAVIOURS)

    def work() -> Awaitable[str]:
        return call_function(file, function, {}, root=tmp_path, environment=ENVIRONMENT, seconds=seconds)

    assert _left_open(work) == []


@pytest.mark.parametrize("second", [None, 1, 2])
def test_a_call_that_is_cancelled_at_any_moment_leaves_nothing_open(tmp_path: Path, second: int | None) -> None:
    """And cancelled once more while it ends, as one is whose whole surroundings are cancelled."""
    file = tmp_path / "own.py"
    file.write_text(BEHAVIOURS)

    async def cancelled(after: int) -> None:
        call = call_function(file, "leaves_one", {}, root=tmp_path, environment=ENVIRONMENT)
        task = asyncio.create_task(call)
        for steps in (after, second):
            for _ in range(steps or 0):
                await asyncio.sleep(0)
            if steps is not None:
                task.cancel()
        await task

    left = {after: found for after in range(14) if (found := _left_open(lambda after=after: cancelled(after)))}
    assert left == {}


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


def test_only_python_and_commands_run_code(project: Path) -> None:
    """What `--no-code` forbids is known from what was read, be it inside another answer."""
    (project / "run").write_text("#!/bin/sh\n")
    (project / "run").chmod(0o755)
    rules, problems = read(
        project,
        """
return: {return: 1}
template: {template: x}
fault: {fault: empty}
sequence: {sequence: [{return: 1}]}
python: {python: 'code.py:text'}
command: {command: [/run]}
slow: {fault: {slow: 1, command: [/run]}}
second: {sequence: [{return: 1}, {python: 'code.py:text'}]}
""",
    )

    assert problems == ()
    assert set(rules) >= set(STUBS)
    ran = {key for key, (rule,) in rules.items() if rule.answer.runs_code}
    assert ran == {"python", "command", "slow", "second"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.title)
async def test_a_sample_answers_as_the_page_says(tmp_path: Path, sample: StubSample) -> None:
    """Calls of one playing, in their order."""
    write_files(tmp_path)
    rules, problems = read(tmp_path, sample.yaml)
    assert problems == ()
    stubs = Stubs(rules, ENVIRONMENT, VALUES, returns=RETURNS)

    for call in sample.calls:
        heard = Transcript()
        await stubs.answer_all([ToolCall("call_1", sample.function, call.arguments)], heard, Where("a.convo.yaml", 9))

        assert heard.calls == [CallMade(sample.function, call.arguments, call.output)]
        assert [failure.message for failure in heard.failures] == ([call.failure] if call.failure else [])
        differs = [(m.path, m.expected, m.actual) for failure in heard.failures for m in failure.mismatches]
        assert differs == ([call.differs] if call.differs else [])


def test_every_kind_has_a_sample() -> None:
    """And every fault."""
    assert {sample.kind for sample in SAMPLES} == set(STUBS)
    assert {f"`fault: {word}`" for word in FAULTS} <= {sample.title for sample in SAMPLES}


@pytest.mark.parametrize(
    "written, code, summary, column",
    [
        ("{sequence: {return: 1}}", "stub-shape", "`sequence` is not a list of answers", 15),
        ("{sequence: []}", "stub-shape", "`sequence` is not a list of answers", 15),
        ("{sequence: [{return: 1}, {fault: oops}]}", "stub-shape", "`fault` names no fault", 37),
        ("{sequence: [5]}", "wrong-type", "a stub's rule must be a map", 16),
        (
            "{sequence: [{when: {a: 1}, return: 1}]}",
            "unknown-key",
            "`when` is not a field of a stub's rule",
            17,
        ),
        ("{sequence: [{return: 1}], then: again}", "stub-shape", "`then` is `fail` or `last`", 36),
        ("{return: 1, then: last}", "unknown-key", "`then` does not go with `return`", 16),
        ("{return: 1, timeout: 5}", "unknown-key", "`timeout` does not go with `return`", 16),
        ("{python: 'code.py:text', timeout: 0}", "stub-shape", "`timeout` is not a number of seconds", 38),
        ("{python: 'code.py:text', timeout: true}", "stub-shape", "`timeout` is not a number of seconds", 38),
        ("{fault: {slow: 1}}", "stub-shape", "`slow` only waits, and says no answer", 12),
        ("{fault: {slow: -1, return: 1}}", "stub-shape", "`slow` is not a number of seconds", 19),
        ("{fault: {return: 1}}", "stub-shape", "`fault` names no fault", 12),
        ("{command: ls}", "stub-shape", "`command` is not a list of words", 14),
        ("{command: []}", "stub-shape", "`command` is not a list of words", 14),
        ("{command: [/stubs/code.py, 5]}", "stub-shape", "`command` is not a list of words", 14),
        ("{command: [ls]}", "missing-file", "`ls` does not exist", 15),
        ("{command: [/bin/sh]}", "missing-file", "`/bin/sh` does not exist", 15),
        ("{command: [../../run]}", "outside-project", "`../../run` leads out of the project through `..`", 15),
        ("{command: [code.py]}", "stub-code", "`code.py` is not a program that can be run", 15),
        ("{return: 1, template: x}", "stub-shape", "a stub's rule has both `return` and `template`", 16),
        ("fail", "wrong-type", "a stub's rule must be a map", 4),
    ],
)
def test_a_rule_that_is_none_is_refused_at_its_place(
    project: Path, written: str, code: str, summary: str, column: int
) -> None:
    """With a hint that says how it is written."""
    rules, (problem,) = read(project, f"f: {written}")

    assert rules["f"] == ()
    assert (problem.code, problem.summary) == (code, summary)
    assert str(problem.where) == f"stubs/x.stubs.yaml:1:{column}"
    assert problem.hint


def test_all_that_is_wrong_with_a_sequence_is_said_at_once(project: Path) -> None:
    """Each answer at its place."""
    _, problems = read(project, "f: {sequence: [{fault: oops}, {template: 5}, {python: x}], then: no}")

    assert [problem.summary for problem in problems] == [
        "`fault` names no fault",
        "`template` is not a text",
        "`python` does not name a function of a file",
        "`then` is `fail` or `last`",
    ]


async def test_calls_of_one_breath_take_the_answers_of_a_sequence_in_their_order(project: Path) -> None:
    """However long the first takes; another playing begins anew."""
    text = "f: {sequence: [{fault: {slow: 0.02, return: one}}, {return: two}]}"
    rules, problems = read(project, text)
    assert problems == ()
    asked = [ToolCall(f"call_{i}", "f", "{}") for i in range(2)]

    for _ in range(2):
        outputs = await Stubs(rules, ENVIRONMENT).answer_all(asked, Transcript(), Where("a.convo.yaml", 9))
        assert outputs == ("one", "two")


@pytest.mark.parametrize(
    "text, name, output",
    [
        ('{"*": {template: "{{ args.id }}"}}', "g", "1"),
        ('{"*": empty}', "g", ""),
        ('{"*": [{when: {id: 1}, return: one}, {return: other}]}', "g", "one"),
        ('{f: {when: {id: 2}, return: x}, "*": {return: every}}', "f", "every"),
        ('{f: {return: own}, "*": {return: every}}', "f", "own"),
    ],
)
async def test_the_star_answers_what_no_other_rule_does(project: Path, text: str, name: str, output: str) -> None:
    """By rules of its own, or by a word."""
    assert (await answer(project, text, name, '{"id": 1}')).made.output == output


async def test_a_star_that_fails_is_no_stub(project: Path) -> None:
    """The failure is that of a call that nothing answers."""
    answered = await answer(project, '{f: {when: {id: 2}, return: x}, "*": fail}', "g")

    assert answered.failure is not None
    assert answered.failure.message.startswith("`g` was called, and no stub answers it")


@pytest.mark.parametrize(
    "output, fits",
    [
        ('{template: "{\\"id\\": 1}"}', True),
        ("{return: {id: 1}}", True),
        ("{return: 5}", False),
        ("{fault: malformed}", True),
        ("{fault: {slow: 0.001, return: 5}}", False),
    ],
)
async def test_what_a_stub_answers_is_held_to_returns(project: Path, output: str, fits: bool) -> None:
    """But for faults, which are not what the function returns."""
    rules, problems = read(project, f"f: {output}")
    assert problems == ()
    heard = Transcript()
    stubs = Stubs(rules, ENVIRONMENT, returns={"f": {"type": "object"}})

    await stubs.answer_all([ToolCall("call_1", "f", "{}")], heard, Where("a.convo.yaml", 9))

    assert [failure.kind for failure in heard.failures] == ([] if fits else [FailureKind.STUB_ERROR])


@pytest.mark.parametrize("said, schema", [("5", "string"), ("5", "integer"), ("x", "string"), ("", "string")])
def test_an_output_may_be_read_as_json_or_as_text(said: str, schema: str) -> None:
    """A text that happens to be JSON is still a text."""
    assert misfits_of(said, {"type": schema}) == ()


async def test_what_was_saved_reaches_rules_and_answers(project: Path) -> None:
    """A rule that waits for what is not saved yet fits no call."""
    ref = Late.of("{{ saved.ref }}", {})
    where = Where("a.convo.yaml", 3)
    rules = {"f": (StubRule({"id": ref}, Fixed({"got": ref}), where), StubRule({}, Fixed("none"), where))}
    saved: dict[str, Json] = {}
    stubs = Stubs(rules, ENVIRONMENT, saved=saved)

    async def asked(arguments: str) -> tuple[str, ...]:
        return await stubs.answer_all([ToolCall("call_1", "f", arguments)], Transcript(), where)

    assert await asked('{"id": "R-9"}') == ("none",)
    saved["ref"] = "R-9"
    assert await asked('{"id": "R-9"}') == ('{"got": "R-9"}',)
    assert await asked('{"id": "R-1"}') == ("none",)


COMMANDS = {
    "echo": "cat",
    "two-lines": r"printf 'a\nb\n\n'",
    "deaf": "echo heard nothing",
    "large": "head -c 3000000 /dev/zero | tr '\\0' x",
    "binary": r"printf '\377\376'",
    "complains": "echo first >&2; echo last >&2; exit 3",
    "environment": "env | cut -d= -f1 | sort | tr '\\n' ' '",
    "folder": "pwd",
    "words": 'echo "$@"',
}


@pytest.mark.parametrize(
    "name, output",
    [
        ("echo", '{"n": 1, "text": "周三"}'),
        ("two-lines", "a\nb\n"),
        ("deaf", "heard nothing"),
        ("words", "$HOME; ls *"),
        ("folder", "{root}"),
        ("large", "! answered with more than 1 MiB"),
        ("binary", "! what it printed is not UTF-8 text"),
        ("complains", "! ended with status 3: last"),
        ("broken", "! it could not be started: No such file or directory"),
        ("slow", "! took longer than 0.5 s"),
    ],
)
async def test_a_command_gets_arguments_on_its_input_and_its_output_is_the_answer(
    project: Path, name: str, output: str
) -> None:
    """Without a shell, and bounded in time and size."""
    program = project / "program"
    program.write_text("#!/bin/sh\n" + COMMANDS.get(name, "sleep 60") + "\n", encoding="utf-8")
    if name == "broken":
        program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    call = call_command(
        (str(program), "$HOME; ls *"),
        {"n": 1, "text": "周三"},
        root=project,
        environment=ENVIRONMENT,
        seconds=0.5 if name == "slow" else 30,
    )

    if output.startswith("! "):
        with pytest.raises(StubFailed, match=re.escape(output[2:])):
            await call
    else:
        assert await call == output.format(root=project) if name == "folder" else await call == output


async def test_a_command_sees_only_what_is_allowed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a Python stub sees."""
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("LANG", "C.UTF-8")
    program = project / "program"
    program.write_text("#!/bin/sh\n" + COMMANDS["environment"] + "\n")
    program.chmod(0o755)

    environment = child_environment(os.environ, {"COURSES_DB": "c.db"})
    names = await call_command([str(program)], {}, root=project, environment=environment)

    assert set(names.split()) - {"LC_CTYPE", "PWD", "OLDPWD", "SHLVL", "_"} == {"PATH", "HOME", "LANG", "COURSES_DB"}


async def test_arguments_that_nobody_reads_hold_nothing_up(project: Path) -> None:
    """However many there are."""
    program = project / "program"
    program.write_text("#!/bin/sh\necho done\n")
    program.chmod(0o755)

    said = await call_command([str(program)], {"text": "x" * 500_000}, root=project, environment=ENVIRONMENT)

    assert said == "done"


PARENT = """
import asyncio, os, sys
from pathlib import Path
from asstctl.conversation.stubs.child import call_command, call_function

root = Path(sys.argv[1])
environment = {"PATH": os.environ["PATH"]}
calls = [
    call_function(root / "slow.py", "slow", {"pid": str(root / "python.pid")}, root=root, environment=environment),
    call_command([str(root / "slow.sh")], {}, root=root, environment=environment),
]

async def main():
    await asyncio.gather(*calls)

asyncio.run(main())
"""


async def test_no_child_outlives_one_that_was_killed(tmp_path: Path) -> None:
    """Nor what it has started: the end of its input tells a child that nobody waits for it."""
    (tmp_path / "slow.py").write_text(
        "import pathlib, subprocess, time\n"
        "def slow(pid):\n"
        "    child = subprocess.Popen(['sleep', '60'])\n"
        "    pathlib.Path(pid).write_text(str(child.pid))\n"
        "    time.sleep(60)\n"
    )
    (tmp_path / "slow.sh").write_text("#!/bin/sh\nsleep 60 &\necho $! > command.pid\nwait\n")
    (tmp_path / "slow.sh").chmod(0o755)
    pids = [tmp_path / "python.pid", tmp_path / "command.pid"]
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(tmp_path))
    await until(lambda: all(pid.exists() and pid.read_text().strip() for pid in pids))

    parent.kill()
    await parent.wait()

    for pid in pids:
        await until(lambda pid=pid: not _runs(int(pid.read_text())))


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

    async def asked(*anything: object) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return ""

    monkeypatch.setattr(child, "_asked", asked)
    call = call_function(tmp_path, "f", {}, root=tmp_path, environment={})
    await asyncio.gather(call, *(call_function(tmp_path, "f", {}, root=tmp_path, environment={}) for _ in range(99)))

    assert 1 < most <= child.AT_ONCE
