"""What a manifest may say: each mistake one diagnostic, at its place, with the way on."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.diagnostic import Diagnostic
from asstctl.documents.models import Model, check
from asstctl.documents.yaml import parse_one
from asstctl.kinds.assistant import AssistantManifest
from asstctl.kinds.function import FunctionManifest
from asstctl.kinds.vector_store import VectorStoreManifest

WHOLE = """\
kind: assistant
key: guagua
name: AGIClass Demo
description: Demo
model: gpt-4o
instructions: {file: guagua.prompt.md}
tools:
  - type: code_interpreter
    except: [prod]
  - type: file_search
    file_search: {max_num_results: 8, ranking_options: {score_threshold: 0}}
    only: [local]
  - type: function
    function: ask_database
  - type: function
    function: {name: inline, parameters: {type: object}, strict: true}
  - type: mcp
    server_label: crm
    server_url: https://crm.example.com/mcp
    allowed_tools: [find_customer]
    credential: crm
    except: [local]
  - type: web_search
    mode: cached
    context_size: low
    allowed_domains: [example.com]
    location: {city: 杭州, country: CN, region: Zhejiang, timezone: Asia/Shanghai}
tool_resources:
  file_search: {vector_store_ids: [vs_1]}
  code_interpreter: {file_ids: [file-1]}
