"""Live objects to manifests: what is written means what was live, and what cannot be written is listed."""

import tempfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asstctl.core.address import Address
from asstctl.core.diagnostic import has_errors
from asstctl.core.mark import without_mark
from asstctl.core.resource import EXTENSION, Live
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import same
from asstctl.manifest import Loaded, Secret, load, open_project
from asstctl.manifest.from_live import Written, key_for, write_manifests
from asstctl.manifest.tool_words import Words
from asstctl.providers import capabilities

RAW: Mapping[str, Any] = {
    "id": "asst_abcdefgh12345678",
    "object": "assistant",
    "created_at": 1700000000,
    "name": "Guagua",
    "description": None,
    "model": "gpt-4o",
    "instructions": "one\ntwo\n",
    "tools": [
        {"type": "code_interpreter"},
        {
            "type": "file_search",
            "file_search": {"max_num_results": 8, "ranking_options": {"ranker": "auto", "score_threshold": 0.5}},
        },
        {
            "type": "function",
            "function": {"name": "ask", "description": "d", "strict": False, "parameters": {"type": "object"}},
        },
    ],
    "tool_resources": {
        "code_interpreter": {"file_ids": ["file-1"]},
        "file_search": {"vector_store_ids": ["vs_1"]},
    },
    "metadata": {"lang": "zh"},
    "temperature": 0.2,
    "top_p": 1.0,
    "response_format": {"type": "json_schema", "json_schema": {"name": "r", "schema": {"type": "object"}}},
}


def decoded(raw: Mapping[str, Any]) -> Live:
    """What the codec of the wire makes of an object: each unknown key a field of its own."""
    known = {"name", "description", "model", "instructions", "tools", "temperature", "top_p", "response_format"}
    fields = {name: raw[name] for name in raw if name in known}
    for tool, settings_ in raw.get("tool_resources", {}).items():
        if tool in {"code_interpreter", "file_search"}:
            fields[f"tool_resources.{tool}"] = settings_
    fields["metadata"] = raw["metadata"]
    rest = raw.keys() - known - {"id", "object", "created_at", "tool_resources", "metadata"}
    fields |= {EXTENSION + name: raw[name] for name in rest}
    return Live("assistant", raw["id"], raw["created_at"], fields, raw["metadata"], raw)


def loaded_from(made: Written, root: Path, target: str = "local") -> Loaded:
    """The project that the files are."""
    for file in made.files:
        path = root / "assistants" / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.text.encode())
    loaded = load(open_project(root, {}), target)
    assert not has_errors(loaded.diagnostics), loaded.diagnostics
    return loaded


def means(loaded: Loaded, address: Address, live: Live) -> dict[str, bool]:
    """For each field that is declared, whether the file means what is live."""
    (desired,) = [one for one in loaded.desired if one.address == address]
    kind = KINDS[live.kind]
    found = {}
    for name, value in desired.fields.items():
        rule = kind.field(name).canonical
        there = without_mark(live.metadata) if name == "metadata" else live.fields.get(name)
        found[name] = same(rule(value), rule(there))
    return found


def test_every_field_is_written_and_means_what_is_live(tmp_path: Path) -> None:
    """Nothing is left, and the manifest declares what differs from the default."""
    live = decoded(RAW)
    made = write_manifests([live], "local", ())
    assert made.left == []
    found = means(loaded_from(made, tmp_path), Address("assistant", "guagua"), live)
    assert all(found.values()), found
    assert set(found) == set(KINDS["assistant"].fields) - {"description", "top_p", "reasoning_effort"}


def test_a_store_without_a_name_stays_without_one(tmp_path: Path) -> None:
    """Its key would become its name if the manifest said nothing."""
    live = Live("vector_store", "vs_1", 1_800_000_000, {"name": None, "metadata": {}}, {}, {"id": "vs_1"})
    made = write_manifests([live], "local", ())
    (address,) = made.adopted
    loaded = loaded_from(made, tmp_path)
    assert means(loaded, address, live) == {"name": True}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), "extensions"),
        (("tools", 0), "tools.code_interpreter.added"),
        (("tools", 1), "tools.file_search.added"),
        (("tools", 1, "file_search"), "tools.file_search.added"),
        (("tools", 1, "file_search", "ranking_options"), "tools.file_search.ranking_options.added"),
        (("tools", 2), "tools.function.added"),
        (("tools", 2, "function"), "tools.function.ask.added"),
        (("tools", 2, "function", "parameters"), ""),
        (("tool_resources",), "tool_resources.added"),
        (("tool_resources", "code_interpreter"), "tool_resources.code_interpreter.added"),
        (("tool_resources", "file_search"), "tool_resources.file_search.added"),
        (("response_format",), "response_format"),
        (("response_format", "json_schema"), "response_format"),
    ],
)
def test_an_unknown_key_at_any_level_is_kept_or_listed(
    tmp_path: Path, path: tuple[str | int, ...], expected: str
) -> None:
    """A wire that is newer than this program loses nothing by a pull: the key is in a file, or said."""
    raw: Any = deepcopy(dict(RAW))
    inner = raw
    for step in path:
        inner = inner[step]
    inner["added"] = {"some": ["thing"]}
    live = decoded(raw)
    made = write_manifests([live], "local", ())
    text = "".join(file.text for file in made.files)
    said = [one.what for one in made.left]
    if expected in {"", "extensions"}:
        assert said == []
        assert "added:" in text
    else:
        assert said == [expected]
    found = means(loaded_from(made, tmp_path), Address("assistant", "guagua"), live)
    assert all(found.values()), found


