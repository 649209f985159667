"""Which conversations a project has, and whose functions they may speak of."""

from pathlib import Path

from asstctl.workspace.conversations.loading import load_conversations
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


PROJECT = """\
version: 1
project: p
vars: {order: A-17, crm: {env: CRM_URL}}
targets:
  local: {provider: local, vars: {hidden: {env: SERVICE_KEY, secret: true}}}
"""
ASSISTANT = """\
kind: assistant
key: bot
model: gpt-4o
tools:
  - type: function
    function:
      name: refund
      parameters: {type: object, properties: {order_id: {type: string}}, additionalProperties: false}
      returns: {type: object, required: [id]}
"""
CONVERSATION = """\
assistant: bot
stubs: {refund: {return: {no: 1}}}
turns:
  - {user: "{{ vars.order }}", calls: [refund: {order: x}]}
  - {user: "{{ vars.crm }} {{ vars.hidden }}"}
  - {user: "it is s3cret-value"}
"""


def written(root: Path, conversation: str) -> Workspace:
    for name, text in {"asstctl.yaml": PROJECT, "assistants/bot.yaml": ASSISTANT}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    (root / "assistants/a.convo.yaml").write_text(conversation)
    return Workspace(root, environ={"SERVICE_KEY": "s3cret-value"})


def test_conversations_are_checked_against_what_the_project_says(tmp_path: Path) -> None:
    """Its variables, its secrets, and the schemas of its functions; and no secret is shown."""
    workspace = written(tmp_path, CONVERSATION)
    _, diagnostics = load_conversations(workspace, workspace.loaded)

    assert [(d.where.line if d.where else 0, d.code) for d in diagnostics] == [
        (2, "unfit-answer"),
        (4, "unfit-argument"),
        (5, "secret-in-conversation"),
        (6, "secret-in-conversation"),
    ]
    assert "s3cret-value" not in repr(diagnostics)


def test_a_variable_without_a_value_says_how_to_give_it_one(tmp_path: Path) -> None:
    workspace = written(tmp_path, "assistant: bot\nturns: [{user: '{{ vars.crm }}', expect: {contains: x}}]\n")
    _, (problem,) = load_conversations(workspace, workspace.loaded)

    assert (problem.code, problem.hint) == ("undefined-variable", "set the environment variable CRM_URL")
