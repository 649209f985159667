"""Files to upload: what a path and a glob mean, and that nothing else is ever opened."""

import hashlib
import os
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.capabilities import Capabilities, Limit
from asstctl.core.diagnostic import Where
from asstctl.core.knowledge import LocalFile
from asstctl.documents.contents import BLOCK, Contents, measure
from asstctl.manifest.files import Files
from asstctl.manifest.limits import largest_file
from asstctl.manifest.local_files import LocalFiles
from tests.manifest.conftest import Write

HERE = Where("assistants/k.yaml", 3, 5)

TREE = {
    "asstctl.yaml": "version: 1\n",
    "assistants/k.yaml": "x",
    "assistants/a.md": "a",
    "assistants/sub/b.md": "b",
    "docs/c.md": "c",
    "docs/deep/er/d.md": "d",
    "docs/deep/e.txt": "e",
    "docs/.hidden.md": "h",
    "docs/.folder/x.md": "x",
    "docs/other/asstctl.yaml": "version: 1\n",
    "docs/other/y.md": "y",
    ".git/config": "secret",
    ".env": "secret",
    "sub/.asstctl/local.db": "secret",
}


def found(root: Path, written: str, base: str = "assistants") -> tuple[list[str], list[tuple[str, str, str]]]:
    """The paths that something written in a file of a folder means, and what is wrong, all of it at that place."""
    files, wrong = LocalFiles(Files(root)).matching(root / base, written, HERE)
    assert {one.where for one in wrong} <= {HERE}
    return [one.path for one in files], [(one.code, one.summary, one.hint) for one in wrong]


@pytest.mark.parametrize(
    "written, paths",
    [
        ("a.md", ["assistants/a.md"]),
        ("./a.md", ["assistants/a.md"]),
        ("*.md", ["assistants/a.md"]),
        ("**/*.md", ["assistants/a.md", "assistants/sub/b.md"]),
        ("sub/**", ["assistants/sub/b.md"]),
        ("/docs/*.md", ["docs/c.md"]),
        ("/docs/**", ["docs/c.md", "docs/deep/e.txt", "docs/deep/er/d.md"]),
        ("/docs/**/*.md", ["docs/c.md", "docs/deep/er/d.md"]),
        ("/docs//deep/*", ["docs/deep/e.txt"]),
        ("/docs/[c-d].md", ["docs/c.md"]),
        ("/d?cs/c.md", ["docs/c.md"]),
        ("/*", []),
        ("/**/c.md", ["docs/c.md"]),
    ],
)
def test_a_path_is_relative_to_its_file_and_a_slash_is_the_project(
    write: Write, written: str, paths: list[str]
) -> None:
    assert found(write(TREE), written)[0] == paths


def test_a_folder_whose_name_looks_like_a_glob_is_itself(write: Write) -> None:
    root = write({"a[1]/x.md": "1", "a1/x.md": "2"})

    assert found(root, "*.md", "a[1]") == (["a[1]/x.md"], [])
    assert found(root, "x.md", "a[1]") == (["a[1]/x.md"], [])


@pytest.mark.parametrize(
    "written, code, words",
    [
        ("none.md", "missing-file", "a leading `/` is the project"),
        ("*.pdf", "empty-glob", "check the folder and the ending"),
        ("/dosc/*.md", "empty-glob", "there is no folder `dosc`"),
        ("/docs/other/*.md", "empty-glob", "are not entered"),
        ("/docs/other/y.md", "bad-path", "in this project"),
        ("/docs", "is-folder", "write `/docs/**`"),
        ("sub/", "is-folder", "write `sub/**`"),
        ("../docs/c.md", "bad-path", "write `/docs/c.md`"),
        ("../docs/*.md", "bad-path", "write `/docs/*.md`"),
        ("../../x/*.md", "outside-project", "copy the file"),
        ("/../etc/passwd", "outside-project", "copy the file"),
        ("/etc/passwd", "missing-file", "a leading `/` is the project"),
        ("/asstctl.yaml", "forbidden-path", "another file"),
        ("/.git/config", "forbidden-path", "elsewhere"),
        ("/.GIT/config", "forbidden-path", "elsewhere"),
        ("/.git/*", "forbidden-path", "elsewhere"),
        ("/sub/.asstctl/*.db", "forbidden-path", "elsewhere"),
        ("/.env", "forbidden-path", "elsewhere"),
        ("/.env.local", "forbidden-path", "elsewhere"),
        ("/docs/.hidden.md", "forbidden-path", "dot"),
        ("/docs/.*", "forbidden-path", "dot"),
        ("/[.]git/config", "empty-glob", ""),
        ("/?env", "empty-glob", ""),
        ("", "bad-path", "folders and a file"),
        ("/", "bad-path", "folders and a file"),
        (".", "is-folder", "write `./**`"),
        ("a\0b", "bad-path", "folders and a file"),
        ("..\\x", "bad-path", "folders and a file"),
        pytest.param("x" * 300 + "/y.md", "unreadable-file", "check", id="long name"),
        pytest.param("x/" * 3000 + "y.md", "", "check", id="long path"),
        pytest.param("x/" * 3000 + "*.md", "empty-glob", "there is no folder", id="long glob"),
    ],
)
def test_what_means_no_file_is_one_error_at_its_place(write: Write, written: str, code: str, words: str) -> None:
    paths, wrong = found(write(TREE), written)

    assert paths == []
    assert len(wrong) == 1
    assert code in wrong[0][0]
    assert words in wrong[0][2]


