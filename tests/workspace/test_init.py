"""`init`: a project that works at once, out of nothing, of manifests, of saved files and of a target."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from asstctl.documents.yaml import parse_yaml
from asstctl.forges import FORGES
from asstctl.workspace.init import PIPELINES
from tests.cli.conftest import TUTOR, Project, empty

__all__ = ["empty"]  # a fixture

SAVED = {"id": "asst_old", "object": "assistant", "name": "Old Tutor", "model": "gpt-4o", "instructions": "Teach."}


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def _steps(text: str) -> list[list[str]]:
    """The commands of a pipeline, less the program's name."""
    lines = [line.strip().removeprefix("- ").removeprefix("run: ") for line in text.splitlines()]
    return [line.split()[1:] for line in lines if line.startswith("asstctl ")]


def _commands(folder: Path) -> list[list[str]]:
    """The same, as a shell reads what the forge reads."""
    text = (folder / ".github/workflows/assistants.yml").read_text("utf-8")
    (document,), problems = parse_yaml(text, "assistants.yml")
    assert not problems
    return [shlex.split(step["run"])[1:] for step in document.value["jobs"]["check"]["steps"][3:]]


def test_each_forge_has_a_pipeline_to_begin_with() -> None:
    assert {*PIPELINES} == {*FORGES}


def test_a_new_project_works_at_once(empty: Project) -> None:
    """It validates without a warning, plans, applies, tests, and is in the form that `fmt` gives."""
    empty.done("init")

    assert "1 assistant, 1 conversation" in empty.done("validate", "--strict")
    assert "Plan: 1 to create." in empty.done("plan")
    empty.done("apply", "--yes")
    assert "No changes." in empty.done("plan")
    assert "1 passed" in empty.done("test")
    empty.done("fmt", "--check")


def test_its_pipeline_does_what_it_says(empty: Project) -> None:
    """Each command of the workflow ends well."""
    empty.done("init")

    steps = _steps((empty.root / ".github/workflows/assistants.yml").read_text("utf-8"))

    assert [step[:2] for step in steps] == [["ci", "validate"], ["ci", "test"]]
    assert [empty.run(*step).code for step in steps] == [0, 0]


def test_its_schemas_are_those_of_the_program(empty: Project) -> None:
    """And every YAML file names its own."""
    empty.done("init")

    empty.done("schema", "--out", ".schemas", "--check")
    for path in (empty.root / "asstctl.yaml", *(empty.root / "assistants").glob("*.yaml")):
        first = path.read_text("utf-8").splitlines()[0]
        schema = path.parent / first.removeprefix("# yaml-language-server: $schema=")
        assert json.loads(schema.read_text("utf-8"))["$schema"].startswith("http://json-schema.org/draft-07/")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Shop Bots", "shop-bots"),
        ("课程", "assistants"),
        ("a.b_c", "a.b_c"),
        ("2026", '"2026"'),
        ("null", '"null"'),
        ("a: b #c", "a-b-c"),
        ("it's", "it-s"),
    ],
)
def test_a_project_is_named_as_its_folder(empty: Project, folder: str, name: str) -> None:
    """And is valid, as its pipeline is, with any name that a folder can have."""
    _git(empty.root, "init", "-q")
    (empty.root / folder).mkdir()

    empty.done("-C", str(empty.root / folder), "init")

    assert f"project: {name} " in (empty.root / folder / "asstctl.yaml").read_text("utf-8")
    commands = _commands(empty.root)
    assert [command[:3] for command in commands] == [["-C", folder, "ci"]] * 2
    assert empty.run("-C", str(empty.root / folder), *commands[0][2:]).code == 0


def test_saved_assistants_become_a_project_in_a_folder_of_any_name(empty: Project) -> None:
    empty.write("2026/saved.json", json.dumps(SAVED))

    empty.done("-C", str(empty.root / "2026"), "init", "--from", "saved.json")

    empty.done("-C", str(empty.root / "2026"), "validate", "--strict")