temperature: 1
top_p: 0.5
reasoning_effort: high
response_format: {type: json_schema, json_schema: {name: x, schema: {type: object}}}
metadata: {lang: zh}
protect: true
ignore_changes: [name, tool_resources.file_search, extensions.text]
targets: {prod: {metadata: {stage: production}}}
extensions: {openai: {text: {verbosity: low}}}
"""


def problems(model: type[Model], text: str) -> tuple[Diagnostic, ...]:
    document, diagnostics = parse_one(text, "a.yaml")
    assert document is not None
    assert diagnostics == ()
    return check(model, document, what="an assistant")[1]


def test_everything_that_format_shows_is_taken() -> None:
    assert problems(AssistantManifest, WHOLE) == ()


@pytest.mark.parametrize(
    "field", ["name", "description", "instructions", "tools", "tool_resources", "temperature", "metadata"]
)
def test_null_is_taken_where_the_wire_has_a_default(field: str) -> None:
    assert problems(AssistantManifest, f"kind: assistant\nmodel: m\n{field}: null\n") == ()


@pytest.mark.parametrize(
    "line, code, column, hint",
    [
        ("instuctions: x", "unknown-key", 1, "did you mean `instructions`?"),
        ("name: 3", "wrong-type", 7, "quote"),
        ("protect: yes", "wrong-type", 10, "true"),
        ("temperature: hot", "wrong-type", 14, "write a number"),
        ("temperature: '0.5'", "wrong-type", 14, "quotes"),
        ("temperature: true", "wrong-type", 14, "write a number"),
        ("tools: {type: function}", "wrong-type", 8, "- "),
        ("tools: [function]", "wrong-type", 9, "key: value"),
        ("tools: [{type: functoin}]", "unknown-value", 16, "did you mean `function`?"),
        ("tools: [{typ: function}]", "unknown-key", 10, "did you mean `type`?"),
        ("tools: [{type: function}]", "missing-key", 9, "function"),
        ("tools: [{type: function, function: {nam: x}}]", "unknown-key", 37, "did you mean `name`?"),
        ("tools: [{type: function, function: {name: a b}}]", "bad-value", 43, "change"),
        ("tools: [{type: code_interpreter, only: [a], except: [b]}]", "only-and-except", 9, "one"),
        ("tools: [{type: file_search, file_search: {max_num_result: 1}}]", "unknown-key", 43, "max_num_results"),
        ("tools: [{type: mcp, server_url: 'https://x.org'}]", "missing-key", 9, "server_label"),
        ("tools: [{type: mcp, server_label: a, server_url: 'http://x.org'}]", "bad-url", 50, "https://HOST/PATH"),
        ("tools: [{type: mcp, server_label: a, server_url: 'https://u:p@x.org'}]", "bad-url", 50, "`credential`"),
        ("tools: [{type: mcp, server_label: a b, server_url: 'https://x.org'}]", "bad-value", 35, "change"),
        ("tools: [{type: mcp, server_label: a, server_url: 'https://x', headers: {}}]", "unknown-key", 63, "choose"),
        ("tools: [{type: mcp, server_label: a, server_url: 'https://x', credential: 'sk x'}]", "bad-name", 75, "name"),
        ("tools: [{type: web_search, mode: liv}]", "unknown-value", 34, "did you mean `live`?"),
        ("tools: [{type: web_search, context_size: big}]", "unknown-value", 42, "low, medium, high"),
        ("tools: [{type: web_search, location: {town: x}}]", "unknown-key", 39, "city"),
        ("tools: [{type: web_serch}]", "unknown-value", 16, "did you mean `web_search`?"),
        ("tool_resources: {file_search: {vector_store: [x]}}", "unknown-key", 32, "vector_stores"),
        ("tool_resources: {code_interpreter: {file: [x]}}", "unknown-key", 37, "files"),
        ("tool_resources: {code_interpreter: {file_ids: [{$file: x}]}}", "wrong-type", 48, "quote"),
        ("instructions: {fil: x}", "unknown-key", 16, "did you mean `file`?"),
        ("instructions: [x]", "wrong-type", 15, "quote"),
        ("reasoning_effort: hig", "unknown-value", 19, "did you mean `high`?"),
        ("response_format: autoo", "unknown-value", 18, "did you mean `auto`?"),
        ("response_format: jsn", "unknown-value", 18, "`type:` text, json_object or json_schema"),
        ("response_format: json_objct", "unknown-value", 18, "{type: json_object}"),
        ("response_format: [auto]", "unknown-value", 18, "write `auto`"),
        ("response_format: {type: jsn_schema}", "unknown-value", 25, "did you mean `json_schema`?"),
        ("metadata: {a: 1}", "wrong-type", 15, "quote"),
        ("metadata: {asstctl_key: x}", "reserved-metadata", 12, "rename"),
        ("ignore_changes: [nmae]", "unknown-field", 18, "did you mean `name`?"),
        ("extensions: {openai: 1}", "wrong-type", 22, "key: value"),
    ],
)
def test_a_mistake_is_one_diagnostic_at_its_place(line: str, code: str, column: int, hint: str) -> None:
    found = problems(AssistantManifest, f"kind: assistant\nmodel: m\n{line}\n")

    assert [(one.code, str(one.where)) for one in found] == [(code, f"a.yaml:3:{column}")]
    assert hint in found[0].hint


@pytest.mark.parametrize(
    "line",
    [
        "tools: [{type: mcp, server_label: a, server_url: 'https://user:hunter2@x.org'}]",
        "tools: [{type: mcp, server_label: a, server_url: 'https://x.org?token=hunter2'}]",
        "tools: [{type: mcp, server_label: a, server_url: 'https://x.org', credential: 'Bearer hunter2'}]",
    ],
)
def test_a_line_that_may_hold_a_secret_is_not_shown(line: str) -> None:
    """Neither a password in a URL nor a key where the name of a credential belongs."""
    (found,) = problems(AssistantManifest, f"kind: assistant\nmodel: m\n{line}\n")

    assert "hunter2" not in str(found)


def test_all_mistakes_come_at_once() -> None:
    found = problems(AssistantManifest, "kind: assistant\nmodel: 1\nname: 2\ntop_p: x\nbogus: 1\n")

    assert sorted(one.code for one in found) == ["unknown-key", "wrong-type", "wrong-type", "wrong-type"]


def test_a_misspelt_key_hides_only_the_key_that_was_meant() -> None:
    found = problems(
        AssistantManifest,
        """\
kind: assistant
model: m
tools:
  - {type: function, function: {nam: x}}
  - {type: function, function: {strict: true}}
