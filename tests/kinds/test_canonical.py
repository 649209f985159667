"""The canonical form: what counts as the same value, and digests that can never change."""

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.kinds import KINDS
from asstctl.kinds.canonical import digest, id_set, mapping, optional_text, plain, response_format, same, tools
from asstctl.kinds.canonical import with_default as default

CODE = {"type": "code_interpreter"}
SEARCH = {"type": "file_search"}
STORED_SEARCH = {
    "type": "file_search",
    "file_search": {
        "ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None},
    },
}
PARAMETERS = {"type": "object", "properties": {"query": {"type": "string"}}}
SCHEMA = {"name": "answer", "schema": {"type": "object"}}


PROGRAM = {"type": "mcp", "server_label": "here", "transport": {"type": "stdio", "command": "ls"}}
MCP = {"type": "mcp", "server_label": "crm", "server_url": "https://x.org/mcp"}
WEB = {"type": "web_search"}


def function(**keys: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "ask", **keys}}


@pytest.mark.parametrize(
    "rule, left, right",
    [
        pytest.param(plain, 1, 1.0, id="numbers: 1 is 1.0"),
        pytest.param(plain, 0.0, -0.0, id="numbers: zero has no sign"),
        pytest.param(plain, {"a": [1, {"b": 2.0}]}, {"a": (1.0, {"b": 2})}, id="numbers: at any depth"),
        pytest.param(plain, {"a": 1, "b": 2}, {"b": 2, "a": 1}, id="maps: in any order"),
        pytest.param(plain, {"a": "x\r\ny"}, {"a": "x\ny"}, id="line ends: at any depth"),
        pytest.param(optional_text, "a\r\nb\rc", "a\nb\nc", id="line ends: CRLF and CR are LF"),
        pytest.param(optional_text, "", None, id="text: empty is none"),
        pytest.param(default(1), 1.0, None, id="default: the wire's value is none"),
        pytest.param(default(1), None, None, id="default: null"),
        pytest.param(mapping, {}, None, id="map: empty is none"),
        pytest.param(id_set("file_ids"), {"file_ids": ["b", "a", "a"]}, {"file_ids": ["a", "b"]}, id="ids: a set"),
        pytest.param(id_set("file_ids"), {"file_ids": []}, None, id="ids: empty is none"),
        pytest.param(id_set("file_ids"), {}, None, id="ids: absent is none"),
        pytest.param(id_set("file_ids"), {"file_ids": ["a"], "new": 1}, {"file_ids": ["a"]}, id="ids: unknown key"),
        pytest.param(tools, [], None, id="tools: empty is none"),
        pytest.param(tools, [CODE, function(), SEARCH], [SEARCH, CODE, function()], id="tools: in any order"),
        pytest.param(tools, [function()], [function(strict=False)], id="tools: strict false"),
        pytest.param(tools, [function()], [function(strict=None, parameters=None)], id="tools: nulls"),
        pytest.param(tools, [function()], [function(description="")], id="tools: empty description"),
        pytest.param(
            tools,
            [function()],
            [function(parameters={"properties": {}, "type": "object"})],
            id="tools: parameters that say nothing",
        ),
        pytest.param(tools, [function()], [function(added_later=1)], id="tools: unknown key of a function"),
        pytest.param(tools, [CODE], [{**CODE, "container": "auto"}], id="tools: unknown key of code_interpreter"),
        pytest.param(tools, [SEARCH], [STORED_SEARCH], id="tools: file_search as the service stores it"),
        pytest.param(
            tools,
            [{**SEARCH, "file_search": {"max_num_results": 20.0, "ranking_options": {"ranker": "auto"}}}],
            [SEARCH],
            id="tools: file_search defaults",
        ),
        pytest.param(tools, [{**SEARCH, "file_search": None}], [SEARCH], id="tools: file_search null"),
        pytest.param(
            tools,
            [{"type": "mcp", "url": "b"}, {"type": "mcp", "url": "a"}],
            [{"type": "mcp", "url": "a"}, {"type": "mcp", "url": "b"}],
            id="tools: several of one unknown type, in any order",
        ),
        pytest.param(tools, [MCP], [{**MCP, "allowed_tools": None, "credential_id": None}], id="tools: nulls of mcp"),
        pytest.param(
            tools,
            [{**MCP, "allowed_tools": ["b", "a"]}],
            [{**MCP, "allowed_tools": ["a", "b", "a"]}],
            id="tools: what mcp allows, in any order",
        ),
        pytest.param(tools, [MCP], [{**MCP, "added_later": 1}], id="tools: unknown key of mcp"),
        pytest.param(
            tools,
            [WEB],
            [{**WEB, "mode": "live", "context_size": "medium", "allowed_domains": None, "location": None}],
            id="tools: defaults of web_search",
        ),
        pytest.param(
            tools,
            [WEB],
            [{**WEB, "location": dict.fromkeys(("city", "country", "region", "timezone"))}],
            id="tools: web_search anywhere",
        ),
        pytest.param(
            tools,
            [{**WEB, "location": {"country": "CN"}}],
            [{**WEB, "location": {"country": "CN", "city": None, "region": None, "timezone": None}}],
            id="tools: web_search somewhere",
        ),
        pytest.param(
            tools,
            [{**WEB, "allowed_domains": ["b.org", "a.org"]}],
            [{**WEB, "allowed_domains": ["a.org", "b.org"]}],
            id="tools: domains in any order",
        ),
        pytest.param(
            tools,
            [MCP, {**MCP, "server_label": "mail"}],
            [{**MCP, "server_label": "mail"}, MCP],
            id="tools: servers in any order",
        ),
        pytest.param(response_format, "auto", None, id="response_format: auto is none"),
        pytest.param(
            response_format,
            {"type": "json_schema", "json_schema": SCHEMA},
            {"type": "json_schema", "json_schema": {**SCHEMA, "strict": False, "description": None}},
            id="response_format: defaults of json_schema",
        ),
        pytest.param(
            response_format,
            {"type": "json_schema", "json_schema": SCHEMA},
            {"type": "json_schema", "json_schema": {**SCHEMA, "added_later": 1}, "added_too": 1},
            id="response_format: unknown keys",
        ),
    ],
)
def test_two_spellings_of_one_value_are_the_same(rule: Any, left: Any, right: Any) -> None:
    """Both have one canonical form and one digest."""
    assert same(rule(left), rule(right))
    assert digest(rule(left)) == digest(rule(right))


