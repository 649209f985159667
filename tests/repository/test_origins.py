"""Every origin that `explain` names, in every sample project: the line holds the key or the value, and is the place
that `validate` would point to."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from asstctl.core.diagnostic import has_errors
from asstctl.core.explanation import Explained
from asstctl.core.origin import Origin, Source
from asstctl.manifest import load, open_project
from asstctl.manifest.provenance import Provenance, Subject, names_of
from asstctl.providers import capabilities
from tests.repository.consoles import ROOT

PROJECTS = [ROOT, *sorted(path for path in (ROOT / "examples").iterdir() if (path / "asstctl.yaml").is_file())]
WHOLE = (Source.FILE, Source.TEMPLATE, Source.MARKDOWN, Source.INCLUDE)
"""What is a value as a whole: its first line holds no key of it."""


def explained(root: Path) -> Iterator[tuple[Provenance, Subject, Explained]]:
    """Every value of a project on every target that can be loaded here."""
    names = re.findall(r"env: *(\w+)", (root / "asstctl.yaml").read_text("utf-8"))
    project = open_project(root, {name: f"value-of-{name}" for name in names})
    for target in project.targets.values():
        loaded = load(project, target.name, capabilities={target.name: capabilities(target.provider)})
        if has_errors(loaded.diagnostics):
            continue
        answers = Provenance(project, loaded, target.name, target.provider)
        for address in loaded.declared:
            subject = answers.subject(address)
            assert subject is not None
            for name in names_of(subject):
                found = answers.field(subject, name)
                assert found is not None
                yield answers, subject, found


def origins(one: Explained) -> Iterator[tuple[Explained, Origin]]:
    """All places that are named for a value, but for those that hold it as a whole."""
    for value in one.every:
        places = [*(said.origin for said in value.said), *value.via, *value.includes]
        places += [said.origin for variable in value.variables for said in variable.said]
        yield from ((value, origin) for origin in places if origin.where)


@pytest.mark.parametrize("root", PROJECTS, ids=lambda path: path.name)
def test_the_line_of_an_origin_holds_the_key_or_the_value(root: Path) -> None:
    seen = 0
    for _, subject, one in explained(root):
        for value, origin in origins(one):
            assert origin.where is not None
            lines = (root / origin.where.path).read_text("utf-8").splitlines() or [""]
            assert origin.where.line <= max(origin.where.line, origin.last_line) <= len(lines)
            line = lines[origin.where.line - 1]
            assert origin.where.text in (line, "")
            words = {*value.name.split("."), subject.address.key, "kind", "function", "type", "vars"}
            words |= {variable.name for variable in value.variables} | {str(value.value)}
            seen += 1
            if origin.source not in WHOLE:
                assert any(word and word in line for word in words), (value.name, origin, line)
    assert seen


@pytest.mark.parametrize("root", PROJECTS, ids=lambda path: path.name)
def test_the_place_of_a_field_is_that_of_its_diagnostics(root: Path) -> None:
    """`Desired.places` is what plans, notes and errors of the loader point to."""
    held = 0
    for answers, subject, one in explained(root):
        desired = next((d for d in answers.loaded.desired if d.address == subject.address), None)
        if desired is None or one.name not in desired.fields or not one.declared:
            continue
        origin = one.via[-1] if one.via else one.origin
        assert origin is not None
        if origin.source is not Source.MARKDOWN and one.name in desired.places:
            expected = desired.places[one.name]
            by_key = one.name == "name" and expected == desired.where
            held += 1
            assert by_key or origin.where == expected, one.name
    assert held
