"""What another provider makes of an assistant: every field that it has, once, and from the provider's tables alone."""

from dataclasses import replace
from typing import Any

import pytest

from asstctl.core.capabilities import Capabilities
from asstctl.core.migration import Fate, FieldFate
from asstctl.core.resource import EXTENSION
from asstctl.documents.yaml import parse_one
from asstctl.kinds import KINDS
from asstctl.providers import capabilities
from asstctl.providers.assistants.codecs import ASSISTANT
from asstctl.workspace.migration.new_project import project_text
from asstctl.workspace.migration.place import known_settings
from asstctl.workspace.migration.prospects import fates_of, search_name
from tests.cli.conftest import Project
from tests.migrate.saved import ASSISTANTS, CODE, OFFLINE_ONLY, SEARCH, STORE, STRICT_SCHEMA, Raw, assistant, function
from tests.migrate.test_saved import migrated, save

AGENTS = capabilities("openai")


def fates(raw: Raw, wire: Capabilities = AGENTS) -> dict[str, FieldFate]:
    return {one.field: one for one in fates_of(ASSISTANT.decode(raw), "openai", wire, "search_files")}


@pytest.mark.parametrize(
    ("fields", "field", "fate", "entry", "accepted"),
    [
        ({}, "name", Fate.MAPS, "", None),
        ({}, "model", Fate.CHANGED, "", None),
        ({"name": "n" * 129}, "name", Fate.LOST, "", None),
        ({"instructions": "Be brief."}, "instructions", Fate.CHANGED, "", None),
        ({"description": "d"}, "description", Fate.LOST, "assistant.description", "drop"),
        ({"temperature": 0.2}, "temperature", Fate.LOST, "assistant.temperature", "drop"),
        ({"top_p": 0.5}, "top_p", Fate.LOST, "assistant.top_p", "drop"),
        ({"reasoning_effort": "low"}, "reasoning_effort", Fate.MAPS, "", None),
        ({"metadata": {"a": "b"}}, "metadata", Fate.MAPS, "", None),
        ({"response_format": {"type": "text"}}, "response_format", Fate.MAPS, "", None),
        (
            {"response_format": {"type": "json_object"}},
            "response_format.json_object",
            Fate.LOST,
            "assistant.response_format.json_object",
            "drop",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": STRICT_SCHEMA}}},
            "response_format.json_schema",
            Fate.CHANGED,
            "",
            None,
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": True}}},
            "response_format.strict",
            Fate.LOST,
            "assistant.response_format.strict",
            "drop",
        ),
        ({"tools": [CODE]}, "tools.code_interpreter", Fate.MOVED, "assistant.tools.code_interpreter", "session"),
        (
            {"tools": [SEARCH]},
            "tools.file_search",
            Fate.LOST,
            "assistant.tools.file_search",
            {"function": "search_files"},
        ),
        (
            {"tool_resources": {"file_search": {"vector_store_ids": [STORE]}}},
            "tool_resources.file_search",
            Fate.MOVED,
            "assistant.tools.file_search",
            {"function": "search_files"},
        ),
        (
            {"tool_resources": {"code_interpreter": {"file_ids": ["file-1"]}}},
            "tool_resources.code_interpreter",
            Fate.LOST,
            "assistant.tool_resources.code_interpreter",
            "drop",
        ),
        ({"tools": [function("f", strict=True)]}, "function.strict", Fate.LOST, "function.strict", "drop"),
        ({"tools": [function("f")]}, "function.description", Fate.CHANGED, "", None),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "function.parameters", Fate.CHANGED, "", None),
        ({"safety": "high"}, "extensions.safety", Fate.LOST, "", None),
    ],
)
def test_each_field_has_its_fate(fields: dict[str, Any], field: str, fate: Fate, entry: str, accepted: Any) -> None:
    found = fates(assistant("one", **fields))[field]
    assert (found.fate, found.entry, found.accepted) == (fate, entry, accepted)
    assert bool(found.said) is (fate is not Fate.MAPS)
    assert bool(found.way) is (fate is Fate.LOST or field.startswith("tools."))


@pytest.mark.parametrize("raw", ASSISTANTS, ids=lambda raw: raw["id"].strip("0"))
def test_no_field_that_is_set_goes_unsaid(raw: Raw) -> None:
    """Each has a fate, on every wire; on its own wire each maps, as far as a manifest can say it."""
    live = ASSISTANT.decode(raw)
    kind = KINDS["assistant"]
    for wire in (AGENTS, capabilities("assistants")):
        told = fates(raw, wire)
        for name in kind.fields:
            if kind.field(name).canonical(live.fields.get(name)) is not None:
                assert any(field == name or field.startswith(f"{name}.") for field in told), name
    own = [one for one in told.values() if one.fate is not Fate.MAPS]
    assert all(one.field.startswith("tools.") or one.field == "metadata" for one in own), own