@pytest.mark.parametrize(
    "rule, left, right",
    [
        pytest.param(plain, 1, True, id="1 is not true"),
        pytest.param(plain, 0, False, id="0 is not false"),
        pytest.param(plain, [1], [True], id="1 is not true inside a list"),
        pytest.param(plain, 1, "1", id="1 is not a text"),
        pytest.param(plain, None, "", id="null is not the empty text where nobody says so"),
        pytest.param(plain, {"a": None}, {}, id="a null entry is not a missing one"),
        pytest.param(plain, [1, 2], [2, 1], id="lists have an order"),
        pytest.param(optional_text, "a", "a\n", id="a final newline counts"),
        pytest.param(optional_text, "a", " a", id="spaces count"),
        pytest.param(default(1), 0, None, id="0 is not the default"),
        pytest.param(default(1), True, None, id="true is not the default 1"),
        pytest.param(mapping, {"a": ""}, None, id="an empty pair is a pair"),
        pytest.param(tools, [CODE], [CODE, CODE], id="a tool twice is not a tool once"),
        pytest.param(tools, [function()], [function(strict=True)], id="strict"),
        pytest.param(tools, [function()], [function(parameters=PARAMETERS)], id="parameters"),
        pytest.param(
            tools,
            [function(parameters={"enum": ["a", None]})],
            [function(parameters={"enum": ["a"]})],
            id="a null inside parameters",
        ),
        pytest.param(tools, [CODE], [CODE, {"type": "added_later", "x": 1}], id="an unknown tool counts"),
        pytest.param(tools, [MCP], [{**MCP, "allowed_tools": []}], id="no tool of a server is not all of them"),
        pytest.param(tools, [MCP], [{**MCP, "credential_id": "vcred_1"}], id="a credential"),
        pytest.param(tools, [MCP], [{**MCP, "server_url": "https://y.org"}], id="the URL of a server"),
        pytest.param(tools, [MCP], [{**MCP, "server_label": "mail"}], id="the label of a server"),
        pytest.param(tools, [MCP], [MCP, {"type": "mcp", "transport": {"type": "stdio"}}], id="a server to start"),
        pytest.param(tools, [WEB], [{**WEB, "mode": "cached"}], id="a mode"),
        pytest.param(tools, [WEB], [{**WEB, "allowed_domains": []}], id="no domain is not any"),
        pytest.param(tools, [WEB], [], id="web_search with defaults is not none"),
        pytest.param(tools, [MCP], [{**PROGRAM, "server_label": "crm"}], id="a program instead of a URL"),
        pytest.param(tools, [{"type": "mcp", "x": 1}], [{"type": "mcp", "x": 2}], id="all of an unknown tool counts"),
        pytest.param(tools, [SEARCH], [{**SEARCH, "file_search": {"max_num_results": 8}}], id="max_num_results"),
        pytest.param(
            tools,
            [SEARCH],
            [{**SEARCH, "file_search": {"ranking_options": {"ranker": "auto", "score_threshold": 0.5}}}],
            id="score_threshold",
        ),
        pytest.param(response_format, {"type": "text"}, None, id="response_format text is not auto"),
        pytest.param(response_format, {"type": "text"}, {"type": "json_object"}, id="response_format json_object"),
        pytest.param(
            response_format,
            {"type": "json_schema", "json_schema": SCHEMA},
            {"type": "json_schema", "json_schema": {**SCHEMA, "strict": True}},
            id="response_format strict",
        ),
    ],
)
def test_two_values_that_mean_different_things_differ(rule: Any, left: Any, right: Any) -> None:
    """They differ as values and in their digests."""
    assert not same(rule(left), rule(right))
    assert digest(rule(left)) != digest(rule(right))


