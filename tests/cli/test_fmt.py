"""`asstctl fmt`: which files it lays out, what it says and writes, and that this repository's own are laid out."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from asstctl.workspace.fmt import fmt, key_order
from tests.cli.conftest import Project
from tests.repository.consoles import ROOT

UGLY = "name:   Tutor\nkind: assistant\nmodel: m\ntools:\n- type: code_interpreter\n"
NEAT = "kind: assistant\nname: Tutor\nmodel: m\ntools:\n  - type: code_interpreter\n"
PROJECT = "version: 1\nproject: school\n"


def test_the_files_of_a_project_get_their_layout(empty: Project) -> None:
    """Project file, manifests, Markdown, conversations, stubs and replies, wherever the project file names them."""
    empty.write(
        "asstctl.yaml", "project: p\nversion: 1\ntargets: {local: {provider: local, replies: {script: said.yaml}}}\n"
    )
    empty.write("said.yaml", "rules:\n- say:   x\n")
    empty.write("assistants/a.yaml", UGLY)
    empty.write("assistants/b.md", "---\nname:   B\nkind: assistant\n---\n- body   \n")
    empty.write("assistants/note.md", "---\ntitle:   no manifest\n---\n")
    empty.write("assistants/a.convo.yaml", "turns:\n- user:   hi\nassistant: a\n")
    empty.write("assistants/a.stubs.yaml", "stubs: { }\nversion: 1\n")
    empty.write("assistants/a.replies.yaml", "rules:\n- say:   x\n")
    other = empty.write("other.yaml", "not:   ours\n")

    out = empty.done("fmt")

    assert out.splitlines() == [
        "asstctl.yaml",
        *(f"assistants/a.{name}" for name in ("convo.yaml", "replies.yaml", "stubs.yaml", "yaml")),
        *("assistants/b.md", "said.yaml", "7 files formatted."),
    ]
    assert (empty.root / "assistants/a.yaml").read_text() == NEAT
    assert (empty.root / "assistants/b.md").read_text() == "---\nkind: assistant\nname: B\n---\n- body   \n"
    assert (empty.root / "assistants/a.convo.yaml").read_text() == "assistant: a\nturns:\n  - user: hi\n"
    assert other.read_text() == "not:   ours\n"
    assert empty.done("fmt", "--check") == "7 files left as they are.\n"


def test_check_and_diff_write_nothing(project: Project) -> None:
    """`--check` fails where something would change, `--diff` shows it."""
    file = project.write("assistants/tutor.yaml", UGLY)

    checked = project.run("fmt", "--check")
    shown = project.run("fmt", "--diff")

    assert (checked.code, checked.out.splitlines()[0]) == (1, "assistants/tutor.yaml")
    assert shown.code == 0
    assert "-name:   Tutor" in shown.out.splitlines()
    assert "1 file would be formatted and 1 file left as it is." in shown.out
    assert file.read_text() == UGLY
    assert project.run("fmt", "--check", "--diff").code == 1


def test_a_file_that_cannot_be_read_keeps_no_other_from_it(project: Project) -> None:
    """Its errors are said, its text stays, and the exit code is 1; the project file may be the one."""
    for broken in ("asstctl.yaml", "assistants/broken.yaml"):
        project.write(broken, "a: [\n")
        project.write("assistants/tutor.yaml", UGLY)

        result = project.run("fmt")

        assert result.code == 1
        assert f"--> {broken}:1" in result.out
        assert "1 file formatted" in result.out
        assert (project.root / broken).read_text() == "a: [\n"
        assert (project.root / "assistants/tutor.yaml").read_text() == NEAT


def test_named_files_and_folders_alone_are_formatted(project: Project) -> None:
    """A folder stands for what it holds of its project and of those below it."""
    project.write("assistants/tutor.yaml", UGLY)
    project.write("assistants/deep/a.yaml", UGLY)
    project.write("inner/asstctl.yaml", "project:   inner\n")
    project.write("inner/.hidden/asstctl.yaml", "project:   hidden\n")
    project.write("any.yaml", "a:   1\n")

    assert project.done("fmt", "assistants/deep").splitlines()[0] == "assistants/deep/a.yaml"
    assert project.done("fmt", "inner").splitlines()[0] == "inner/asstctl.yaml"
    assert project.done("fmt", "any.yaml", "any.yaml") == "any.yaml\n1 file formatted.\n"
    assert (project.root / "assistants/tutor.yaml").read_text() == UGLY
    assert (project.root / "inner/.hidden/asstctl.yaml").read_text() == "project:   hidden\n"


@pytest.mark.parametrize(
    ("name", "said"), [("no.yaml", "missing-file"), ("a.json", "not-yaml"), (".asstctl/x.yaml", "forbidden-path")]
)
def test_a_file_that_is_none_of_ours_is_said(project: Project, name: str, said: str) -> None:
    if name == "a.json":
        project.write(name, "{}")
    result = project.run("fmt", name)
    assert result.code == 1
    assert f"error[{said}]" in result.out


def test_nothing_is_written_through_a_link_out_of_the_project(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "a.yaml"
    outside.write_text(UGLY)
    (project.root / "assistants/link.yaml").symlink_to(outside)

    for arguments in (("fmt",), ("fmt", "assistants/link.yaml")):
        result = project.run(*arguments)
        assert (result.code, "error[outside-project]" in result.out) == (1, True)

    assert outside.read_text() == UGLY


def test_the_mode_and_the_byte_order_mark_of_a_file_stay(project: Project) -> None:
    file = project.root / "assistants/tutor.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + UGLY.replace("\n", "\r\n").encode())
    file.chmod(0o640)

    project.done("fmt")

    assert file.read_bytes() == b"\xef\xbb\xbf" + NEAT.replace("\n", "\r\n").encode()
    assert file.stat().st_mode & 0o777 == 0o640


def given(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: False))


def test_an_editor_s_buffer_goes_through_stdin(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes out is the text alone; one with errors comes out not at all."""
    given(monkeypatch, UGLY.encode())
    assert project.done("fmt", "-") == NEAT
    given(monkeypatch, b"---\nname:   x\n---\n  body")
    assert project.done("fmt", "-", "--stdin-filename", "a.md") == "---\nname:   x\n---\n  body"
    given(monkeypatch, b"---\nname:   x\nkind: assistant\n---\n  body")
    assert project.done("fmt", "-", "--stdin-filename", "a.md") == "---\nkind: assistant\nname: x\n---\n  body"
    given(monkeypatch, UGLY.encode())
    assert project.run("fmt", "-", "--check").code == 1
    given(monkeypatch, b"a: [")
    result = project.run("fmt", "-")
    assert (result.code, result.out) == (1, "")
    assert "error[yaml-syntax]" in result.err
    given(monkeypatch, b"\xff")
    assert project.run("fmt", "-").code == 1


