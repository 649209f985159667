"""The acceptance of `validate` for knowledge and decisions: each mistake of a folder full of them, all at once."""

from pathlib import Path

import pytest

from asstctl.manifest import Loaded, load, open_project
from asstctl.providers import capabilities

EXPECTED = [
    ("01-unknown-field.yaml:3:1", "unknown-key", "did you mean `files`?"),
    ("02-chunks.yaml:6:62", "limit", "write at most 200"),
    ("03-chunk-size.yaml:5:71", "limit", "change the value"),
    ("04-attributes.yaml:5:26", "wrong-type", "change the value"),
    ("04-attributes.yaml:7:18", "reserved-metadata", "rename it"),
    ("05-expiry.yaml:3:25", "unknown-value", "choose from: last_active_at"),
    ("06-days.yaml:3:47", "limit", "lower it"),
    ("07-globs.yaml:4:5", "empty-glob", "there is no folder `assistants/docs`; a leading `/` is the project"),
    ("07-globs.yaml:5:5", "bad-path", "write `/docs/*.md`"),
    ("07-globs.yaml:6:5", "is-folder", "write `/docs/**` for all files in it"),
    (
        "07-globs.yaml:7:5",
        "empty-glob",
        "links and folders with an asstctl.yaml of their own are not entered",
    ),
    ("07-globs.yaml:8:5", "forbidden-path", "keep the text elsewhere"),
    ("07-globs.yaml:9:5", "limit", "put something in it, or leave it out"),
    ("08-references.yaml:6:21", "bad-reference", "did you mean `globs`?"),
    ("08-references.yaml:8:26", "same-file-name", "rename one of them: code sees the name alone"),
    ("09-ignored.yaml:3:18", "unknown-field", "choose from: name, expires_after, metadata, files"),
    ("10-target.yaml:3:11", "unknown-target", "did you mean `prod`?"),
    ("11-changes.yaml:3:10", "not-declared", "did you mean `vector_store.handbook`?"),
    ("11-changes.yaml:4:51", "unknown-target", "did you mean `prod`?"),
    (
        "11-changes.yaml:6:12",
        "still-declared",
        "it is declared at assistants/08-references.yaml:1:1; remove one of them",
    ),
    ("11-changes.yaml:6:38", "not-declared", "declare it, or remove this entry"),
    ("11-changes.yaml:7:5", "bad-move", "remove what is no longer true"),
    ("11-changes.yaml:8:5", "bad-move", "remove what is no longer true"),
    ("11-changes.yaml:9:11", "missing-key", "add `delete:`"),
    ("11-changes.yaml:10:28", "unknown-field", "did you mean `name`?"),
    ("12-kind.yaml:1:7", "unknown-kind", "did you mean `vector_store`?"),
]


@pytest.fixture(scope="module")
def mistaken() -> Loaded:
    project = Path(__file__).parent / "knowledge_mistakes"
    return load(open_project(project, {}), "local", capabilities={"local": capabilities("local")})


def test_every_mistake_is_one_diagnostic(mistaken: Loaded) -> None:
    """Each is said once, at its place, with its way on, and none hides another."""
    found = [(str(one.where).removeprefix("assistants/"), one.code, one.hint) for one in mistaken.diagnostics]

    assert found == EXPECTED


def test_every_one_shows_its_line(mistaken: Loaded) -> None:
    assert all(one.where and one.where.text for one in mistaken.diagnostics)
