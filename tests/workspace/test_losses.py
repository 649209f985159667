"""A project that says more than its target holds: what is lost is accepted, said, and never comes up again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.account import Account
from tests.workspace.test_agents import Project

SCHEMA = "{type: object, properties: {}, additionalProperties: false}"
TUTOR = f"""kind: assistant
key: tutor
name: Tutor
description: Teaches.
model: gpt-6-luna
temperature: 0.3
top_p: 0.2
response_format: {{type: json_schema, json_schema: {{name: answer, strict: true, description: d, schema: {SCHEMA}}}}}
tools:
  - type: code_interpreter
  - type: file_search
  - {{type: function, function: {{name: ask, strict: true, parameters: {SCHEMA}}}}}
  - {{type: mcp, server_label: crm, server_url: "https://crm.example.com/mcp", credential: crm}}
  - type: web_search
tool_resources:
  code_interpreter: {{file_ids: [file-1]}}
  file_search: {{vector_stores: [handbook]}}
"""
PROJECT = """version: 1
project: school
default_target: far
targets:
  far:
    provider: openai
    base_url: %s
    list_lag: 0
    credentials: {crm: vcred_1}
    on_unsupported:
      assistant.description: drop
      assistant.temperature: drop
      assistant.top_p: drop
      assistant.response_format.strict: drop
      assistant.response_format.description: drop
      assistant.tools.code_interpreter: session
      assistant.tool_resources.code_interpreter: drop
      assistant.tools.file_search: {function: search_handbook}
      function.strict: drop
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    root = tmp_path / "project"
    (root / "assistants").mkdir(parents=True)
    (root / "assistants/tutor.yaml").write_text(TUTOR)
    (root / "assistants/handbook.yaml").write_text("kind: vector_store\nkey: handbook\n")
    monkeypatch.chdir(root)
    with Account(tmp_path / "account.db", "agents").serving() as account:
        (root / "asstctl.yaml").write_text(PROJECT % account.url)
        yield Project(root, account)


def applied(project: Project) -> dict[str, Any]:
    code, said = project.run("apply", "--yes")
    assert code == 0, said
    project.settled()
    found = project.account.everything()
    return {agent["name"]: agent for agent in found}


def test_what_is_accepted_is_left_out_and_said_in_every_plan(project: Project) -> None:
    """Before the first apply and after it; nothing of it is ever pending."""
    code, said = project.run("plan")
    words = " ".join(said.split())

    assert code == 0
    assert "temperature, tool_resources.code_interpreter, top_p, function.strict of assistant.tutor." in words
    assert "Conversations open a hosted environment for assistant.tutor (code_interpreter)." in words
    assert "Function search_handbook stands for file_search of assistant.tutor." in words

    agent = applied(project)["Tutor"]
    kinds = [tool["type"] for tool in agent["tools"]]
    assert sorted(kinds) == ["function", "function", "mcp", "web_search"]
    assert [tool["credential_id"] for tool in agent["tools"] if tool["type"] == "mcp"] == ["vcred_1"]
    assert len(project.account.everything("/vector_stores")) == 1
    code, said = project.run("plan", "--format", "json")
    assert {loss["way"] for loss in json.loads(said)["losses"]} == {"drop", "session", "function"}
    assert "accepts 9 losses" in project.run("validate")[1]
    assert "without temperature" in project.run("show", "tutor")[1]


def test_a_loss_that_is_accepted_no_more_stops_a_plan_before_anything_is_asked(project: Project) -> None:
    text = (project.root / "asstctl.yaml").read_text()
    (project.root / "asstctl.yaml").write_text(text.replace("      assistant.top_p: drop\n", ""))
    code, said = project.run("plan")

    assert (code, project.account.asked) == (1, [])
    assert "assistants/tutor.yaml:7:1" in said
    assert "`assistant.top_p: drop` in `on_unsupported` of targets.far" in " ".join(said.split())


def test_a_pull_leaves_what_the_target_lacks_as_it_is_written(project: Project) -> None:
    """And brings in what it has, in the words of manifests."""
    agent = applied(project)["Tutor"]
    tools = [{**tool, "mode": "cached"} if tool["type"] == "web_search" else tool for tool in agent["tools"]]
    schema = {"type": "object", "properties": {}, "title": "Answer", "additionalProperties": False}
    text = {**agent["text"], "format": {"type": "json_schema", "schema": schema}}
    project.account.ask("POST", f"/agents/{agent['id']}", {"tools": tools, "text": text})
    code, said = project.run("pull", "--yes")

    assert code == 0, said
    after = (project.root / "assistants/tutor.yaml").read_text()
    changed = {line for line in after.splitlines() if line not in TUTOR.splitlines()}
    assert {line.split(":")[0].strip(" -") for line in changed} == {"response_format", "mode"}
    assert "name: answer, strict: true, description: d" in after
    applied(project)


def test_what_an_account_holds_becomes_files_with_names_of_credentials(project: Project) -> None:
    """A credential that has no name keeps all tools of its agent on the provider."""
    for file in (project.root / "assistants").iterdir():
        file.unlink()
    for name, credential in (("Known", "vcred_1"), ("Unknown", "vcred_9")):
        server = {"type": "http", "server_url": "https://crm.example.com/mcp"}
        tool = {"type": "mcp", "server_label": "crm", "transport": server, "credential_id": credential}
        project.account.ask("POST", "/agents", {"model": "gpt-6-luna", "name": name, "tools": [tool]})
    code, said = project.run("pull", "--all", "--yes")

    assert code == 1
    assert "credential vcred_9 has no name" in said
    assert "credential: crm" in (project.root / "assistants/known.yaml").read_text()
    assert "tools" not in (project.root / "assistants/unknown.yaml").read_text()
    found = applied(project)
    assert [tool["credential_id"] for tool in found["Unknown"]["tools"]] == ["vcred_9"]
