"""What `doctor` says of `.asstctl/` and of git: fine, odd and wrong."""

import fcntl
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from asstctl.core.diagnostic import Validation
from asstctl.core.doctor import Finding, Standing
from asstctl.workspace.doctor.checks import git, our_folder, schemas
from asstctl.workspace.doctor.home import Home
from asstctl.workspace.schema import chosen, write_schemas
from asstctl.workspace.workspace import Workspace

FINE, NOTE, WARNING, UNKNOWN, WRONG = Standing

RUN = "20261122-163000-k3x9"
HEADER = {
    "line": "header",
    "run": RUN,
    "command": "test",
    "target": "local",
    "project": "local",
    "provider": "local",
    "place": ".asstctl/local.db",
    "revision": None,
    "started": "2026-11-22T16:30:00+00:00",
    "version": "0.1.0",
}
INTENDED = {"line": "intended", "entry": 1, "kind": "thread", "name": "c", "at": 1.0}
BEGUN = {"line": "begun", "number": 1, "address": "assistant.a", "action": "create"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "asstctl.yaml").write_text("version: 1\n", "utf-8")
    return tmp_path


def home(root: Path) -> Home:
    workspace = Workspace(root, environ={})
    return Home(workspace, root, workspace.project, None, Validation((), 0, {}))


def ours(root: Path) -> Path:
    folder = root / ".asstctl"
    folder.mkdir(mode=0o700)
    (folder / ".gitignore").write_text("*\n", "utf-8")
    return folder


def in_git(root: Path, *more: str) -> None:
    user = ("-c", "user.name=n", "-c", "user.email=e@example.com")
    for words in (("init", "-q"), *((*one.split(" "),) for one in more)):
        subprocess.run(["git", *user, *words], cwd=root, check=True, capture_output=True)


def wrote(folder: Path, name: str, *lines: object) -> None:
    path = folder / f"{name}/{RUN}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")


def a_link(root: Path) -> None:
    (root / ".asstctl").symlink_to(root / "elsewhere")


def a_file(root: Path) -> None:
    (root / ".asstctl").write_text("", "utf-8")


def open_to_others(mode: int) -> Callable[[Path], None]:
    return lambda root: ours(root).chmod(mode)


def tracked(root: Path) -> None:
    ours(root)
    in_git(root, "add -f .asstctl/.gitignore")


def not_ignored(root: Path) -> None:
    (ours(root) / ".gitignore").unlink()
    in_git(root)


def killed_apply(root: Path) -> None:
    wrote(ours(root), "journal", HEADER, BEGUN)


def killed_test(root: Path) -> None:
    wrote(ours(root), "ledger", HEADER, INTENDED)


def kept(root: Path) -> None:
    wrote(ours(root), "ledger", HEADER, INTENDED, {"line": "kept", "entry": 1})


def no_journal(root: Path) -> None:
    wrote(ours(root), "journal", {"line": "nonsense"})


def no_ledger(root: Path) -> None:
    wrote(ours(root), "ledger", {"line": "nonsense"})


FOLDERS = {
    "none": (lambda root: None, []),
    "fine": (ours, [(FINE, ".asstctl is private, and holds 2 bytes", "")]),
    "fine in git": (lambda root: (ours(root), in_git(root)), [(FINE, ".asstctl is private", "")]),
    "what was kept on purpose": (kept, [(FINE, ".asstctl is private", "")]),
    "a link": (a_link, [(WRONG, ".asstctl is a symlink", "Remove it: rm ")]),
    "a file": (a_file, [(WRONG, ".asstctl is not a folder", "mv .asstctl")]),
    "tracked": (tracked, [(WRONG, "git tracks .asstctl", "git rm -r --cached .asstctl")]),
    "others may write": (open_to_others(0o775), [(WARNING, "others may write in .asstctl", "chmod 700 .asstctl")]),
    "others may read": (open_to_others(0o755), [(WARNING, "others may read .asstctl", "chmod 700 .asstctl")]),
    "not ignored": (not_ignored, [(WARNING, "git does not ignore .asstctl", "Add a line to .gitignore: .asstctl/")]),
    "a killed apply": (killed_apply, [(NOTE, "1 run ended before the answer to a write came", "Plans find")]),
    "a killed test": (killed_test, [(WARNING, "1 run of tests on local left things", "Remove them: asstctl test gc")]),
    "a journal that is none": (no_journal, [(WARNING, "1 journal cannot be read", f"rm .asstctl/journal/{RUN}")]),
    "a ledger that is none": (no_ledger, [(WARNING, "1 ledger of tests cannot be read", f"rm .asstctl/ledger/{RUN}")]),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_the_folder_is_ours_alone_or_it_is_said_how(root: Path, name: str) -> None:
    make, expected = FOLDERS[name]
    make(root)

    found = [*our_folder.check(home(root))]

    assert len(found) == len(expected)
    for one, (standing, summary, hint) in zip(found, expected, strict=True):
        assert (one.check, one.standing) == ("folder", standing)
        assert summary in one.summary
        assert hint in one.hint


def test_a_test_that_goes_on_left_nothing(root: Path) -> None:
    """Its ledger is locked as long as it lives."""
    killed_test(root)
    with (root / f".asstctl/ledger/{RUN}.jsonl").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert [one.standing for one in our_folder.check(home(root))] == [FINE]


GIT = {
    "no repository": ((), NOTE, "the project lies in no git repository"),
    "nothing committed": ((None,), NOTE, "nothing is committed yet"),
    "another file": (("commit -q --allow-empty -m m",), NOTE, "asstctl.yaml is not committed"),
    "fine": (("add asstctl.yaml", "commit -q -m m"), FINE, "a repository, at "),
}


@pytest.mark.parametrize("name", GIT)
def test_git_is_of_use_and_never_needed(root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    commands, standing, said = GIT[name]
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(root.parent))
    if commands:
        in_git(root, *filter(None, commands))

    (found,) = git.check(home(root))

    assert (found.standing, found.summary.startswith(said)) == (standing, True), found


def test_a_machine_without_git_is_fine(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root / "nothing"))
    ours(root)
    found: list[Finding] = [*git.check(home(root)), *our_folder.check(home(root))]

    assert [(one.standing, one.summary) for one in found] == [
        (NOTE, "there is no git on this machine"),
        (FINE, ".asstctl is private, and holds 2 bytes"),
    ]


def test_schemas_that_another_version_wrote_are_stale(root: Path) -> None:
    """Only of those that the project keeps."""
    assert [*schemas.check(home(root))] == []
    folder = root / ".schemas"
    write_schemas(folder, chosen("manifest"))
    assert [one.standing for one in schemas.check(home(root))] == [FINE]
    (folder / "manifest.json").write_text("{}", "utf-8")
    (one,) = schemas.check(home(root))

    assert (one.standing, one.hint) == (WARNING, "Write them anew: asstctl schema --out .schemas")
    assert one.summary == ".schemas/manifest.json is not what this version checks files by"
