"""`asstctl doctor`, and what `validate` says of models: exit codes, documents, and a server of the Agents API."""

import json
import re
from datetime import UTC, datetime

import pytest

from asstctl.cli.environment import read_names
from asstctl.manifest.retirements import retirement_of
from tests.cli.conftest import Project
from tests.contract.conftest import serving

HOSTED = """
version: 1
project: school
targets:
  prod: {provider: openai, api_key: {env: SCHOOL_KEY}, on_unsupported: {assistant.temperature: drop}}
"""


@pytest.fixture
def hosted(project: Project) -> Project:
    """The tutor, whose model ends, on OpenAI too; no request is ever sent there, for its key is not set."""
    project.write("asstctl.yaml", HOSTED)
    return project


def test_a_project_on_local_is_well(project: Project) -> None:
    project.done("apply", "--yes")
    said = project.done("doctor")

    assert "✓ reachability    .asstctl/local.db answers, and lists 1 assistant\n" in said
    assert said.endswith("Nothing wrong in the files and on 1 target.\n")


def test_what_is_wrong_is_exit_code_1_and_json_alone(hosted: Project) -> None:
    result = hosted.run("doctor", "--target", "prod", "--format", "json")
    document = json.loads(result.out)
    (target,) = document["targets"]

    assert (result.code, result.err) == (1, "")
    assert document["schema"] == "asstctl/doctor/v1"
    assert target["target"]["name"] == "prod"
    assert target["findings"][0] == {
        "check": "key",
        "standing": "wrong",
        "summary": "SCHOOL_KEY is not set",
        "detail": "target prod takes its key from this environment variable",
        "hint": "export SCHOOL_KEY=...",
        "where": None,
    }
    assert document["counts"]["wrong"] == 1


def test_nobody_there_is_exit_code_3(project: Project) -> None:
    target = "{provider: assistants, base_url: 'http://127.0.0.1:9/v1'}"
    project.write("asstctl.yaml", f"version: 1\nproject: school\ntargets: {{far: {target}}}\n")

    assert project.run("doctor", "--target", "far").code == 3
    assert project.run("doctor", "--target", "local").code == 0


@pytest.mark.parametrize("strict, code", [((), 0), (("--strict",), 1)])
def test_validate_warns_of_a_model_that_ends_at_its_line(hosted: Project, strict: tuple[str, ...], code: int) -> None:
    """By the dated file alone: days change, the line does not."""
    ends = retirement_of("gpt-4o")
    assert ends is not None
    known = "model-retires" if datetime.now(UTC).date() < ends.on else "model-retired"

    result = hosted.run("validate", *strict, "--format", "json")
    (found,) = json.loads(result.out)["diagnostics"]

    assert (result.code, found["code"]) == (code, known)
    assert (found["where"]["path"], found["where"]["line"], found["where"]["column"]) == ("assistants/tutor.yaml", 4, 8)
    assert f"retired by OpenAI on {ends.on}" in found["summary"]


def test_no_model_ends_on_a_server_of_ones_own(project: Project) -> None:
    assert json.loads(project.done("validate", "--format", "json"))["diagnostics"] == []


def test_a_server_of_the_agents_api_is_asked_for_its_models_once(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By two plans and an apply; every doctor asks anew."""
    with serving(tmp_path_factory.mktemp("server") / "server.db", "--api", "agents") as url:
        target = (
            f"{{provider: openai, base_url: '{url}', list_lag: 0, on_unsupported: {{assistant.temperature: drop}}}}"
        )
        project.write("asstctl.yaml", f"version: 1\nproject: school\ndefault_target: far\ntargets: {{far: {target}}}\n")
        runs = [
            project.run(*words, "-v") for words in (("plan",), ("plan",), ("apply", "--yes"), ("doctor",), ("doctor",))
        ]
        again = project.run("plan", "--detailed-exitcode")

    assert [one.code for one in runs] == [0] * 5, runs
    assert [one.err.count("GET /v1/models ") for one in runs] == [1, 0, 0, 1, 1]
    assert "far: openai, 127.0.0.1:" in runs[-1].out
    assert "✓ models          gpt-4o is listed\n" in runs[-1].out
    assert again.code == 0, again


HEALTHY = """\
Project school (asstctl.yaml)
  ✓ versions        HERE
  ✓ configuration   1 file is valid: 1 assistant
  ✓ sqlite          HERE
  ✓ folder          .asstctl is private, and holds SIZE
  · git             the project lies in no git repository
                    plans name no revision, and a conflict does not show what
                    the field was

Target local: local, .asstctl/local.db
  ✓ database        sound, SIZE
  ✓ reachability    .asstctl/local.db answers, and lists 1 assistant
  ✓ objects         1 of 1 declared object there

Nothing wrong in the files and on 1 target.
"""
SICK = """\
Project school (asstctl.yaml)
  ✗ configuration   error[unknown-key]: `temprature` is not a field of an
                    assistant
                    assistants/second.yaml:3
                    See all of it: asstctl validate
  ! settings        ASSTCTL_TARGT is set, and nothing reads it
                    Did you mean ASSTCTL_TARGET?
  ! folder          others may read .asstctl
                    journals and local databases hold what assistants are told
                    chmod 700 .asstctl
  ✓ versions        HERE
  ✓ sqlite          HERE
  · git             the project lies in no git repository
                    plans name no revision, and a conflict does not show what
                    the field was

  project          school                                     asstctl.yaml:2
  default_target   local                                      default
  manifests        assistants/**/*.yaml, assistants/**/*.md   default
  conversations    assistants/**/*.convo.yaml                 default
  keys may go to   the address of any target                  default
  files may read   every variable that they name              default

Target far: assistants, far.example
  ✗ key             FAR_KEY is not set
                    target far takes its key from this environment variable
                    export FAR_KEY=...

  provider             assistants               asstctl.yaml:4
  base_url             https://far.example/v1   asstctl.yaml:4
  api_key              not set                  FAR_KEY in the environment,
                                                asstctl.yaml:4
  dialect              full wire                default of assistants
  limits.max_deletes   3                        default
  timeout              30                       default
  own                  declared                 default
  list_lag             0                        default of assistants

Target local: local, .asstctl/local.db
  ✗ database        the local database cannot be used
                    .asstctl/local.db cannot be used as a database: file is not
                    a database.
                    Move .asstctl/local.db away; the next apply to its target
                    makes a new one.

  provider             local      default
  replies              echo       default
  limits.max_deletes   3          default
  timeout              30         default
  own                  declared   default
  list_lag             0          default of local

3 things wrong and 2 warnings in the files and on 2 targets.
"""


@pytest.fixture
def outside(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project in no repository, and no variable of this machine's environment."""
    for name in ("CI", "GITHUB_ACTIONS", *(name for name in read_names() if name != "ASSTCTL_DEBUG")):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.root.parent))
    return project