def test_in_a_repository_the_pipeline_lies_at_its_top(empty: Project) -> None:
    """It names the project's folder and the branch."""
    _git(empty.root, "init", "-q", "-b", "trunk")
    (empty.root / "bots").mkdir()

    empty.done("-C", str(empty.root / "bots"), "init")

    text = (empty.root / ".github/workflows/assistants.yml").read_text("utf-8")
    assert "branches: [trunk]" in text
    assert _steps(text)[0] == ["-C", "bots", "ci", "validate"]


def test_a_repository_on_gitlab_gets_a_pipeline_for_gitlab(empty: Project) -> None:
    _git(empty.root, "init", "-q")
    _git(empty.root, "remote", "add", "origin", "git@gitlab.example.com:team/bots.git")

    empty.done("init")

    assert _steps((empty.root / ".gitlab-ci.yml").read_text("utf-8"))[0] == ["ci", "validate"]
    assert not (empty.root / ".github").exists()


def test_the_host_is_told_by_its_name_alone(empty: Project) -> None:
    """Of the remote that there is, whatever it and the repository are called."""
    _git(empty.root, "init", "-q")
    _git(empty.root, "remote", "add", "upstream", "ssh://git@github.com:22/gitlab-tools/bots.git")

    empty.done("init")

    assert (empty.root / ".github").exists()
    assert not (empty.root / ".gitlab-ci.yml").exists()


@pytest.mark.parametrize(("branches", "expected"), [(("main", "start"), "main"), (("a,b",), '"a,b"')])
def test_the_pipeline_names_the_branch_that_is_merged_into(
    empty: Project, branches: tuple[str, ...], expected: str
) -> None:
    """Which need not be the one where the project is begun."""
    _git(empty.root, "init", "-q", "-b", branches[0])
    _git(empty.root, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "first")
    for branch in branches[1:]:
        _git(empty.root, "checkout", "-q", "-b", branch)

    empty.done("init")

    assert f"branches: [{expected}]" in (empty.root / ".github/workflows/assistants.yml").read_text("utf-8")


def test_a_pipeline_that_stays_is_said_where_it_does_not_check_the_project(empty: Project) -> None:
    _git(empty.root, "init", "-q")
    (empty.root / "other").mkdir()
    empty.done("-C", str(empty.root / "other"), "init")
    (empty.root / "bots").mkdir()

    said = empty.run("-C", str(empty.root / "bots"), "init").err

    assert ".github/workflows/assistants.yml is there already and stays as it is." in said
    assert "have it run: asstctl -C bots ci validate" in said


def test_what_is_there_is_never_overwritten(empty: Project) -> None:
    """A pipeline, an ignore file and a schema of one's own stay; the latter two get what is missing."""
    kept = {".github/workflows/assistants.yml": "mine\n", ".schemas/project.json": "{}\n"}
    for name, text in kept.items():
        empty.write(name, text)
    empty.write(".gitignore", "*.log\n")

    empty.done("init")

    assert {name: (empty.root / name).read_text("utf-8") for name in kept} == kept
    assert (empty.root / ".gitignore").read_text("utf-8") == "*.log\n.asstctl/\n"


@pytest.mark.parametrize("name", ["asstctl.yaml", "assistants/tutor.md"])
def test_a_folder_with_a_file_in_the_way_is_left_as_it_is(empty: Project, name: str) -> None:
    empty.write(name, "no manifest\n")

    result = empty.run("init")

    assert result.code == 1
    assert f"there: {name}" in result.err
    assert [path.name for path in empty.root.rglob("*") if path.is_file()] == [Path(name).name]


def test_manifests_that_are_there_become_a_project(empty: Project) -> None:
    """No other assistant is put beside them."""
    empty.write("assistants/guagua.yaml", TUTOR.replace("tutor", "guagua"))

    said = empty.run("init").err

    assert said.endswith("Next: asstctl plan, then asstctl apply\n")
    assert [path.name for path in (empty.root / "assistants").iterdir()] == ["guagua.yaml"]
    assert "1 assistant" in empty.done("validate", "--strict")
    assert [command[:2] for command in _commands(empty.root)] == [["ci", "validate"]], "there is nothing to test yet"
    empty.done("apply", "--yes")
    assert "No changes." in empty.done("plan")


