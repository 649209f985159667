"""Which conversations a project has, and whose functions they may speak of."""

from pathlib import Path

from asstctl.workspace.conversations import load_conversations
from asstctl.workspace.workspace import Workspace

MANIFESTS = """\
kind: assistant
key: guagua
model: gpt-4o
tools: [{type: function, function: {name: ask}}]
---
kind: vector_store
key: guagua
"""


def test_a_store_with_the_key_of_an_assistant_hides_nothing_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "assistants"
    folder.mkdir()
    (folder / "all.yaml").write_text(MANIFESTS)
    (folder / "a.convo.yaml").write_text(
        "assistant: guagua\nturns: [{user: hi, calls: [{ask: {}}]}]\nstubs: {ask: [{return: x}]}\n"
    )
    workspace = Workspace(tmp_path, environ={})
    cases, diagnostics = load_conversations(workspace, workspace.loaded)

    assert diagnostics == ()
    assert [one.assistant for one in cases] == ["guagua"]
