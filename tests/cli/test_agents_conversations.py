"""Conversations with agents: what the wire cannot hold is searched and hosted for them, taped, and swept up."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.cli.conftest import Project
from tests.contract.conftest import serving

TARGET = """
version: 1
project: school
default_target: agents
targets:
  agents:
    provider: openai
    base_url: {url}
    list_lag: 0
    on_unsupported:
      assistant.tools.file_search: {{function: search_docs}}
      assistant.tools.code_interpreter: session
"""

CLERK = """
kind: assistant
key: clerk
name: Clerk
model: gpt-4o
instructions: Be brief.
tools: [{type: file_search}, {type: code_interpreter}]
tool_resources: {file_search: {vector_stores: [handbook]}}
---
kind: vector_store
key: handbook
name: Handbook
files: [/docs/*.md]
"""

REPLIES = """
rules:
  - {user: "^find (.*)", call: {search_docs: {query: "{{ match.1 }}"}}}
  - {tool: search_docs, say: "Found {{ output }}"}
  - {user: "^print (.*)", code: "print({{ match.1 }})"}
  - {tool: code_interpreter, say: "It is {{ output }}."}
"""

CONVERSATION = """
assistant: clerk
turns:
  - user: find otters
    calls: [{call: search_docs, args: {query: otters}}]
    expect:
      - contains: hold hands
      - retrieves: {file: a.md}
  - user: print otters
    expect:
      - contains: It is otters
      - code: {input: {$contains: print}}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all: what is deployed there is the same in each."""
    folder = tmp_path_factory.mktemp("agents")
    replies = folder / "clerk.replies.yaml"
    replies.write_text(REPLIES, "utf-8")
    quirks = ("--quirk", "late-usage=0.05", "--quirk", "pending-calls=0.05")
    with serving(folder / "agents.db", "--api", "agents", "--replies", str(replies), *quirks) as base:
        yield base


@pytest.fixture
def clerk(empty: Project, url: str) -> Project:
    """A project of one assistant with its handbook, which are on the server."""
    empty.write("asstctl.yaml", TARGET.format(url=url))
    empty.write("assistants/clerk.yaml", CLERK)
    empty.write("assistants/otters.convo.yaml", CONVERSATION)
    empty.write("docs/a.md", "Otters hold hands while they sleep.")
    empty.done("apply", "--yes")
    assert "No changes." in empty.done("plan")
    return empty


def reconfigured(project: Project, old: str, new: str) -> None:
    file = project.root / "asstctl.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def sessions(url: str) -> list[str]:
    """What is on the server of conversations."""
    request = Request(f"{url}/agents/sessions", headers={"OpenAI-Beta": "agents=v1"})
    with urlopen(request) as answer:
        return [one["id"] for one in json.load(answer)["data"]]


def test_search_and_code_are_had_where_the_agent_has_neither(clerk: Project, url: str) -> None:
    """Without a warning of a file that nobody knows; nothing is left on the server."""
    result = clerk.run("test")

    assert result.code == 0, result
    assert "warning" not in result.err
    assert sessions(url) == []


def test_a_tape_answers_without_the_server(clerk: Project) -> None:
    """Two recordings are one, and the replay needs no one: not even for what was searched."""
    clerk.done("test", "--record")
    [tape] = clerk.root.glob("assistants/tapes/*.jsonl")
    recorded = tape.read_text("utf-8")
    clerk.done("test", "--record")

    assert tape.read_text("utf-8") == recorded
    reconfigured(clerk, "base_url: http://127.0.0.1", "base_url: http://127.0.0.2")
    assert "1 passed" in " ".join(clerk.done("test", "--replay").split())


def test_a_tape_is_stale_once_code_is_had_elsewhere(clerk: Project) -> None:
    clerk.done("test", "--record")
    reconfigured(clerk, "code_interpreter: session", "code_interpreter: drop")

    result = clerk.run("test", "--replay")

    assert result.code == 3
    assert "assistant.tools.code_interpreter is gone since it was recorded" in " ".join(
        (result.out + result.err).split()
    )


def test_a_candidate_searches_the_store_that_was_copied_for_it(clerk: Project, url: str) -> None:
    """And what is deployed its own: of the two only one knows the new file."""
    clerk.write("docs/b.md", "Beavers build dams.")
    beavers = CONVERSATION.replace("otters", "beavers").replace("hold hands", "dams").replace("a.md", "b.md")
    clerk.write("assistants/otters.convo.yaml", beavers)

    assert clerk.run("test", "--live").code == 1
    assert clerk.run("test", "--candidate").code == 0
    assert sessions(url) == []


def test_a_chat_is_answered_by_the_search(clerk: Project, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Message by message, without a stub, and without a stream."""
    monkeypatch.setattr("sys.stdin", io.StringIO("find otters\nprint otters\n"))

    said = " ".join(clerk.done("chat").split())

    assert 'call search_docs {"query": "otters"}' in said
    assert "Otters hold hands while they sleep." in said
    assert "It is otters" in said
    assert sessions(url) == []


def test_gc_removes_sessions_that_were_kept(clerk: Project, url: str) -> None:
    clerk.write("assistants/otters.convo.yaml", f"cleanup: never\n{CONVERSATION.lstrip()}")
    clerk.done("test")
    [kept] = sessions(url)

    assert kept in clerk.done("test", "gc", "--all")
    assert sessions(url) == []


def test_gc_finds_a_session_whose_id_nobody_learned(clerk: Project, url: str) -> None:
    """The answer to its making was lost: it bears its run, and so goes. What bears another one stays."""
    clerk.write("assistants/otters.convo.yaml", f"cleanup: never\n{CONVERSATION.lstrip()}")
    clerk.done("test")
    clerk.done("test")
    kept = set(sessions(url))
    [first, _] = sorted((clerk.root / ".asstctl/ledger").iterdir())
    forgotten = [line for line in first.read_text("utf-8").splitlines() if json.loads(line)["line"] != "made"]
    first.write_text("".join(f"{line}\n" for line in forgotten if '"kept"' not in line), "utf-8")

    said = clerk.done("test", "gc")
    [left] = sessions(url)
    [gone] = kept - {left}

    assert f"{gone}   {first.stem}" in said
    assert "nobody can find" not in said
    clerk.done("test", "gc", "--all")
    assert sessions(url) == []


LIMITED = """
assistant: clerk
budget: {cost_usd: 0.03}
conversations:
  - id: dear
    turns: [{user: print otters}, {user: print otters}]
  - id: late
    turns: [{user: print otters}]
"""


def test_a_session_is_held_to_the_budget_of_its_file(empty: Project, tmp_path: Path) -> None:
    """The server ends it within a turn, which has no verdict; nothing else of that file is begun."""
    replies = tmp_path / "clerk.replies.yaml"
    replies.write_text(REPLIES, "utf-8")
    with serving(tmp_path / "agents.db", "--api", "agents", "--replies", str(replies), "--quirk", "cost=2") as url:
        prices = "test: {prices: {gpt-4o: {input: 1, output: 1}}}\n"
        empty.write("asstctl.yaml", TARGET.format(url=url) + prices)
        empty.write("assistants/clerk.yaml", CLERK)
        empty.write("assistants/few.convo.yaml", LIMITED)
        empty.write("docs/a.md", "Otters hold hands.")
        empty.done("apply", "--yes")

        result = empty.run("test", "-j", "1")
        said = " ".join(result.out.split())

        assert result.code == 3, result
        assert "the session's own limit of $0.03 was reached" in said
        assert "the budget of assistants/few.convo.yaml is used up ($0.0300 of $0.03)" in said
        assert sessions(url) == []
        assert "No changes." in empty.done("plan")
