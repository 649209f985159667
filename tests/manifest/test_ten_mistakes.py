"""The acceptance of `validate`: ten mistakes of ten sorts in one folder are ten diagnostics, all at once."""

import shutil
from pathlib import Path

import pytest

from asstctl.core.capabilities import Capabilities, Limit
from asstctl.manifest import Loaded, load, open_project

LIMITS = Capabilities("assistants", {}, {"assistant": {"temperature": Limit(minimum=0, maximum=2)}})

EXPECTED = [
    ("assistants/01-syntax.yaml:3:29", "yaml-syntax"),
    ("assistants/02-unknown-key.yaml:4:1", "unknown-key"),
    ("assistants/03-duplicate-key.yaml:5:1", "duplicate-key"),
    ("assistants/05-second.yaml:2:1", "duplicate-address"),
    ("assistants/06-wrong-type.yaml:4:10", "wrong-type"),
    ("assistants/07-bad-reference.yaml:6:15", "bad-reference"),
    ("assistants/08-undefined-variable.yaml:3:17", "undefined-variable"),
    ("assistants/09-symlink.yaml:4:22", "outside-project"),
    ("assistants/10-limit.yaml:4:14", "limit"),
    ("assistants/11-strict-rule.yaml:10:3", "strict-required"),
]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    project = tmp_path / "project"
    shutil.copytree(Path(__file__).parent / "ten_mistakes", project)
    secret = tmp_path / "outside.txt"
    secret.write_text("not yours")
    (project / "assistants/shared/outside.txt").symlink_to(secret)
    return load(open_project(project, {}), "local", capabilities={"local": LIMITS})


def test_ten_mistakes_are_ten_diagnostics(loaded: Loaded) -> None:
    """Each is said once, at its place, and none hides another."""
    found = [(str(one.where), one.code) for one in loaded.diagnostics]

    assert found == EXPECTED


def test_every_one_shows_its_line_and_a_way_on(loaded: Loaded) -> None:
    """A diagnostic holds all that is needed to show it: summary, source line, hint."""
    for one in loaded.diagnostics:
        assert one.where is not None
        assert one.summary
        assert one.where.text
        assert one.hint


@pytest.mark.parametrize(
    "code, words",
    [
        ("unknown-key", "did you mean `instructions`?"),
        ("duplicate-key", "line 4"),
        ("duplicate-address", "assistants/04-first.yaml:1:1"),
        ("bad-reference", "did you mean `ask_database`?"),
        ("undefined-variable", "did you mean `model`?"),
        ("strict-required", "`limit` is missing"),
    ],
)
def test_hints_name_the_way_on(loaded: Loaded, code: str, words: str) -> None:
    """A hint says what to write, not that something is wrong."""
    hint = next(one.hint for one in loaded.diagnostics if one.code == code)

    assert words in hint


def test_a_limit_names_the_target(loaded: Loaded) -> None:
    """Limits differ by target, so the message says whose it is."""
    summary = next(one.summary for one in loaded.diagnostics if one.code == "limit")

    assert summary == "`temperature` is 2.5, and target `local` takes at most 2"