@pytest.mark.parametrize(
    ("changes", "what", "reason"),
    [
        (
            {"tools": [{"type": "mcp", "server": "x"}]},
            "tools",
            "a tool of type mcp cannot be declared, so that none of them is",
        ),
        ({"reasoning": {"effort": None}}, "extensions.reasoning", "it holds nulls, which take keys away in a manifest"),
        ({"description": "\ud800"}, "description", "it holds half a surrogate pair, which no file can hold"),
        ({"name": "the key is sk-secret-12345"}, "name", "it holds the value of the secret KEY"),
        ({"metadata": {"asstctl_x": "1"}}, "metadata", "`asstctl_x` begins like the names of the mark"),
        (
            {"response_format": {"type": "grammar"}},
            "response_format",
            "`response_format.type` cannot be `grammar`",
        ),
    ],
)
def test_what_no_manifest_can_say_stays_on_the_object(
    tmp_path: Path, changes: Mapping[str, Any], what: str, reason: str
) -> None:
    """Its field is not declared, so that nothing ever resets it; the rest is written."""
    live = decoded({**RAW, **changes})
    made = write_manifests([live], "local", (), [Secret("KEY", "sk-secret-12345")])
    assert [(one.what, one.reason) for one in made.left] == [(what, reason)]
    assert "sk-secret-12345" not in "".join(file.text for file in made.files)
    found = means(loaded_from(made, tmp_path), next(iter(made.adopted)), live)
    assert what.partition(".")[0] not in found
    assert all(found.values()), found


@pytest.mark.parametrize(
    ("schema", "strict", "reason"),
    [
        ({"type": "strin"}, False, "not a JSON Schema"),
        ({"type": "object", "properties": {"a": {"type": "string", "required": True}}}, False, "not a JSON Schema"),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, True, "strict"),
    ],
)
def test_a_schema_that_no_manifest_takes_stays_on_the_object(
    tmp_path: Path, schema: Mapping[str, Any], strict: bool, reason: str
) -> None:
    """Else one such object would keep all others from being pulled."""
    function = {"name": "ask", "strict": strict, "parameters": schema}
    named = {"name": "r", "strict": strict, "schema": schema}
    tools = [{"type": "code_interpreter"}, {"type": "function", "function": function}]
    raw = {**RAW, "tools": tools, "response_format": {"type": "json_schema", "json_schema": named}}
    made = write_manifests([decoded(raw), decoded({**raw, "id": "asst_other", "name": "Other"})], "local", ())
    assert [one.what for one in made.left] == ["tools", "response_format"] * 2
    assert all(reason in one.reason for one in made.left), made.left
    loaded = loaded_from(made, tmp_path)
    assert {str(one.address) for one in loaded.desired} == {"assistant.guagua", "assistant.other"}


MCP = {"type": "mcp", "server_label": "crm", "server_url": "https://x.org/mcp", "credential_id": "vcred_1"}
WEB = {"type": "web_search", "mode": "cached"}
CREDENTIALS = """\
version: 1
project: p
default_target: prod
targets: {prod: {provider: openai, base_url: 'http://127.0.0.1:1/v1', credentials: {crm: vcred_1}}}
"""


def test_servers_and_the_web_are_written_with_the_name_of_a_credential(tmp_path: Path) -> None:
    """Its id differs by target, and stands in the project file."""
    (tmp_path / "asstctl.yaml").write_text(CREDENTIALS)
    project = open_project(tmp_path, {})
    words = Words.of(capabilities("openai"), project.targets["prod"])
    raw = {"id": "agent_1", "created_at": 1, "name": "Guagua", "model": "m", "tools": [MCP, WEB], "metadata": {}}
    live = decoded(raw)
    made = write_manifests([live], "openai", (), words=words)
    text = "".join(file.text for file in made.files)
    assert made.left == []
    assert "credential: crm" in text
    assert "vcred_1" not in text
    found = means(loaded_from(made, tmp_path, "prod"), Address("assistant", "guagua"), live)
    assert found["tools"]