def test_what_no_manifest_says_is_lost_on_every_provider(empty: Project) -> None:
    """Nothing of tools that are left out is asked to be accepted."""
    save(empty, "one.json", assistant("one", tools=[{"type": "retrieval"}, function("f", strict=True)]))
    (one,) = migrated(empty, "one.json", "--to", "openai")["prospect"]["assistants"]
    told = {field["field"]: field for field in one["fields"]}
    assert told.keys() == {"name", "model", "tools"}
    assert told["tools"]["fate"] == "lost"
    assert "a tool of type retrieval cannot be declared" in told["tools"]["said"]


def test_what_stands_at_its_default_is_not_lost() -> None:
    assert not {"temperature", "top_p", "description", "response_format"} & fates(assistant("plain")).keys()


def test_every_row_of_the_tables_can_be_told() -> None:
    """A loss or a changed meaning that no assistant could be told of would be one that nobody hears of."""
    told = {field for raw in (*ASSISTANTS, OFFLINE_ONLY[0]) for field in fates(raw)}
    told |= fates(assistant("bare", tools=[{"type": "function", "function": {"name": "f"}}])).keys()
    for table in (AGENTS.unsupported, AGENTS.changed):
        rows = {path if kind == "assistant" else f"{kind}.{path}" for kind in table for path in table[kind]}
        ours = {row for row in rows if not row.startswith(("tools.mcp", "tools.web_search"))}
        assert ours <= told


def test_the_function_that_searches_takes_no_name_that_is_taken() -> None:
    lives = [ASSISTANT.decode(assistant("a", tools=[function("search_files"), function("search_files_2")]))]
    assert search_name(lives) == "search_files_3"


def test_a_way_names_the_target() -> None:
    assert "targets: {openai: {temperature: null}}" in fates(assistant("one", temperature=0.5))["temperature"].way


def test_a_wire_that_lacks_a_field_without_a_row_loses_it() -> None:
    """The table is for what can be accepted; what is not in it is said all the same."""
    poor = replace(AGENTS, fields={"assistant": {"model": AGENTS.fields["assistant"]["model"]}}, unsupported={})
    told = fates(
        assistant("one", reasoning_effort="low", tool_resources={"file_search": {"vector_store_ids": ["v"]}}), poor
    )
    assert told["reasoning_effort"].fate is told["tool_resources.file_search"].fate is Fate.LOST
    assert not [one for one in told.values() if one.entry or one.field.startswith(EXTENSION)]


def test_the_project_file_holds_the_target_with_its_losses_to_accept(empty: Project) -> None:
    """As comments: nobody accepts a loss by migrating. Without the `#` the block is that of the report."""
    save(empty, "all.json", [raw for raw in ASSISTANTS if len(raw["metadata"]) < 14])
    told = migrated(empty, "all.json", "--to", "openai")
    text = (empty.root / "asstctl.yaml").read_text("utf-8")
    assert "on_unsupported" in text
    before, _ = parse_one(text, "asstctl.yaml")
    after, _ = parse_one(text.replace("    # on_unsupported", "    on_unsupported").replace("    #   ", "      "), "x")
    assert before is not None
    assert after is not None
    was: Any = before.value
    value: Any = after.value
    assert was["targets"]["openai"] == known_settings("openai")
    assert value["targets"]["openai"] == {
        **known_settings("openai"),
        "on_unsupported": told["prospect"]["on_unsupported"],
    }


def test_a_target_of_the_project_is_reported_on_by_its_name(empty: Project) -> None:
    empty.write(
        "asstctl.yaml",
        "version: 1\nproject: school\ntargets: {prod: {provider: openai, api_key: {env: OPENAI_API_KEY}}}\n",
    )
    save(empty, "one.json", ASSISTANTS[0])
    told = migrated(empty, "one.json", "--to", "prod")
    assert (told["prospect"]["target"], told["prospect"]["provider"], told["notes"]) == ("prod", "openai", [])


def test_a_target_that_the_project_lacks_is_said_and_not_written(empty: Project) -> None:
    empty.write("asstctl.yaml", "version: 1\nproject: school\n")
    save(empty, "one.json", ASSISTANTS[0])
    before = (empty.root / "asstctl.yaml").read_bytes()
    (note,) = migrated(empty, "one.json", "--to", "openai")["notes"]
    assert "add `openai: {provider: openai, api_key: {env: OPENAI_API_KEY}}` to its `targets`" in note
    assert (empty.root / "asstctl.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("folder", "name"), [("My School", "my-school"), ("школа", "assistants"), ("a.b_c", "a.b_c"), ("--x--", "x")]
)
def test_a_project_is_named_after_its_folder(empty: Project, folder: str, name: str) -> None:
    assert f"project: {name} " in project_text(empty.root / folder, None)
