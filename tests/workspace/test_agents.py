"""A project on the Agents API: what is applied is what the unmodified SDK reads back, and what the service adds by
itself survives a read, a plan and a pull."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import openai
import pytest

from asstctl.cli import run
from asstctl.core.errors import Refused
from asstctl.core.resource import FILLED_BY_SERVER
from asstctl.emulator.asgi import Asgi, Receive, Scope, Send
from asstctl.emulator.faults.exchange import ask, read_body
from asstctl.providers.agents.wire import AGENT_DEFAULTS
from asstctl.workspace.workspace import Workspace
from tests.faults.account import Account

SCHEMA = "{type: object, properties: {answer: {type: string}}, required: [answer], additionalProperties: false}"
FULL = f"""
kind: assistant
key: guagua
name: 瓜瓜
model: gpt-6-luna
instructions: Be kind.
reasoning_effort: low
response_format: {{type: json_schema, json_schema: {{name: answer, schema: {SCHEMA}}}}}
metadata: {{lang: zh}}
tools:
  - type: function
    function: {{name: ask, description: Asks., parameters: {{type: object, properties: {{q: {{type: string}}}}}}}}
  - type: function
    function: {{name: stop}}
  - type: mcp
    server_label: crm
    server_url: https://crm.example/mcp
    allowed_tools: [find, list]
  - type: web_search
    context_size: low
    location: {{city: Oslo}}
extensions:
  openai:
    text: {{verbosity: low}}
    reasoning: {{summary: auto}}
    service_tier: flex
    multi_agent: {{enabled: true}}
    compaction: {{async: true}}
    experimental: {{time_awareness: true}}
    tools: [{{type: tool_search}}, {{type: programmatic_tool_calling, enabled: false}}]
