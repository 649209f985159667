"""`returns`: the schema of what a function answers, for tests alone."""

import pytest

from tests.manifest.conftest import Write, loaded, places

ASK = """\
kind: function
key: ask
parameters: {type: object, properties: {q: {type: string}}}
"""
USE = "kind: assistant\nkey: a\nmodel: m\ntools: [{type: function, function: ask}]\n"
RETURNS = {"type": "object", "required": ["rows"]}


@pytest.mark.parametrize(
    "files",
    [
        {"ask.yaml": ASK + "returns: {type: object, required: [rows]}\n", "a.yaml": USE},
        {
            "ask.yaml": ASK + "returns: {file: ask.json}\n",
            "ask.json": '{"type": "object", "required": ["rows"]}',
            "a.yaml": USE,
        },
        {
            "a.yaml": "kind: assistant\nkey: a\nmodel: m\ntools:\n  - type: function\n"
            "    function: {name: ask, returns: {type: object, required: [rows]}}\n"
        },
    ],
    ids=["written", "in a file", "inline"],
)
def test_returns_are_known_by_assistant_and_function(write: Write, files: dict[str, str]) -> None:
    found = loaded(write({f"assistants/{name}": text for name, text in files.items()}))

    assert found.diagnostics == ()
    assert found.returns == {"a": {"ask": RETURNS}}


def test_returns_are_no_part_of_what_is_sent(write: Write) -> None:
    """Nor of any digest: an assistant is the same with and without them."""
    files = {"assistants/ask.yaml": ASK, "assistants/a.yaml": USE}
    (without,) = loaded(write(files)).desired
    (with_returns,) = loaded(write({**files, "assistants/ask.yaml": ASK + "returns: {type: string}\n"})).desired

    assert with_returns.fields == without.fields
    assert "returns" not in str(with_returns.fields)


@pytest.mark.parametrize(
    "returns, code, place",
    [
        ("{type: objct}", "bad-schema", "assistants/ask.yaml:4:17"),
        ("[1]", "wrong-type", "assistants/ask.yaml:4:10"),
        ("{$ref: other.json}", "remote-ref", "assistants/ask.yaml:4:17"),
        ("{file: no.json}", "missing-file", "assistants/ask.yaml:4:17"),
    ],
)
def test_a_wrong_schema_is_said_at_its_place(write: Write, returns: str, code: str, place: str) -> None:
    files = {"assistants/ask.yaml": f"{ASK}returns: {returns}\n", "assistants/a.yaml": USE}

    assert places(loaded(write(files)).diagnostics) == [(code, place)]
