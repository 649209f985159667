"""`asstctl doctor`, and what `validate` says of models: exit codes, documents, and a server of the Agents API."""

import json
from datetime import UTC, datetime

import pytest

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
