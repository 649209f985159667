"""What the files of a project declare, as coverage counts it."""

from pathlib import Path

from asstctl.core.conversation import CallMade, CaseResult, Status, TurnResult
from asstctl.core.diagnostic import Where
from asstctl.core.thread import Passage
from asstctl.workspace.conversations.coverage import coverage_of
from asstctl.workspace.workspace import Workspace

FILES = {
    "assistants/shop.yaml": """
kind: assistant
key: shop
name: Shop
model: m
instructions: x
tools:
  - {type: function, function: find_order}
  - {type: file_search}
  - {type: code_interpreter}
  - type: function
    function: {name: ping, description: d}
tool_resources:
  file_search: {vector_stores: [handbook]}
  code_interpreter: {files: [data/sales.csv]}
""",
    "assistants/find.yaml": """
kind: function
key: find_order
description: d
parameters: {type: object, properties: {state: {enum: [open, shut]}}}
""",
    "assistants/handbook.yaml": "kind: vector_store\nkey: handbook\nfiles: ['/docs/*.md']\n",
    "assistants/lonely.yaml": "kind: assistant\nkey: lonely\nname: Lonely\nmodel: m\ninstructions: x\n",
    "assistants/docs/unused.md": "x",
    "docs/a.md": "a",
    "docs/b.md": "b",
    "assistants/data/sales.csv": "x",
}


def workspace(root: Path) -> Workspace:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return Workspace(root, environ={})


def test_all_assistants_functions_and_files_of_a_project_are_counted(tmp_path: Path) -> None:
    happened = TurnResult(
        1,
        Status.PASSED,
        calls=(CallMade("find_order", '{"state": "open"}'),),
        reply="yes",
        passages=(Passage("b.md", 0.9),),
    )

    found = coverage_of(workspace(tmp_path), [CaseResult("shop", "c", Where("c"), (happened,))], 50)

    assert [(item.assistant, str(item.subject), item.name, item.conversations) for item in found.items] == [
        ("lonely", "assistant", "lonely", 0),
        ("shop", "assistant", "shop", 1),
        ("shop", "function", "find_order", 1),
        ("shop", "parameter", "find_order.state", 1),
        ("shop", "enum", "find_order.state.open", 1),
        ("shop", "enum", "find_order.state.shut", 0),
        ("shop", "function", "ping", 0),
        ("shop", "file", "docs/a.md", 0),
        ("shop", "file", "docs/b.md", 1),
        ("shop", "file", "assistants/data/sales.csv", 0),
    ]
    assert found.minimum == 50
    assert {item.where.path for item in found.items if item.where} == {"assistants/shop.yaml", "assistants/lonely.yaml"}
