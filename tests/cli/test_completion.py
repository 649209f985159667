"""Completion of names: told from the files, whatever state they are in, and quietly."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from asstctl.cli import cli
from asstctl.workspace.names import Names
from tests.cli.conftest import Project
from tests.repository.consoles import ROOT

MANIFESTS = """
kind: assistant
key: "guagua"   # quoted
name: Guagua
---
kind: vector_store
key: handbook
---
kind: function
key: ask
"""
SEVERAL = """
assistant: guagua
tags: [smoke, 'nightly']
conversations:
  - id: refund
    tags:
      - slow  # so slow
  - {id: greets, turns: []}
"""


@pytest.fixture
def school(project: Project) -> Project:
    project.write(
        "asstctl.yaml",
        "version: 1\nproject: school\ntargets:\n  local: {provider: local}\n  prod: {provider: openai}\n",
    )
    project.write("assistants/several.yaml", MANIFESTS)
    project.write("assistants/poet.md", "---\nkind: assistant\n---\nkey: no\n")
    project.write("assistants/note.md", "# kind: assistant\n")
    project.write("assistants/several.convo.yaml", SEVERAL)
    project.write("assistants/one.convo.yaml", "assistant: poet\nturns:\n  - user: hi\n")
    project.write(".asstctl/journal/20261122-163000-k3x9.jsonl", "")
    project.write(".asstctl/journal/20261123-163000-abcd.jsonl", "")
    return project


def offered(*words: str) -> list[str]:
    """What a shell offers for the last word."""
    *before, incomplete = words
    return [
        one.value for one in ShellComplete(cli, {}, "asstctl", "_ASSTCTL_COMPLETE").get_completions(before, incomplete)
    ]


ADDRESSES = ["assistant.guagua", "assistant.poet", "assistant.tutor", "vector_store.handbook"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("plan", "--target", ""), ["local", "prod"]),
        (("--target", "p"), ["prod"]),
        (("promote", "--from", ""), ["local", "prod"]),
        (("promote", "--to", "l"), ["local"]),
        (("plan", "--only", "ass"), ADDRESSES[:3]),
        (("plan", "--only", "assistant.poet", "--only", "assistant."), ["assistant.guagua", "assistant.tutor"]),
        (("apply", "--overwrite-drift", "a"), [*ADDRESSES[:3], "all"]),
        (("show", ""), ADDRESSES),
        (("explain", "v"), ADDRESSES[3:]),
        (("adopt", "v"), ADDRESSES[3:]),
        (("pull", "v"), ADDRESSES[3:]),
        (("chat", ""), ["guagua", "poet", "tutor"]),
        (("test", ""), ["assistants/one.convo.yaml", "assistants/several.convo.yaml"]),
        (
            ("test", "assistants/several.convo.yaml::"),
            [f"assistants/several.convo.yaml::{x}" for x in ("greets", "refund")],
        ),
        (("test", "assistants/one.convo.yaml::o"), ["assistants/one.convo.yaml::one"]),
        (("test", "assistants/several.convo.yaml", "::"), ["::greets", "::refund"]),
        (("test", "assistants/several.convo.yaml", "::", "re"), ["refund"]),
        (("test", "--tag", ""), ["nightly", "slow", "smoke"]),
        (("apply", "--gate", "s"), ["slow", "smoke"]),
        (("ci", ""), ["validate", "plan", "test", "apply", "drift"]),
        (("ci", "d"), ["drift"]),
        (("ci", "plan", "--target", "p"), ["prod"]),
        (("undo", ""), ["20261123-163000-abcd", "20261122-163000-k3x9"]),
    ],
    ids=" ".join,
)
def test_names_of_the_project_are_offered(school: Project, words: tuple[str, ...], names: list[str]) -> None:
    assert offered(*words) == names


def test_a_saved_plan_is_completed_as_a_file(school: Project) -> None:
    (item,) = ShellComplete(cli, {}, "asstctl", "_ASSTCTL_COMPLETE").get_completions(["apply"], "pl")
    assert (item.type, item.value) == ("file", "pl")


def test_the_folder_of_c_is_looked_into(
    school: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the command's name and behind it; and from a folder of the project its files are named from there."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert offered("plan", "--target", "") == ["local"]
    assert offered("-C", str(school.root), "plan", "--target", "") == ["local", "prod"]
    assert offered("plan", "-C", str(school.root), "--target", "") == ["local", "prod"]
    assert Names(school.root / "assistants").conversations == ("one.convo.yaml", "several.convo.yaml")


@pytest.mark.parametrize(
    "text",
    ["targets:\n  local: {provider: local}\n  prod:\n    provider: [\n", "targets:\n  prod: {\n  local:\n  prod:\n"],
)
def test_a_broken_project_file_hides_no_name(school: Project, text: str) -> None:
    """Somebody is writing it just now."""
    school.write("asstctl.yaml", text)
    assert offered("plan", "--target", "") == ["local", "prod"]
    assert offered("chat", "") == ["guagua", "poet", "tutor"]


def test_a_broken_file_hides_no_other(school: Project) -> None:
    """Nor its own names, as far as they can be told."""
    school.write("assistants/broken.yaml", "kind: assistant\nkey: broken\ntools: [\n")
    (school.root / "assistants/bytes.yaml").write_bytes(b"kind: assistant\nname: \xff\xfe\n")
    (school.root / "assistants/gone.yaml").symlink_to("nowhere")
    assert offered("chat", "") == ["broken", "bytes", "guagua", "poet", "tutor"]


def test_a_name_with_control_characters_is_not_offered(school: Project) -> None:
    (school.root / "assistants/x.yaml").write_text("kind: assistant\nkey: a\x1b[2Jb\n")
    (school.root / "assistants/\x1b[2J.convo.yaml").write_text("assistant: guagua\ntags: ['\x07']\n")
    for words in (("chat", ""), ("test", ""), ("test", "--tag", "")):
        assert all(name.isprintable() for name in offered(*words))
        assert offered(*words)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_every_shell_gets_names_and_nothing_else(school: Project, shell: str) -> None:
    """Nothing on stderr, nothing written, and nothing heavy imported, whatever the project file says."""
    school.write("asstctl.yaml", "targets:\n  prod: {provider: openai}\nproject: [\n")
    before = sorted(school.root.rglob("*"))
    program = (
        "import sys\nfrom asstctl.cli import run\n"
        "try: run([])\n"
        "except SystemExit: pass\n"
        "heavy = {'pydantic', 'jinja2', 'httpx2', 'openai', 'rich', 'ruamel', 'asstctl.manifest'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    line = "asstctl plan --target p"
    words = {
        "COMP_WORDS": line,
        "COMP_CWORD": "p" if shell == "fish" else "3",
        "_ASSTCTL_COMPLETE": f"{shell}_complete",
    }

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=school.root,
        env={"PATH": "", "HOME": str(school.root), "PYTHONPATH": str(ROOT), **words},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "prod" in done.stdout
    assert sorted(school.root.rglob("*")) == before


def test_every_target_option_offers_targets() -> None:
    """In whichever command it stands: an option that names a target completes its name."""
    for name in ("plan", "apply", "test", "doctor", "list"):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        (option,) = [one for one in command.params if "--target" in one.opts]
        assert option._custom_shell_complete is not None


def test_a_large_project_is_skimmed(tmp_path: Path) -> None:
    """Two hundred manifests and three hundred conversations, each read once, at most."""
    folder = tmp_path / "assistants"
    folder.mkdir()
    for number in range(200):
        (folder / f"a{number:03}.yaml").write_text(f"kind: assistant\nkey: a{number:03}\nmodel: m\n")
    for number in range(300):
        (folder / f"c{number:03}.convo.yaml").write_text(f"assistant: a001\ntags: [t{number % 3}]\nturns: []\n")
    names = Names(tmp_path)
    assert (len(names.assistants), len(names.conversations), names.tags) == (200, 300, ("t0", "t1", "t2"))