def steady(text: str) -> str:
    """The same on every machine, on some of which these take more than one line."""
    text = re.sub(r"((?:versions|sqlite) +).*(?:\n {20}\S.*)*", r"\1HERE", text)
    return re.sub(r"\b[\d.]+ (?:bytes|KB)", "SIZE", text)


def state(project: Project) -> dict[str, tuple[int, int, bytes | None]]:
    """Everything in the project's folder: modes, times and contents."""
    return {
        str(path.relative_to(project.root)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else None,
        )
        for path in (project.root, *project.root.rglob("*"))
    }


def test_a_healthy_project_is_a_short_screen(outside: Project) -> None:
    outside.done("apply", "--yes")
    before = state(outside)

    assert steady(outside.done("doctor")) == HEALTHY
    assert state(outside) == before, "a doctor writes nothing"
    assert "No changes." in outside.done("plan")


def test_of_a_sick_project_all_is_told_the_worst_first(outside: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    far = "{provider: assistants, base_url: 'https://far.example/v1', api_key: {env: FAR_KEY}}"
    outside.write("asstctl.yaml", f"version: 1\nproject: school\ntargets:\n  far: {far}\n")
    outside.write("assistants/second.yaml", "kind: assistant\nmodel: m\ntemprature: 1\n")
    outside.write(".asstctl/local.db", "nonsense\n" * 1000)
    (outside.root / ".asstctl").chmod(0o755)
    monkeypatch.setenv("ASSTCTL_TARGT", "x")
    before = state(outside)

    result = outside.run("doctor")

    assert (result.code, steady(result.out)) == (1, SICK)
    assert state(outside) == before, "a doctor writes nothing"


@pytest.mark.parametrize(
    "file, said",
    [(None, "there is no project here"), ("targets: [\n", "error[yaml-syntax]"), ("targets: 7\n", "error[")],
    ids=["an empty folder", "no YAML", "no targets"],
)
def test_where_there_is_no_project_the_machine_is_told(empty: Project, file: str | None, said: str) -> None:
    if file:
        empty.write("asstctl.yaml", file)
    result = empty.run("doctor", "--format", "json")
    document = json.loads(result.out)
    found = {one["check"]: one for one in document["findings"]}

    assert (result.code, result.err) == (1, "")
    assert found["configuration"]["standing"] == "wrong"
    assert said in found["configuration"]["summary"]
    assert found["configuration"]["hint"]
    assert (found["versions"]["standing"], found["sqlite"]["standing"]) == ("fine", "fine")


def test_verbose_shows_the_settings_of_a_healthy_project(outside: Project) -> None:
    said = outside.done("doctor", "-v", "--color", "never")

    assert re.search(r"^  project +school +asstctl\.yaml:2$", said, re.MULTILINE)
    assert re.search(r"^  replies +echo +default$", said, re.MULTILINE)


def test_every_variable_that_an_option_reads_is_known() -> None:
    names = read_names()

    assert (names["ASSTCTL_TARGET"], names["ASSTCTL_COLOR"], names["ASSTCTL_TAG"]) == ("--target", "--color", "--tag")
    assert [name for name in names if not name.startswith("ASSTCTL_")] == []
