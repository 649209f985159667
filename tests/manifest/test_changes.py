"""`kind: changes`: what decisions say together, and every way in which they cannot be right."""

from typing import Any

import pytest

from asstctl.core.decisions import Decisions
from asstctl.manifest import Loaded
from tests.manifest.conftest import Write, loaded, places

PROJECT = "project: p\ntargets:\n  prod: {provider: assistants, base_url: 'https://x.org'}\n"
DECLARED = (
    "kind: assistant\nkey: a\nmodel: m\n---\nkind: assistant\nkey: b\nmodel: m\n---\n"
    "kind: vector_store\nkey: s\n---\nkind: function\nkey: f\n---\n"
    "kind: assistant\nkey: user\nmodel: m\ntools: [{type: function, function: f}]\n"
)


def result(write: Write, body: str, target: str = "local", **more: str) -> Loaded:
    files = {"asstctl.yaml": PROJECT, "assistants/declared.yaml": DECLARED}
    files |= {"assistants/x.yaml": f"kind: changes\n{body}\n"}
    return loaded(write(files | {f"assistants/{name}.yaml": text for name, text in more.items()}), target)


def said(decisions: Decisions) -> dict[str, Any]:
    """The decisions, without their places and without what is empty."""
    found = {
        "adopt": [(str(one.to), one.id) for one in decisions.adopt],
        "moved": [(str(one.source), str(one.to)) for one in decisions.moved],
        "removed": [(str(one.address), one.delete) for one in decisions.removed],
        "accepted": [one.field for one in decisions.accepted],
    }
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize(
    "body, local, prod",
    [
        ("adopt: null", {}, {}),
        ("", {}, {}),
        ("adopt: [{to: assistant.a, target: prod, id: asst_1}]", {}, {"adopt": [("assistant.a", "asst_1")]}),
        (
            "adopt: [{to: assistant.a, target: prod, id: x}, {to: assistant.a, target: local, id: x}]",
            {"adopt": [("assistant.a", "x")]},
            {"adopt": [("assistant.a", "x")]},
        ),
        (
            "moved: [{from: assistant.old, to: assistant.a}]",
            {"moved": [("assistant.old", "assistant.a")]},
            {"moved": [("assistant.old", "assistant.a")]},
        ),
        (
            (
                "moved: [{from: assistant.x, to: assistant.y}, {from: assistant.z, to: assistant.a},"
                " {from: assistant.y, to: assistant.z}]"
            ),
            {"moved": [("assistant.x", "assistant.a"), ("assistant.z", "assistant.a"), ("assistant.y", "assistant.a")]},
            {"moved": [("assistant.x", "assistant.a"), ("assistant.z", "assistant.a"), ("assistant.y", "assistant.a")]},
        ),
        (
            "moved: [{from: vector_store.x, to: vector_store.s, target: local}]",
            {"moved": [("vector_store.x", "vector_store.s")]},
            {},
        ),
        (
            (
                "moved: [{from: assistant.x, to: assistant.a, target: local},"
                " {from: assistant.x, to: assistant.b, target: prod}]"
            ),
            {"moved": [("assistant.x", "assistant.a")]},
            {"moved": [("assistant.x", "assistant.b")]},
        ),
        (
            (
                "removed: [{address: assistant.old, delete: true},"
                " {address: vector_store.old, delete: false, target: prod}]"
            ),
            {"removed": [("assistant.old", True)]},
            {"removed": [("assistant.old", True), ("vector_store.old", False)]},
        ),
        (
            (
                "accept_overwrite: [{field: assistant.a.tool_resources.file_search}, {field: vector_store.s.name},"
                " {field: assistant.a.extensions.text, target: prod}]"
            ),
            {"accepted": ["assistant.a.tool_resources.file_search", "vector_store.s.name"]},
            {
                "accepted": [
                    "assistant.a.tool_resources.file_search",
                    "vector_store.s.name",
                    "assistant.a.extensions.text",
                ]
            },
        ),
    ],
)
def test_decisions_are_those_of_the_target(
    write: Write, body: str, local: dict[str, Any], prod: dict[str, Any]
) -> None:
    for target, expected in (("local", local), ("prod", prod)):
        found = result(write, body, target)
        assert [one.summary for one in found.diagnostics] == []
        assert said(found.decisions) == expected


def test_several_documents_add_up_in_the_order_of_files(write: Write) -> None:
    found = result(
        write,
        "removed: [{address: assistant.x, delete: true}]\n---\nkind: assistant\nkey: c\nmodel: m\n---\n"
        "kind: changes\nremoved: [{address: assistant.y, delete: true}]",
        aa="kind: changes\nremoved: [{address: assistant.z, delete: false}]\n",
    )

    assert found.diagnostics == ()
    assert said(found.decisions)["removed"] == [("assistant.z", False), ("assistant.x", True), ("assistant.y", True)]
    assert "assistant.c" in map(str, found.declared)
    assert [str(one.where) for one in found.decisions.removed] == [
        "assistants/aa.yaml:2:11",
        "assistants/x.yaml:2:11",
        "assistants/x.yaml:9:11",
    ]