@pytest.mark.parametrize(
    "rule, value",
    [
        (
            tools,
            [None, 3, "tool", {}, {"type": "function", "function": "ask"}, {"type": "file_search", "file_search": 3}],
        ),
        (tools, "tools"),
        (tools, [{**MCP, "allowed_tools": 3}, {**MCP, "allowed_tools": [{"odd": 1}]}, {**MCP, "server_label": None}]),
        (tools, [{**WEB, "location": "here", "allowed_domains": "x.org"}, {"type": "mcp"}]),
        (tools, [{**SEARCH, "file_search": {"ranking_options": "auto"}}]),
        (id_set("file_ids"), {"file_ids": [None, {"id": "a"}, "b"]}),
        (id_set("file_ids"), {"file_ids": "abc"}),
        (id_set("file_ids"), ["a"]),
        (response_format, {"type": "json_schema", "json_schema": None}),
        (response_format, [1]),
        (response_format, {"type": ["odd"]}),
        (optional_text, {"parts": ["a", 1.0]}),
        (mapping, "metadata"),
    ],
)
def test_what_no_wire_should_send_has_a_canonical_form_too(rule: Any, value: Any) -> None:
    """Nothing that a provider sends breaks a plan."""
    assert len(digest(rule(value))) == 8


def test_tools_are_keyed_by_type_and_name() -> None:
    """The keys are the paths under which differences are shown."""
    mcp = {"type": "mcp", "url": "a"}
    program = {"mcp.here": {"transport": PROGRAM["transport"]}}
    assert tools([{**PROGRAM, "required": False}, MCP]) == {"mcp.crm": {"server_url": "https://x.org/mcp"}, **program}
    canonical = tools([mcp, function(strict=True), CODE, mcp])

    assert canonical == {"code_interpreter": {}, "function.ask": {"strict": True}, "mcp": mcp, "mcp'": mcp}
    assert list(canonical) == sorted(canonical)