@pytest.mark.parametrize("arguments", [("-", "a.yaml"), ("--stdin-filename", "a.yaml")])
def test_stdin_is_one_file(project: Project, arguments: tuple[str, ...]) -> None:
    assert project.run("fmt", *arguments).code == 64


@pytest.mark.parametrize(
    ("value", "first"),
    [
        ({"kind": "assistant"}, ["kind", "key", "name", "description", "model", "instructions", "tools"]),
        ({"kind": "changes"}, ["kind", "adopt", "moved", "removed", "accept_overwrite"]),
        ({"assistant": "a", "turns": []}, ["version", "assistant", "budget", "name", "tags", "vars"]),
        ({"assistant": "a", "conversations": []}, ["version", "assistant", "tags", "vars", "budget", "defaults"]),
        ({"project": "p", "conversations": []}, ["version", "project", "manifests", "conversations", "vars"]),
        ({"stubs": {}}, ["version", "use", "stubs"]),
        ({"kind": "other"}, []),
        (["kind"], []),
    ],
)
def test_the_order_of_keys_is_that_of_the_models(value: object, first: list[str]) -> None:
    assert list(key_order(value))[: len(first)] == first  # type: ignore[arg-type]


@pytest.mark.parametrize("place", [".", "examples", "asstctl/workspace/starter", ".pre-commit-hooks.yaml"])
def test_the_files_of_this_repository_are_formatted(place: str) -> None:
    """The project at its top, its examples, and what `init` writes."""
    found = fmt(ROOT, [] if place == "." else [Path(place)], only_look=True)
    assert found.files > 0
    assert ([edit.path for edit in found.edits], found.diagnostics) == ([], ())