@pytest.mark.parametrize(
    "link, to, code",
    [
        ("docs/link.md", "/etc/passwd", "outside-project"),
        ("docs/link.md", "../../outside.md", "outside-project"),
        ("docs/link.md", "../.git/config", "forbidden-path"),
        ("docs/link.md", "../.env", "forbidden-path"),
        ("docs/link.md", ".hidden.md", "forbidden-path"),
        ("docs/link.md", "../sub/.asstctl/local.db", "forbidden-path"),
        ("docs/link.md", "other/y.md", "forbidden-path"),
        ("docs/link.md", "link.md", "bad-path"),
        ("docs/link.md", "/dev/zero", "outside-project"),
        ("docs/link.md", "gone.md", "missing-file"),
    ],
)
def test_a_link_leads_only_to_what_could_be_named(write: Write, link: str, to: str, code: str) -> None:
    root = write(TREE)
    (root / link).symlink_to(to)

    for written in ("/docs/link.md", "/docs/l*.md"):
        paths, wrong = found(root, written)
        assert (paths, [one[0] for one in wrong]) == ([], [code])


def test_a_link_in_the_project_is_a_file_of_its_own_name(write: Write) -> None:
    root = write(TREE)
    (root / "docs/link.md").symlink_to("c.md")
    [one] = LocalFiles(Files(root)).matching(root, "docs/link.md", HERE)[0]

    assert (one.path, one.source) == ("docs/link.md", root / "docs/c.md")


def test_links_to_folders_are_not_entered(write: Write, tmp_path: Path) -> None:
    root = write(TREE)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.md").write_text("not yours")
    (root / "docs/out").symlink_to(outside)
    (root / "docs/circle").symlink_to(root)
    (root / "docs/inner").symlink_to("deep")

    assert found(root, "/docs/**")[0] == ["docs/c.md", "docs/deep/e.txt", "docs/deep/er/d.md"]
    codes = [found(root, f"/docs/{name}")[1][0][0] for name in ("out/*", "out/x.md", "inner/e.txt", "inner/*.txt")]
    assert codes == ["empty-glob", "outside-project", "bad-path", "empty-glob"]


