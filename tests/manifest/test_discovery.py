"""Discovery: which files are taken, which never, and that no path leads out of the project."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.project_folder import find_project, matches
from asstctl.manifest.discovery import discover
from asstctl.manifest.project import Project
from asstctl.manifest.project_file import open_project
from tests.manifest.conftest import Write, loaded, places

A = "kind: assistant\nmodel: m\n"


@pytest.mark.parametrize(
    "glob, file, result",
    [
        ("a/**/*.yaml", "a/x.yaml", True),
        ("a/**/*.yaml", "a/b/c/x.yaml", True),
        ("a/**/*.yaml", "b/x.yaml", False),
        ("a/*.yaml", "a/b/x.yaml", False),
        ("**/*.md", "x.md", True),
        ("a/**", "a/b/c", True),
        ("a/?.yaml", "a/b.yaml", True),
        ("a/?.yaml", "a/bc.yaml", False),
        ("a/[bc].yaml", "a/c.yaml", True),
        ("**/**/**/x", "a/x", True),
        ("a/b.yaml", "a/b.yaml", True),
    ],
)
def test_globs(glob: str, file: str, result: bool) -> None:
    assert matches(glob, file) == result


def test_only_manifests_are_taken(write: Write) -> None:
    root = write(
        {
            "assistants/a.yaml": A,
            "assistants/deep/b.yaml": A,
            "assistants/c.md": f"---\n{A}---\nHello\n",
            "assistants/README.md": "# Notes\n",
            "assistants/post.md": "---\ntitle: x\n---\n",
            "assistants/a.convo.yaml": "assistant: a\n",
            "assistants/a.replies.yaml": "x",
            "assistants/a.stubs.yaml": "x",
            "assistants/.hidden.yaml": "[",
            "assistants/.dot/d.yaml": "[",
            "assistants/other/asstctl.yaml": "project: other\n",
            "assistants/other/e.yaml": "[",
            "elsewhere/f.yaml": "[",
        }
    )
    result = loaded(root)

    assert [str(one.address) for one in result.desired] == ["assistant.a", "assistant.b", "assistant.c"]
    assert result.diagnostics == ()
    assert result.files == 3
    assert result.conversations == (root / "assistants/a.convo.yaml",)


def test_a_glob_that_somebody_wrote_must_match(write: Write) -> None:
    root = write({"asstctl.yaml": "manifests: [assistants/*.yaml, 'bots/*.yaml']\n", "assistants/a.yaml": A})

    assert places(loaded(root).diagnostics) == [("empty-glob", "asstctl.yaml:1:32")]


def test_default_globs_may_match_nothing(write: Write) -> None:
    assert loaded(write({"asstctl.yaml": "version: 1\n"})).diagnostics == ()


def test_a_link_out_of_the_project_is_not_read(write: Write, tmp_path: Path) -> None:
    root = write({"assistants/a.yaml": A})
    (tmp_path / "outside.yaml").write_text(A)
    (root / "assistants/link.yaml").symlink_to(tmp_path / "outside.yaml")
    (root / "assistants/same.yaml").symlink_to(root / "assistants/a.yaml")
    result = loaded(root)

    assert places(result.diagnostics) == [("outside-project", "assistants/link.yaml:1:1")]
    assert [one.address.key for one in result.desired] == ["a", "same"]


def test_folders_behind_links_are_not_entered(write: Write) -> None:
    root = write({"assistants/a.yaml": A})
    (root / "assistants/loop").symlink_to(root / "assistants")

    assert discover(open_project(root, {})).manifests == ("assistants/a.yaml",)


def test_the_project_is_found_upwards_to_the_repository(write: Write) -> None:
    root = write({"asstctl.yaml": "version: 1\n", "a/b/x": "", "repo/.git/HEAD": "", "repo/c/x": ""})

    assert find_project(root / "a/b") == root
    assert find_project(root / "repo/c") is None


path_parts = st.sampled_from(["..", ".", "a", "b", "", ".env", ".git", ".asstctl", "out", "in", "a.md", "~"])


@given(st.lists(path_parts, min_size=1, max_size=6), st.booleans())
def test_no_path_leads_out_of_the_project(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], top: bool
) -> None:
    base = tmp_path_factory.getbasetemp() / "paths"
    root = base / "project"
    if not root.exists():
        (root / "a/b").mkdir(parents=True)
        (root / "out").symlink_to(base)
        (root / "in").symlink_to(root / "a")
    written = ("/" if top else "") + "/".join(parts)
    with suppress(PathRefused):
        real = inside(root, root / "a", written)
        assert real.is_relative_to(root.resolve())
        assert not {".git", ".asstctl", ".env"} & set(real.relative_to(root.resolve()).parts)


def test_a_tree_deeper_than_python_recurses_is_walked(tmp_path: Path) -> None:
    folders = [tmp_path / "assistants" / ("a/" * depth) for depth in range(1100)]
    for folder in folders:
        folder.mkdir()
    (tmp_path / "assistants" / "x.yaml").write_text("{}")

    assert discover(Project(tmp_path)).manifests == ("assistants/x.yaml",)

    for folder in folders[:0:-1]:  # what clears up after the tests does recurse
        folder.rmdir()


def test_a_folder_that_cannot_be_looked_into_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it holds is not absent: a plan would take it for deleted."""
    (tmp_path / "assistants" / "closed").mkdir(parents=True)
    scandir = os.scandir

    def closed(path: Path) -> object:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)

    [found] = discover(Project(tmp_path)).diagnostics

    assert (found.code, str(found.where)) == ("unreadable-folder", "assistants/closed:1:1")


def test_a_link_in_a_circle_is_a_diagnostic(write: Write) -> None:
    root = write({"assistants/a.yaml": A})
    (root / "assistants" / "self.yaml").symlink_to("self.yaml")

    assert "assistants/self.yaml:1:1" in [place for _, place in places(loaded(root).diagnostics)]
