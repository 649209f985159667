"""What a stranger's conversation file may cost offline: seconds, and a diagnostic; and nothing in it is executed."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Project

SECONDS = 8.0
"""Far more than any takes, and far less than any bomb would."""
EVIL = "(a+)+$"
SUBJECT = "a" * 40 + "!"

BOMBS = {
    "aliases": "turns: [{user: hi, expect: {contains: x}, metadata: &a [x]}]\n"
    + "".join(
        f"x{i}: &b{i} [*b{i - 1}, *b{i - 1}, *b{i - 1}, *b{i - 1}]\n" if i else "x0: &b0 [y]\n" for i in range(30)
    ),
    "nesting": "turns: [{user: hi, calls: [{f: {a: " + "[" * 5000 + "]" * 5000 + "}}]}]",
    "nested map": "turns: [{user: hi, calls: [{f: " + "{a: " * 3000 + "1" + "}" * 3000 + "}]}]",
    "template power": 'vars: {x: "{{ 9 ** 9 ** 9 }}"}\nturns: [{user: "{{ vars.x }}", expect: {contains: x}}]',
    "template product": "turns: [{user: \"{{ ('a' * 999999999) * 99 }}\", expect: {contains: x}}]",
    "template range": 'turns: [{user: "{% for a in range(10**9) %}x{% endfor %}", expect: {contains: x}}]',
    "template range list": 'turns: [{user: "{{ range(10**9) | list | length }}", expect: {contains: x}}]',
    "template pad": "turns: [{user: \"{{ 'a' | center(10**9) }}\", expect: {contains: x}}]",
    "template format": "turns: [{user: \"{{ '%0999999999d' | format(1) }}\", expect: {contains: x}}]",
    "template attribute": "turns: [{user: \"{{ ''.__class__.__mro__ }}\", expect: {contains: x}}]",
    "template doubling": "vars: {a0: xxxxxxxxxx, "
    + ", ".join(f'a{i}: "{{{{ vars.a{i - 1} }}}}{{{{ vars.a{i - 1} }}}}"' for i in range(1, 40))
    + '}\nturns: [{user: "{{ vars.a39 }}", expect: {contains: x}}]',
    "matrix": "matrix: {"
    + ", ".join(f"m{i}: [{', '.join(str(n) for n in range(10))}]" for i in range(8))
    + '}\nturns: [{user: "{{ matrix.m0 }}", expect: {contains: x}}]',
    "matrix and repeat": "matrix: {a: ["
    + ", ".join(str(n) for n in range(1000))
    + ']}\nrepeat: {runs: 1000000000, pass: 1}\nturns: [{user: "{{ matrix.a }}", expect: {contains: x}}]',
    "long line": "turns: [{user: '" + "x" * (15 * 1024 * 1024) + "', expect: {contains: x}}]",
    "large": "turns: [{user: '" + "x" * (16 * 1024 * 1024) + "', expect: {contains: x}}]",
    "many turns": "turns: [" + "{user: hi, expect: {contains: x}}, " * 20_000 + "]",
    "large number": "turns: [{user: hi, expect: {tokens: {max: " + "9" * 100_000 + "}}}]",
}
ALLOWED = {"long line", "many turns", "template doubling"}
"""Big, and nothing wrong with them."""


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_goes_off_nowhere(project: Project, bomb: str) -> None:
    """It is checked within seconds, and said to be one."""
    (project.root / "assistants/a.convo.yaml").write_text(f"assistant: tutor\n{BOMBS[bomb]}\n")
    began = time.monotonic()
    result = project.run("test", "--check")
    assert time.monotonic() - began < SECONDS
    assert "error[bug]" not in result.err + result.out
    if bomb not in ALLOWED:
        assert result.code == 1, result
        assert "assistants/a.convo.yaml" in result.err + result.out


PATTERNS = {
    "argument": f"turns: [{{user: hi, calls: [{{look: {{a: {{$regex: '{EVIL}'}}}}}}]}}]",
    "path": f"turns: [{{user: hi, calls: [{{call: look, where: {{\"$..a[?match(@, '{EVIL}')]\": x}}}}]}}]",
    "when": f"stubs: {{look: [{{when: {{a: {{$regex: '{EVIL}'}}}}, return: 1}}]}}\n"
    f"turns: [{{user: hi, calls: [{{look: {{a: {SUBJECT}}}}}]}}]",
    "reply": f"turns: [{{user: hi, expect: {{regex: '{EVIL}'}}}}]",
    "not": f"turns: [{{user: hi, expect: {{not-regex: '{EVIL}'}}}}]",
    "save": f"turns: [{{user: hi, save: {{x: {{regex: '{EVIL}'}}}}, expect: {{contains: x}}}}]",
    "schema": "turns: [{user: hi, expect: {json-schema: "
    f"{{type: string, pattern: '{EVIL}', default: {SUBJECT}}}}}}}]",
}
LOOK = """
kind: function
key: look
description: d
parameters: {type: object, properties: {a: {type: string, pattern: "(a+)+$"}}}
returns: {type: string, pattern: "(a+)+$"}
---
kind: assistant
key: tutor
name: Tutor
model: gpt-4o
instructions: You teach.
tools: [{type: function, function: look}]
"""


@pytest.mark.parametrize("place", [*PATTERNS, "schema of the function", "returns"])
def test_a_pattern_that_backtracks_costs_nothing_offline(project: Project, place: str) -> None:
    project.write("assistants/tutor.yaml", LOOK)
    checked = {
        "schema of the function": f"turns: [{{user: hi, calls: [{{look: {{a: {SUBJECT}}}}}]}}]\n"
        "stubs: {look: {return: a}}",
        "returns": f"turns: [{{user: hi, calls: [{{look: {{a: a}}}}]}}]\nstubs: {{look: {{return: {SUBJECT}}}}}",
    }
    text = PATTERNS.get(place) or checked[place]
    (project.root / "assistants/a.convo.yaml").write_text(f"assistant: tutor\n{text}\n")
    began = time.monotonic()
    result = project.run("test", "--check")
    assert time.monotonic() - began < SECONDS
    assert "error[bug]" not in result.err + result.out


CODE = """
assistant: tutor
stubs:
  look: [{when: {a: x}, python: "/evil.py:f"}, {command: [/evil.sh]}]
turns: [{user: hi, expect: {contains: hi}}]
"""
OFFLINE = (
    ("test", "--check"),
    ("test", "--list"),
    ("test", "--list", "--format", "json"),
    ("validate",),
    ("plan",),
    ("apply", "--yes"),
    ("list",),
    ("test", "--no-code"),
)


@pytest.mark.parametrize("command", OFFLINE, ids=" ".join)
def test_nothing_of_a_project_is_executed(project: Project, command: tuple[str, ...]) -> None:
    """Neither when its files are read, nor by what a checkout lays where Python and shells look."""
    mark = "open(__import__('os').path.join(__import__('os').path.dirname(__file__), 'ran'), 'w')\n"
    project.write("assistants/tutor.yaml", LOOK.replace('pattern: "(a+)+$"', "title: x"))
    project.write("assistants/a.convo.yaml", CODE)
    project.write("evil.py", f"{mark}def f(a=None):\n    return 1\n")
    project.write("evil.sh", "#!/bin/sh\ntouch ran\n").chmod(0o755)
    for name in ("conftest.py", "sitecustomize.py", "usercustomize.py", "json.py", "yaml.py", "click.py"):
        project.write(name, mark)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("asstctl")), *command],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not (project.root / "ran").exists()
    if command == ("test", "--no-code"):
        assert "1 skipped" in done.stdout
    else:
        assert done.returncode == 0, done