@pytest.mark.parametrize("written", ["odd/pipe", "odd/socket", "odd/link", "odd/*", "odd/l*"])
def test_pipes_and_sockets_are_never_waited_for(tmp_path: Path, written: str) -> None:
    (tmp_path / "odd").mkdir()
    os.mkfifo(tmp_path / "odd/pipe")
    (tmp_path / "odd/link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        os.chdir(tmp_path)  # a socket's name has to be short
        bound.bind("odd/socket")
        paths, wrong = found(tmp_path, written, "")

    assert paths == []
    assert [one[0] for one in wrong] == ["unreadable-file"]


def test_a_file_that_vanishes_meanwhile_is_said(write: Write) -> None:
    root = write({"a.md": "a", "b.md": "b"})
    files = LocalFiles(Files(root))
    assert [one.path for one in files.matching(root, "a*.md", HERE)[0]] == ["a.md"]
    (root / "b.md").unlink()

    [wrong] = files.matching(root, "b*.md", HERE)[1]
    assert (wrong.code, wrong.where) == ("missing-file", HERE)


@pytest.mark.parametrize("name", ["a\nb.md", "a\x1b[2Jb.md", "a\r::error::b.md", "a\u2028b.md", b"a\xffb.md"])
def test_a_name_that_cannot_be_printed_is_refused_and_not_repeated(tmp_path: Path, name: str | bytes) -> None:
    (tmp_path / os.fsdecode(name)).write_text("x")
    paths, [(code, summary, _)] = found(tmp_path, "*.md", "")

    assert (paths, code) == ([], "bad-path")
    assert summary.isascii()
    assert summary.isprintable()


def test_names_of_any_language_are_taken(tmp_path: Path) -> None:
    names = ["für alle.md", "课程\u3000表.md", "’quoted’ & <b>.md"]
    for name in names:
        (tmp_path / name).write_text("x")

    assert found(tmp_path, "*.md", "") == (sorted(names), [])


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_what_may_not_be_read_is_said_where_it_is_named(write: Write) -> None:
    root = write({"shut/x.md": "x", "open/y.md": "y"})
    (root / "open/y.md").chmod(0)
    (root / "shut").chmod(0)
    try:
        codes = [found(root, written, "")[1][0][0] for written in ("open/*.md", "shut/*.md", "**/*.md")]
    finally:
        (root / "shut").chmod(0o700)

    assert codes == ["unreadable-file", "unreadable-folder", "unreadable-folder"]


def test_more_files_than_anybody_means_are_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for number in range(12):
        os.mkfifo(tmp_path / f"many/{number}.fifo")
        (tmp_path / f"many/{number}.md").symlink_to("nowhere")

    files = LocalFiles(Files(tmp_path), most_matches=10)
    assert files.matching(tmp_path, "many/1*.md", HERE)[1][0].code == "missing-file"
    paths, [wrong] = files.matching(tmp_path, "many/*", HERE)
    assert paths == []
    assert (wrong.code, wrong.summary) == ("too-many-files", "`many/*` matches 12 files, and at most 10 are taken")

    [wrong] = LocalFiles(Files(tmp_path), most_seen=10).matching(tmp_path, "many/1.m*", HERE)[1]
    assert (wrong.code, wrong.summary) == ("too-many-files", "there are more than 10 files below `many`")


def test_a_deep_tree_is_walked_without_recursion(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(400):
        folder /= "d"
    folder.mkdir(parents=True)
    (folder / "x.md").write_text("x")

    assert found(tmp_path, "**/x.md", "")[0] == ["d/" * 400 + "x.md"]


def test_a_file_is_measured_once_a_load(write: Write) -> None:
    root = write({"a.md": "one"})
    files = LocalFiles(Files(root))
    [first], _ = files.matching(root, "a.md", HERE)
    (root / "a.md").write_text("changed")
    [second], _ = files.matching(root, "*.md", HERE)

    assert first is second
    assert first == LocalFile("a.md", 3, hashlib.sha256(b"one").hexdigest(), root / "a.md")


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_hashes_are_of_the_whole_file(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "x").write_bytes(data)

    assert measure(tmp_path / "x") == Contents(size, hashlib.sha256(data).hexdigest())


def test_a_file_that_no_target_takes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.truncate(1 << 40)

    assert measure(tmp_path / "x", at_most=1 << 30) == Contents(1 << 40, "")


@pytest.mark.parametrize(
    "bounds, most",
    [([], None), ([{}], None), ([{"files[].bytes": 5}], 5), ([{"files[].bytes": 5}, {"x.file_ids[].bytes": 9}], 9)],
)
def test_how_much_is_read_depends_on_the_most_generous_target(
    bounds: list[Mapping[str, float]], most: int | None
) -> None:
    known = [
        Capabilities("w", {}, {"k": {name: Limit(maximum=value) for name, value in one.items()}}) for one in bounds
    ]

    assert largest_file(known) == most


SEGMENTS = (
    "..",
    ".",
    "",
    ".git",
    ".GIT",
    ".env",
    "[.]env",
    "?git",
    "*",
    "**",
    "docs",
    "config",
    "link",
    "other",
    "*.md",
)
ALLOWED = {"assistants/k.yaml", "assistants/a.md", "assistants/sub/b.md", "docs/c.md", "docs/deep/er/d.md"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for name, text in TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "docs/link").symlink_to("../.git")
    (root / "docs/outside.md").symlink_to("/etc/passwd")
    return root


@given(st.lists(st.sampled_from(SEGMENTS), max_size=6).map("/".join), st.sampled_from(["", "docs", "assistants/sub"]))
def test_nothing_else_is_ever_named(project: Path, written: str, base: str) -> None:
    paths, wrong = found(project, written, base)

    assert set(paths) <= {*ALLOWED, "docs/deep/e.txt"}
    assert paths or wrong