"""
PLAIN = "kind: assistant\nkey: guagua\nmodel: gpt-6-luna\n"

_FIRST: dict[str, dict[str, Any]] = {}
"""What a first apply has made of each manifest: bodies that would make the same agents."""


class Project:
    """One project on one account of agents."""

    def __init__(self, root: Path, account: Account) -> None:
        self.root = root
        self.account = account
        self.more = ""

    def write(self, manifest: str) -> None:
        target = f"{{provider: openai, base_url: '{self.account.url}', list_lag: 0{self.more}}}"
        (self.root / "asstctl.yaml").write_text(f"project: school\ndefault_target: far\ntargets: {{far: {target}}}\n")
        (self.root / "assistants").mkdir(exist_ok=True)
        (self.root / "assistants/guagua.yaml").write_text(manifest)

    def run(self, *words: str) -> tuple[int, str]:
        """How a command ended, and all that it said."""
        self.account.forget()
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            code = run(words)
        assert "error[bug]" not in said.getvalue(), said.getvalue()
        return code, said.getvalue()

    def begun(self, manifest: str) -> dict[str, Any]:
        """The agent that a first apply has left. Here it is put there: making it, an apply waits a second for twins."""
        if manifest in _FIRST:
            self.account.ask("POST", "/agents", _FIRST[manifest])
        agent = self.applied(manifest)
        body = {key: value for key, value in agent.items() if key not in FILLED_BY_SERVER}
        _FIRST.setdefault(manifest, {key: value for key, value in body.items() if value != AGENT_DEFAULTS.get(key)})
        return agent

    def applied(self, manifest: str, *options: str) -> dict[str, Any]:
        """The agent after an apply, behind which nothing is left to do."""
        self.write(manifest)
        code, said = self.run("apply", "--yes", *options)
        assert code == 0, said
        self.settled()
        (agent,) = self.account.everything()
        return dict(agent)

    def settled(self) -> None:
        """A second apply writes nothing, and a plan is empty."""
        code, said = self.run("apply", "--yes")
        assert (code, self.account.done) == (0, []), said
        code, said = self.run("plan", "--detailed-exitcode")
        assert code == 0, said


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    with Account(tmp_path / "account.db", "agents").serving() as account:
        yield Project(root, account)


def test_the_sdk_reads_back_what_was_applied(project: Project) -> None:
    """Typed, with strict validation: nothing of it is ours."""
    id = project.applied(FULL)["id"]
    with openai.OpenAI(base_url=project.account.url, api_key="any", _strict_response_validation=True) as client:
        agent = client.beta.agents.retrieve(id)

    assert (agent.name, agent.model, agent.instructions) == ("瓜瓜", "gpt-6-luna", "Be kind.")
    assert (agent.reasoning.effort, agent.reasoning.summary) == ("low", "auto")
    assert (agent.text.verbosity, agent.text.format.type, agent.service_tier) == ("low", "json_schema", "flex")
    assert (agent.multi_agent.enabled, agent.multi_agent.max_concurrent_subagents) == (True, 6)
    assert agent.compaction is not None
    assert agent.compaction.async_ is True
    assert agent.experimental is not None
    assert agent.experimental.time_awareness is True
    assert agent.metadata["lang"] == "zh"
    assert agent.metadata["asstctl_key"] == "assistant.guagua"
    found = {f"{tool.type}.{getattr(tool, 'name', '')}": tool.to_dict() for tool in agent.tools}
    assert found["function.ask"]["parameters"] == {"type": "object", "properties": {"q": {"type": "string"}}}
    assert (found["function.stop"]["description"], found["function.stop"]["defer_loading"]) == ("", False)
    assert found["mcp."]["transport"] == {"type": "http", "server_url": "https://crm.example/mcp", "headers": {}}
    assert found["web_search."]["location"]["city"] == "Oslo"
    assert found["programmatic_tool_calling."] == {"type": "programmatic_tool_calling", "enabled": False}
    assert "tool_search." in found


def test_what_is_taken_out_of_a_manifest_is_reset(project: Project) -> None:
    """All of it at once, in one request; the other halves of keys too."""
    project.begun(FULL)
    agent = project.applied(PLAIN)

    assert (agent["name"], agent["tools"], agent["service_tier"]) == (None, [], "auto")
    assert agent["text"] == {"format": {"type": "text"}, "verbosity": "medium"}
    assert agent["reasoning"] == {"effort": None, "summary": None}
    assert agent["experimental"] == {"time_awareness": False}


@pytest.mark.parametrize(
    ("changed", "by", "key", "value"),
    [
        ("verbosity: low", "verbosity: high", "text", "verbosity"),
        ("reasoning_effort: low", "reasoning_effort: high", "reasoning", "effort"),
        ("name: stop", "name: halt", "tools", None),
    ],
)
def test_a_change_of_half_a_key_leaves_the_other_half(
    project: Project, changed: str, by: str, key: str, value: str | None
) -> None:
    before = project.begun(FULL)
    after = project.applied(FULL.replace(changed, by))

    assert after[key] != before[key]
    if value is not None:
        assert {**after[key], value: None} == {**before[key], value: None}
    else:
        assert [tool for tool in after["tools"] if tool["type"] != "function"] == [
            tool for tool in before["tools"] if tool["type"] != "function"
        ]


def saying(changed: Any) -> Any:
    """A service that says something else of each agent than it was told."""

    def around(app: Asgi) -> Asgi:
        async def answering(scope: Scope, receive: Receive, send: Send) -> None:
            if not scope["path"].startswith("/v1/agents"):
                await app(scope, receive, send)
                return
            answer = await ask(app, scope, await read_body(receive))
            found = answer.json
            if isinstance(found, dict) and found.get("object") == "agent":
                answer.json = changed(found)
            elif isinstance(found, dict) and isinstance(found.get("data"), list):
                answer.json = {**found, "data": [changed(one) for one in found["data"]]}
            await answer.send(send)

        return answering

    return around


@pytest.mark.parametrize("own", ["", ", own: all"])
def test_an_effort_that_the_service_fills_in_is_no_drift(project: Project, own: str) -> None:
    """Declared or not, it does not come up again."""
    project.account.strike(
        around=saying(lambda agent: {**agent, "reasoning": {**agent["reasoning"], "effort": "high"}})
    )
    project.more = own
    project.applied(PLAIN)
    code, said = project.run("plan")

    assert (code, "effort" in said) == (0, False)


HOLODECK = {"type": "holodeck", "deck": 3}


def newer(agent: dict[str, Any]) -> dict[str, Any]:
    """A version of the service that nobody has seen yet: it fills in what it has learned since."""
    return {
        **agent,
        "guardrails": {"level": 3},
        "text": {**agent["text"], "tone": "warm"},
        "compaction": {**agent["compaction"], "threshold": 0.8},
        "tools": [*({**tool, "since": 4} for tool in agent["tools"])],
    }


def with_holodeck(agent: dict[str, Any]) -> dict[str, Any]:
    return {**agent, "tools": [*agent["tools"], HOLODECK]}


@pytest.mark.parametrize("manifest", [PLAIN, FULL], ids=["plain", "full"])
def test_what_a_newer_service_fills_in_is_no_drift(project: Project, manifest: str) -> None:
    """Neither is it sent to it: an update of something else goes through."""
    project.begun(manifest)
    project.account.strike(around=saying(newer))
    project.settled()
    code, said = project.run("pull")
    assert code == 0, said
    assert (project.root / "assistants/guagua.yaml").read_text() == manifest

    agent = project.applied(manifest.replace("gpt-6-luna", "gpt-6-sol"))

    assert agent["model"] == "gpt-6-sol"


@pytest.mark.parametrize(
    ("changed", "by"), [("verbosity: low", "verbosity: high"), ("effort: low", "effort: high"), ("stop}", "halt}")]
)
def test_half_of_a_key_goes_with_the_other_half_that_the_files_declare(project: Project, changed: str, by: str) -> None:
    """They say all of it, so that nothing that nobody knows has to be sent back."""
    project.begun(FULL)
    project.account.strike(around=saying(newer))
    project.applied(FULL.replace(changed, by))


def test_a_tool_of_a_type_that_nobody_knows_is_drift_where_tools_are_declared(project: Project) -> None:
    """It is shown, blocks, is not pulled into a file that could not say it, and goes only by an explicit overwrite."""
    project.begun(FULL)
    project.account.strike(around=saying(with_holodeck))

    code, said = project.run("plan")
    assert "holodeck" in said
    code, said = project.run("pull")
    assert (project.root / "assistants/guagua.yaml").read_text() == FULL
    assert code == 1, said
    code, said = project.run("apply", "--yes")
    assert (code, project.account.done) == (1, []), said


def test_a_tool_of_a_type_that_nobody_knows_stays_where_tools_are_not_declared(project: Project) -> None:
    """It is a note, and an update of something else leaves it alone."""
    id = project.begun(PLAIN)["id"]
    project.account.strike(around=saying(with_holodeck))

    code, said = project.run("plan")
    assert code == 0
    assert "tools is" in said
    project.applied(f"{PLAIN}instructions: Be kind.\n")
    assert project.account.ask("GET", f"/agents/{id}")["tools"] == []


def test_half_of_a_key_beside_what_nobody_knows_is_refused_before_it_is_sent(project: Project) -> None:
    """The wire replaces `text` whole, and would refuse what only it gives back."""
    project.begun(PLAIN)
    project.account.strike(around=saying(newer))
    project.write(f"{PLAIN}response_format: {{type: json_schema, json_schema: {{name: x, schema: {SCHEMA}}}}}\n")
    code, said = project.run("apply", "--yes")

    assert (code, project.account.done) == (1, []), said
    assert "text.tone cannot be sent back" in said
    assert "extensions.openai.text" in said


def test_an_undo_brings_back_what_was_there(project: Project) -> None:
    """Both halves of each key."""
    before = project.begun(FULL)
    project.applied(PLAIN)
    newest = json.JSONDecoder().raw_decode(project.run("undo", "--format", "json")[1])[0]["runs"][0]["run"]
    code, said = project.run("undo", newest, "--yes")
    assert code == 0, said
    (after,) = project.account.everything()

    marks = ("asstctl_base", "asstctl_project", "asstctl_key")
    for agent in (before, after):
        agent["tools"].sort(key=str)
        agent["metadata"] = {key: value for key, value in agent["metadata"].items() if key not in marks}
        del agent["updated_at"]
    assert after == before
    project.write(FULL)
    project.settled()


def test_an_agent_that_was_adopted_keeps_what_the_files_do_not_say(project: Project) -> None:
    id = project.account.ask("POST", "/agents", {"model": "gpt-6-luna", "text": {"verbosity": "low"}})["id"]
    project.write(PLAIN)
    code, said = project.run("adopt", "assistant.guagua", id, "--yes")
    assert code == 0, said
    project.settled()

    assert project.account.ask("GET", f"/agents/{id}")["text"]["verbosity"] == "low"


def test_the_target_is_openai_itself_where_no_address_is_written(tmp_path: Path) -> None:
    """The key goes there from CI too, and to no address that a pull request could have put there."""
    target = "provider: openai, api_key: {env: OPENAI_API_KEY}"
    places = {"here": target, "there": f"{target}, base_url: 'https://gateway.example/v1'"}
    targets = "".join(f"  {name}: {{{settings}}}\n" for name, settings in places.items())
    (tmp_path / "asstctl.yaml").write_text(f"project: school\ntargets:\n{targets}")
    environ = {"CI": "true", "OPENAI_API_KEY": "sesame-open-123"}
    here, there = (Workspace(tmp_path, name, environ=environ) for name in places)

    here.check_key_host()
    with pytest.raises(Refused):
        there.check_key_host()
    assert (here.info.place, here.info.url, here.info.dialect) == (
        "api.openai.com",
        "https://api.openai.com/v1",
        "Agents API",
    )