""",
    )

    assert [(one.code, str(one.where)) for one in found] == [
        ("unknown-key", "a.yaml:4:33"),
        ("missing-key", "a.yaml:5:22"),
    ]


def test_a_missing_model_is_said_at_the_manifest() -> None:
    found = problems(AssistantManifest, "kind: assistant\nname: x\n")

    assert [(one.code, one.summary, str(one.where)) for one in found] == [
        ("missing-key", "an assistant has no `model`", "a.yaml:1:1")
    ]


@pytest.mark.parametrize(
    "parameters", ["{type: object}", "{file: a.json}", "{properties: {file: {type: string}}}", "null"]
)
def test_parameters_are_a_schema_or_a_file(parameters: str) -> None:
    assert problems(FunctionManifest, f"kind: function\nparameters: {parameters}\n") == ()


KEYS = (
    *AssistantManifest.model_fields,
    "type",
    "function",
    "file",
    "template",
    "only",
    "except",
    "json_schema",
    "schema",
)
words = st.sampled_from((*KEYS, "code_interpreter", "file_search", "assistant", "auto", "<file>", "[key]", "x"))
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(0, 3) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(words, anything, max_size=8))
def test_any_map_is_a_model_or_diagnostics_with_hints(value: dict[str, Any]) -> None:
    document, _ = parse_one(json.dumps(value), "a.yaml")
    assert document is not None
    model, found = check(AssistantManifest, document, what="an assistant")

    assert (model is None) == bool(found)
    for one in found:
        assert one.where is not None
        assert one.summary
        assert one.hint
        assert "<lambda>" not in one.summary + one.hint


@pytest.mark.parametrize(
    "line, code, column, hint",
    [
        ("files: docs/a.md", "wrong-type", 8, "- "),
        ("files: [3]", "wrong-type", 9, "quote"),
        ("files: [{pth: x}]", "unknown-key", 10, "did you mean `path`?"),
        ("files: [{path: x, attribute: {}}]", "unknown-key", 19, "did you mean `attributes`?"),
        ("files: [{path: x, attributes: {a: null}}]", "wrong-type", 35, "change"),
        ("attributes: {a: {b: c}}", "wrong-type", 17, "change"),
        ("attributes: {asstctl_path: x}", "reserved-metadata", 14, "rename"),
        ("metadata: {asstctl_path: x}", "reserved-metadata", 12, "rename"),
        ("chunking_strategy: auto", "wrong-type", 20, "key: value"),
        ("chunking_strategy: {type: atuo}", "unknown-value", 27, "did you mean `auto`?"),
        ("chunking_strategy: {type: static}", "missing-key", 1, "add `static:`"),
        ("chunking_strategy: {type: auto, static: {}}", "unknown-key", 33, "choose from: type"),
        ("expires_after: {anchor: last_active_at}", "missing-key", 1, "add `days:`"),
        ("expires_after: {anchor: last_active_at, days: '7'}", "wrong-type", 47, "quotes"),
        ("ignore_changes: [file]", "unknown-field", 18, "did you mean `files`?"),
        ("extensions: {}", "unknown-key", 1, "choose from"),
        ("description: x", "unknown-key", 1, "choose from"),
    ],
)
def test_a_mistake_in_a_vector_store_is_one_diagnostic_at_its_place(
    line: str, code: str, column: int, hint: str
) -> None:
    found = problems(VectorStoreManifest, f"kind: vector_store\n{line}\n")

    assert [(one.code, str(one.where)) for one in found] == [(code, f"a.yaml:2:{column}")]
    assert hint in found[0].hint


@pytest.mark.parametrize(
    "size, overlap, sound",
    [
        (100, 50, True),
        (100, 51, False),
        (101, 50, True),
        (99, 0, False),
        (4096, 2048, True),
        (4097, 0, False),
        (800, -1, False),
    ],
)
def test_chunks_are_of_the_sizes_of_the_wire(size: int, overlap: int, sound: bool) -> None:
    chunks = f"{{max_chunk_size_tokens: {size}, chunk_overlap_tokens: {overlap}}}"
    body = f"kind: vector_store\nchunking_strategy: {{type: static, static: {chunks}}}\n"

    assert [one.code for one in problems(VectorStoreManifest, body)] == ([] if sound else ["limit"])