@pytest.mark.parametrize(
    ("tool", "words", "reason"),
    [
        (MCP, Words(), "credential vcred_1 has no name among the `credentials` of the target"),
        (WEB, Words(frozenset({"web_search"})), "a tool of type web_search cannot be declared"),
        ({**WEB, "mode": "sideways"}, Words(), "`tools[0].mode` cannot be `sideways`"),
        ({"type": "mcp", "server_label": "x", "transport": {"type": "stdio"}}, Words(), "a tool of type mcp cannot be"),
    ],
)
def test_a_tool_that_cannot_be_said_keeps_all_of_them_on_the_object(
    tool: Mapping[str, Any], words: Words, reason: str
) -> None:
    made = write_manifests([decoded({**RAW, "tools": [{"type": "code_interpreter"}, tool]})], "openai", (), words=words)
    (left,) = made.left
    assert reason.replace("[0]", "[1]") in left.reason
    assert "tools:" not in "".join(file.text for file in made.files)


def test_parameters_that_look_like_the_name_of_a_file_stay_on_the_object(tmp_path: Path) -> None:
    tool = {"type": "function", "function": {"name": "ask", "parameters": {"file": "x.json"}}}
    made = write_manifests([decoded({**RAW, "tools": [tool]})], "local", ())
    assert [one.what for one in made.left] == ["tools"]
    loaded_from(made, tmp_path)


def test_a_null_that_the_wire_adds_is_nothing_to_list() -> None:
    options = {"ranker": "auto", "score_threshold": 0.5, "hybrid_search": None}
    raw = {**RAW, "tools": [{"type": "file_search", "file_search": {"ranking_options": options}}]}
    assert write_manifests([decoded(raw)], "local", ()).left == []


def test_an_object_without_room_for_a_mark_is_listed() -> None:
    """Sixteen pairs are full: it is said, and no manifest is made that could never be applied."""
    made = write_manifests([decoded({**RAW, "metadata": {str(n): "x" for n in range(14)}})], "local", ())
    assert made.files == []
    assert "leave no room for the mark" in made.left[0].reason


def test_functions_that_several_use_are_written_once() -> None:
    """The same function of two assistants is a `kind: function`; one that differs stays where it is used."""
    other = deepcopy(dict(RAW))
    other["id"], other["name"] = "asst_other", "Other"
    third: Any = deepcopy(other)
    third["id"], third["name"] = "asst_third", "Third"
    third["tools"][2]["function"]["description"] = "another"
    made = write_manifests([decoded(RAW), decoded(other), decoded(third)], "local", ())
    assert [file.name for file in made.files] == ["functions/ask.yaml", "guagua.yaml", "other.yaml", "third.yaml"]
    assert ["function: ask" in file.text for file in made.files] == [False, True, True, False]


@pytest.mark.parametrize(
    ("name", "taken", "key"),
    [
        ("AGIClass Demo!", (), "agiclass-demo"),
        ("Café", (), "cafe"),
        ("tutor", ("tutor",), "tutor-2"),
        ("a b", ("a_b",), "a-b-2"),
        ("瓜瓜", (), "assistant-12345678"),
        ("", (), "assistant-12345678"),
        ("-" * 200 + "x" * 200, (), "x" * 48),
    ],
)
def test_a_key_is_made_of_the_name(name: str, taken: tuple[str, ...], key: str) -> None:
    """It is free, is taken by no environment variable, and comes from the id where the name gives none."""
    used = {Address("assistant", one) for one in taken}
    assert key_for(name, "asst_abcdefgh12345678", used, "assistant") == key


TEXT = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.text(st.sampled_from(" \t\n\r#:-{}[]'\"&*!|>%@`.<é瓜\u2028\x85\x1b\x00\ufeff"), max_size=30),
    st.sampled_from(["no", "1e3", "null", "---\nkind: assistant\n---\n", "{{ x }}", "{% raw %}", "..."]),
)


@settings(max_examples=40)
@given(instructions=TEXT, name=TEXT, description=TEXT, value=TEXT, inner=TEXT)
def test_any_text_means_itself(instructions: str, name: str, description: str, value: str, inner: str) -> None:
    """Whatever people typed into a dashboard is what the files mean, character by character."""
    raw: Any = deepcopy(dict(RAW))
    raw |= {"instructions": instructions, "name": name, "description": description, "metadata": {"k": value}}
    raw["tools"][2]["function"]["description"] = inner
    live = decoded(raw)
    made = write_manifests([live], "local", ())
    assert made.left == []
    with tempfile.TemporaryDirectory() as folder:
        found = means(loaded_from(made, Path(folder)), next(iter(made.adopted)), live)
    assert all(found.values()), (found, [file.text for file in made.files])