@pytest.mark.parametrize(
    "body, expected, hint",
    [
        ("key: x", [("unknown-key", "2:1")], "choose from"),
        ("adpot: []", [("unknown-key", "2:1")], "did you mean `adopt`?"),
        ("adopt: {to: assistant.a}", [("wrong-type", "2:8")], "- "),
        ("adopt: [{to: assistant.a}]", [("missing-key", "2:9")], "add `id:`"),
        ("adopt: [{to: assistant.a, id: ''}]", [("bad-value", "2:31")], "copy it"),
        ("adopt: [{to: assistant.a, id: ../x y}]", [("bad-value", "2:31")], "copy it"),
        ("adopt: [{to: a, id: x}]", [("bad-address", "2:14")], "assistant.guagua"),
        ("adopt: [{to: assistant.A, id: x}]", [("bad-address", "2:14")], "assistant.guagua"),
        ("adopt: [{to: assistant.a~1, id: x}]", [("bad-address", "2:14")], "assistant.guagua"),
        ("adopt: [{to: function.f, id: x}]", [("bad-address", "2:14")], "choose from: vector_store, assistant"),
        ("adopt: [{to: asistant.a, id: x}]", [("bad-address", "2:14")], "did you mean `assistant`?"),
        ("adopt: [{to: assistant.uesr, id: x}]", [("not-declared", "2:14")], "did you mean `assistant.user`?"),
        ("adopt: [{to: vector_store.a, id: x}]", [("not-declared", "2:14")], "declare it, or remove this entry"),
        ("adopt: [{to: assistant.a, id: x, target: prd}]", [("unknown-target", "2:42")], "did you mean `prod`?"),
        (
            "adopt: [{to: assistant.a, id: x}, {to: assistant.a, id: y, target: prod}]",
            [("decided-twice", "2:40")],
            "assistants/x.yaml:2:9",
        ),
        (
            "adopt: [{to: assistant.a, id: x}, {to: assistant.b, id: x, target: prod}]",
            [("decided-twice", "2:57")],
            "assistants/x.yaml:2:9",
        ),
        ("moved: [{from: assistant.a, to: assistant.b}]", [("still-declared", "2:16")], "declared.yaml:1:1"),
        ("moved: [{from: assistant.x, to: assistant.y}]", [("not-declared", "2:33")], "declare it"),
        ("moved: [{from: assistant.x, to: vector_store.s}]", [("bad-move", "2:33")], "keep the kind"),
        ("moved: [{from: assistant.x, to: assistant.x}]", [("bad-move", "2:9")], "no longer true"),
        (
            "moved: [{from: assistant.x, to: assistant.y}, {from: assistant.y, to: assistant.x}]",
            [("bad-move", "2:9"), ("bad-move", "2:47")],
            "no longer true",
        ),
        (
            "moved: [{from: assistant.x, to: assistant.y}, {from: assistant.y, to: assistant.a, target: prod}]",
            [("not-declared", "2:33")],
            "declare it",
        ),
        (
            "moved: [{from: assistant.x, to: assistant.a}, {from: assistant.x, to: assistant.b, target: prod}]",
            [("decided-twice", "2:54")],
            "assistants/x.yaml:2:9",
        ),
        ("removed: [{address: assistant.x}]", [("missing-key", "2:11")], "add `delete:`"),
        ("removed: [{address: assistant.x, delete: 1}]", [("wrong-type", "2:42")], "true"),
        ("removed: [{address: assistant.a, delete: true}]", [("still-declared", "2:21")], "declared.yaml:1:1"),
        (
            "removed: [{address: assistant.x, delete: true}]\nmoved: [{from: assistant.x, to: assistant.a}]",
            [("decided-twice", "2:21")],
            "assistants/x.yaml:3:9",
        ),
        (
            "removed: [{address: assistant.x, delete: true}, {address: assistant.x, delete: false}]",
            [("decided-twice", "2:59")],
            "assistants/x.yaml:2:11",
        ),
        (
            "accept_overwrite: [{field: assistant.a}]",
            [("bad-address", "2:28")],
            "write one, such as `assistant.a.name`",
        ),
        ("accept_overwrite: [{field: assistant.a.nmae}]", [("unknown-field", "2:28")], "did you mean `name`?"),
        ("accept_overwrite: [{field: assistant.a.extensions.}]", [("unknown-field", "2:28")], "choose from"),
        ("accept_overwrite: [{field: vector_store.s.files}]", [("unknown-field", "2:28")], "choose from"),
        ("accept_overwrite: [{field: assistant.x.name}]", [("not-declared", "2:28")], "declare it"),
        (
            "accept_overwrite: [{field: assistant.a.name}, {field: assistant.a.name, target: prod}]",
            [("decided-twice", "2:55")],
            "assistants/x.yaml:2:20",
        ),
    ],
)
def test_what_cannot_be_right_is_said_at_its_place(
    write: Write, body: str, expected: list[tuple[str, str]], hint: str
) -> None:
    found = result(write, body).diagnostics

    assert places(found) == [(code, f"assistants/x.yaml:{place}") for code, place in expected]
    assert hint in found[0].hint
    assert all(one.where and one.where.text for one in found)


def test_what_a_broken_file_may_declare_is_not_called_missing(write: Write) -> None:
    found = result(
        write,
        "adopt: [{to: assistant.broken, id: x}]",
        broken="kind: assistant\nkey: broken\nnmae: x\n",
        unread="kind: assistant\nname: [\n",
    )

    assert {one.where.path for one in found.diagnostics if one.where} == {
        "assistants/broken.yaml",
        "assistants/unread.yaml",
    }


def test_nothing_in_decisions_is_rendered(write: Write) -> None:
    found = result(write, "adopt: [{to: assistant.a, id: '{{vars.x}}'}]")

    assert [one.id for one in found.decisions.adopt] == ["{{vars.x}}"]
