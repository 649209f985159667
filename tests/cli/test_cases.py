"""End to end on the embedded provider: the numbered folders of cases/, each a project and its steps.

A line of `steps.txt` is one of these; indented lines below a command are parts of what it prints, in order.

    run ARGUMENTS          the command ends with 0            code N ARGUMENTS     it ends with N
    json N ARGUMENTS       it ends with N and prints JSON     without TEXT         the last command did not print it
    writes POST=2          the last command's writes, by their method; none named means none at all
    live files=3           how many objects the server of `local` holds
    write PATH             a file of the indented lines       remove GLOB          files that go
    rewrite PATH A => B    another text in a file             many PATTERN N       files of one line each
    create KIND JSON       what somebody makes by hand        edit NAME JSON       and changes
    copy NAME              and copies, mark and all           digest               remember the plan's digest

`{id}` is the id of what was last created, `{digest}` the digest remembered. Every case ends with a plan that is
empty and an apply that writes nothing.
"""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Project, Result
from tests.cli.test_edits import call_live, edit_live, live

CASES = Path(__file__).parent / "cases"
COLLECTIONS = {"assistants": "/assistants", "vector_stores": "/vector_stores", "files": "/files"}


class Played:
    """One case as it is played."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.words = {"id": "", "digest": ""}
        self.last = Result(0, "", "")

    def step(self, line: str, below: list[str], *, counted: bool) -> None:
        verb, _, rest = line.partition(" ")
        getattr(self, f"do_{verb}")(self._filled(rest), [self._filled(text) for text in below], counted)

    def do_run(self, rest: str, below: list[str], counted: bool) -> None:
        self.do_code(f"0 {rest}", below, counted)

    def do_code(self, rest: str, below: list[str], counted: bool) -> None:
        code, _, arguments = rest.partition(" ")
        self.last = self.project.run(*arguments.split(), *(["-v"] if counted else []))
        assert self.last.code == int(code), (rest, self.last)
        self._says(below)

    def do_json(self, rest: str, below: list[str], counted: bool) -> None:
        self.do_code(f"{rest} --format json", [], counted)
        json.loads(self.last.out)
        self._says(below)

    def do_without(self, rest: str, below: list[str], counted: bool) -> None:
        assert rest not in self.last.out + self.last.err

    def do_writes(self, rest: str, below: list[str], counted: bool) -> None:
        expected = {method: int(number) for method, _, number in (word.partition("=") for word in rest.split())}
        assert writes(self.last) == expected, self.last.err

    def do_live(self, rest: str, below: list[str], counted: bool) -> None:
        for word in rest.split():
            name, _, number = word.partition("=")
            assert len(self._everything(name)) == int(number), word

    def do_write(self, rest: str, below: list[str], counted: bool) -> None:
        self.project.write(rest, "".join(f"{line}\n" for line in below))

    def do_rewrite(self, rest: str, below: list[str], counted: bool) -> None:
        name, _, change = rest.partition(" ")
        old, _, new = change.partition(" => ")
        path = self.project.root / name
        assert old in path.read_text("utf-8")
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    def do_remove(self, rest: str, below: list[str], counted: bool) -> None:
        found = list(self.project.root.glob(rest))
        assert found
        for path in found:
            path.unlink()

    def do_many(self, rest: str, below: list[str], counted: bool) -> None:
        pattern, number = rest.split()
        for n in range(int(number)):
            self.project.write(pattern % n, f"Page {n}.\n")

    def do_create(self, rest: str, below: list[str], counted: bool) -> None:
        kind, _, body = rest.partition(" ")
        self.words["id"] = call_live(self.project, "POST", f"/{kind}", json.loads(body))["id"]

    def do_edit(self, rest: str, below: list[str], counted: bool) -> None:
        name, _, body = rest.partition(" ")
        edit_live(self.project, json.loads(body), name)

    def do_copy(self, rest: str, below: list[str], counted: bool) -> None:
        (found,) = [one for one in live(self.project) if one["name"] == rest]
        copied = {name: found[name] for name in ("name", "model", "instructions", "metadata", "temperature")}
        call_live(self.project, "POST", "/assistants", copied)

    def do_digest(self, rest: str, below: list[str], counted: bool) -> None:
        self.words["digest"] = json.loads(self.project.done("plan", "--format", "json", *rest.split()))["digest"]

    def _everything(self, name: str) -> list[dict[str, Any]]:
        if name == "attached":
            stores = self._everything("vector_stores")
            return [one for store in stores for one in self._listed(f"/vector_stores/{store['id']}/files")]
        return self._listed(COLLECTIONS[name])

    def _listed(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = call_live(self.project, "GET", f"{path}?limit=100")["data"]
        return found

    def _filled(self, text: str) -> str:
        for name, value in self.words.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def _says(self, parts: list[str]) -> None:
        printed, at = self.last.out + self.last.err, 0
        for part in parts:
            found = printed.find(part, at)
            assert found >= 0, f"{part!r} is not in\n{printed[at:]}"
            at = found + len(part)


def writes(result: Result) -> dict[str, int]:
    """The requests of a -v run that are not reads, by method."""
    methods = (line.split(" ", 1)[0] for line in result.err.splitlines())
    return dict(Counter(method for method in methods if method in ("POST", "DELETE")))


def steps_of(text: str) -> list[tuple[str, list[str]]]:
    steps: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("  "):
            steps[-1][1].append(line[2:])
        elif line and not line.startswith("#"):
            steps.append((line, []))
    return steps


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_case(name: str, empty: Project) -> None:
    """The folder's first comment says what it shows."""
    shutil.copytree(CASES / name / "project", empty.root, dirs_exist_ok=True)
    played = Played(empty)
    steps = steps_of((CASES / name / "steps.txt").read_text("utf-8"))
    for number, (line, below) in enumerate(steps):
        counted = any(later.startswith("writes") for later, _ in steps[number + 1 : number + 2])
        played.step(line, below, counted=counted)

    again = empty.run("apply", "--yes", "-v")

    assert (again.code, writes(again)) == (0, {}), again
    assert empty.run("plan", "--detailed-exitcode").code == 0