def test_saved_assistants_come_from_anywhere(empty: Project) -> None:
    """From outside of the folder, by a whole path too."""
    saved = empty.write("saved.json", json.dumps(SAVED))
    for folder, source in (("a", str(saved)), ("b", "../saved.json")):
        (empty.root / folder).mkdir()

        assert "1 assistant from" in empty.done("-C", str(empty.root / folder), "init", "--from", source)


def test_what_cannot_be_written_around_keeps_the_assistants_away_too(empty: Project) -> None:
    """All or nothing: a link is in the way of the schemas."""
    empty.write("saved.json", json.dumps(SAVED))
    (empty.root / ".schemas").symlink_to("/nowhere")

    result = empty.run("init", "--from", "saved.json")

    assert result.code == 1
    assert sorted(path.name for path in empty.root.iterdir()) == [".schemas", "saved.json"]


def test_in_a_folder_of_a_project_everything_goes_to_that_project(empty: Project) -> None:
    empty.write("asstctl.yaml", "version: 1\nproject: first\n")
    empty.write("saved/saved.json", json.dumps(SAVED))

    empty.done("-C", str(empty.root / "saved"), "init", "--from", "saved.json")

    assert [path.name for path in (empty.root / "saved").iterdir()] == ["saved.json"]
    assert (empty.root / "assistants/old-tutor.yaml").exists()
    assert (empty.root / ".schemas/manifest.json").exists()


def test_nothing_is_written_where_nothing_is_brought(empty: Project) -> None:
    """Every saved assistant is declared already."""
    empty.write("saved.json", json.dumps(SAVED))
    empty.write("asstctl.yaml", "version: 1\nproject: first\n")
    empty.write("assistants/old-tutor.yaml", "kind: assistant\nname: Old Tutor\nmodel: m\n")

    assert empty.run("init", "--from", "saved.json").code == 1
    assert not (empty.root / ".schemas").exists()


def test_saved_assistants_become_a_project(empty: Project) -> None:
    """As `migrate` brings them, with what every new project has around it."""
    empty.write("saved.json", json.dumps(SAVED))

    printed = empty.done("init", "--from", "saved.json")

    assert "1 assistant from saved.json" in printed
    assert "Old Tutor" in (empty.root / "assistants/old-tutor.yaml").read_text("utf-8")
    assert (empty.root / ".schemas/manifest.json").exists()
    assert (empty.root / ".github/workflows/assistants.yml").exists()
    for name, schema in (("asstctl.yaml", ".schemas/project"), ("assistants/old-tutor.yaml", "../.schemas/manifest")):
        first, _, rest = (empty.root / name).read_text("utf-8").partition("\n")
        assert first == f"# yaml-language-server: $schema={schema}.json"
        assert "yaml-language-server" not in rest
    empty.done("apply", "--yes")
    assert "No changes." in empty.done("plan")


def test_what_a_target_holds_becomes_a_project(empty: Project) -> None:
    """As `pull --all` writes it: the objects are adopted, and keep their ids."""
    empty.write("asstctl.yaml", "version: 1\nproject: first\n")
    empty.write("assistants/tutor.yaml", TUTOR)
    empty.done("apply", "--yes")
    id = json.loads(empty.done("list", "--ids", "--format", "json"))["ids"]["assistant.tutor"]
    empty.write("assistants/gone.yaml", "kind: changes\nremoved: [{address: assistant.tutor, delete: false}]\n")
    (empty.root / "assistants/tutor.yaml").unlink()
    empty.done("apply", "--yes")
    (empty.root / "assistants/gone.yaml").unlink()

    empty.done("init", "--from", "local")

    assert id in (empty.root / "assistants/adopt.yaml").read_text("utf-8")
    assert (empty.root / ".schemas/manifest.json").exists()
    empty.done("apply", "--yes")
    assert "No changes." in empty.done("plan")
    assert json.loads(empty.done("list", "--ids", "--format", "json"))["ids"]["assistant.tutor"] == id


def test_a_source_that_is_neither_is_named(empty: Project) -> None:
    """With the nearest target; nothing is written."""
    empty.write("asstctl.yaml", "version: 1\nproject: first\ntargets: {prod: {provider: local}}\n")

    result = empty.run("init", "--from", "prdo")

    assert result.code == 64
    assert "did you mean `prod`?" in result.err
    assert not (empty.root / ".schemas").exists()