GOLDEN = [
    ("name", None, "null", "dCNOmK_n"),
    ("name", "AGIClass Demo", '"AGIClass Demo"', "Tt0Z96YC"),
    ("instructions", "你叫瓜瓜。\r\n你只回答问题。", r'"你叫瓜瓜。\n你只回答问题。"', "JqxaFOcG"),
    ("temperature", 0.2, "0.2", "RIlrCTZX"),
    ("top_p", 1, "null", "dCNOmK_n"),
    ("metadata", {"lang": "zh", "a": "1"}, '{"a":"1","lang":"zh"}', "vZDpN5Q_"),
    (
        "tools",
        [function(parameters=PARAMETERS, strict=True), STORED_SEARCH, CODE],
        '{"code_interpreter":{},"file_search":{},"function.ask":{"parameters":{"properties":{"query":{"type":"string"}},"type":"object"},"strict":true}}',
        "OycePqqZ",
    ),
    (
        "tools",
        [
            {**MCP, "allowed_tools": ["b", "a"], "credential_id": "vcred_1"},
            {**WEB, "mode": "cached", "location": {"country": "CN", "city": None}},
        ],
        '{"mcp.crm":{"allowed_tools":["a","b"],"credential_id":"vcred_1","server_url":"https://x.org/mcp"},"web_search":{"location":{"country":"CN"},"mode":"cached"}}',
        "k-Ch6SfK",
    ),
    (
        "tool_resources.file_search",
        {"vector_store_ids": ["vs_2", "vs_1"]},
        '{"vector_store_ids":["vs_1","vs_2"]}',
        "g9MH5Vmd",
    ),
    (
        "response_format",
        {"type": "json_schema", "json_schema": {**SCHEMA, "strict": True}},
        '{"json_schema":{"name":"answer","schema":{"type":"object"},"strict":true},"type":"json_schema"}',
        "flPHEE3M",
    ),
    ("extensions.text", {"verbosity": "low", "n": 2.0, "on": True}, '{"n":2,"on":true,"verbosity":"low"}', "ED2It0xU"),
]


@pytest.mark.parametrize("name, value, written, golden", GOLDEN)
def test_digests_never_change(name: str, value: Any, written: str, golden: str) -> None:
    """They stand in the marks of live objects: another digest needs another version of the mark."""
    assert base64.urlsafe_b64encode(hashlib.sha256(written.encode()).digest()[:6]).decode() == golden
    assert digest(KINDS["assistant"].field(name).canonical(value)) == golden


# All JSON a wire can carry; floats that are no number, and integers that no float holds, are not among it.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "__c__", "type", "name", "properties"]), inner, max_size=3)
    ),
    max_leaves=8,
)
FUNCTIONS = st.fixed_dictionaries(
    {"type": st.just("function")},
    optional={
        "function": JSON
        | st.fixed_dictionaries(
            {"name": st.sampled_from(["ask", "tell"])},
            optional={"description": st.none() | st.text(max_size=3), "parameters": JSON, "strict": JSON},
        )
    },
)
TOOLS = st.lists(FUNCTIONS | st.sampled_from([CODE, SEARCH, STORED_SEARCH]) | JSON, max_size=4)
RULES = {"tools": TOOLS | JSON, **dict.fromkeys(("name", "temperature", "metadata", "response_format"), JSON)}
RULES |= dict.fromkeys(("tool_resources.code_interpreter", "extensions.x"), JSON)


def canonical(name: str, value: Any) -> Any:
    return KINDS["assistant"].field(name).canonical(value)


@given(st.sampled_from(sorted(RULES)).flatmap(lambda name: st.tuples(st.just(name), RULES[name])))
def test_canonical_form_is_a_fixed_point(case: tuple[str, Any]) -> None:
    """Of a canonical value it is the value itself, for everything that is not keyed anew."""
    name, value = case
    once = canonical(name, value)

    assert same(once, once)
    assert same(plain(once), once)
    if name not in {"tools", "response_format"} or isinstance(once, dict):
        assert same(canonical(name, once), once)


@given(st.data())
def test_values_are_the_same_exactly_where_their_digests_are(data: st.DataObject) -> None:
    """The mark and the comparison cannot contradict each other."""
    name = data.draw(st.sampled_from(sorted(RULES)))
    left = canonical(name, data.draw(RULES[name]))
    right = canonical(name, data.draw(RULES[name]))

    assert same(left, right) is (digest(left) == digest(right))
    assert same(left, plain(left))


@given(TOOLS, st.randoms())
def test_the_order_of_tools_never_matters(value: list[Any], random: Any) -> None:
    """Whatever the tools are."""
    shuffled = value[:]
    random.shuffle(shuffled)

    assert same(tools(value), tools(shuffled))
