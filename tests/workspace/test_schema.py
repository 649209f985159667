"""The schemas of what people write: true, complete, and of one mind with the program."""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from asstctl.documents.front_matter import split
from asstctl.documents.yaml import parse_yaml
from asstctl.workspace.schema import DOCUMENTS, modeline, stale_schemas, write_schemas
from tests.repository.consoles import ROOT
from tests.workspace.schema_samples import SAMPLES, Errors, mutations


@lru_cache(maxsize=8)
def schema(name: str) -> Any:
    return json.loads(DOCUMENTS[name].text)


@lru_cache(maxsize=8)
def validator(name: str) -> Any:
    return jsonschema_rs.Draft7Validator(schema(name))


def wrong(name: str, value: Any) -> list[str]:
    """What a schema says of a value."""
    return [f"{'.'.join(map(str, one.instance_path))}: {one.message}" for one in validator(name).iter_errors(value)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_is_draft_07_with_a_name(name: str) -> None:
    """And the same bytes each time."""
    head = schema(name)
    meta = jsonschema_rs.Draft7Validator({"$ref": "http://json-schema.org/draft-07/schema#"})
    assert [one.message for one in meta.iter_errors(head)] == []
    assert head["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert head["$id"] == f"urn:asstctl:schema:{name}"
    assert head["title"]
    assert DOCUMENTS[name].text == DOCUMENTS[name].text


def properties(part: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every property that a schema offers. What stands in a condition is not offered."""
    if isinstance(part, dict):
        for key, inner in (part.get("properties") or {}).items():
            yield f"{at}.{key}", inner
        for key, inner in part.items():
            if key not in {"if", "not", "examples", "default", "enum"}:
                yield from properties(inner, at if key in {"properties", "definitions", "allOf"} else f"{at}.{key}")
    elif isinstance(part, list):
        for number, inner in enumerate(part):
            yield from properties(inner, f"{at}[{number}]")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_property_lacks_a_description(name: str) -> None:
    """An editor shows one for whatever the pointer is on."""
    every = dict(properties(schema(name)))
    assert every
    assert [at for at, one in every.items() if not one.get("description")] == []


TELLING = frozenset(("enum", "const", "default", "examples", "allOf"))
"""A list of all values, or one of them; or a reference, whose own fields tell."""


def tells_enough(part: Any) -> bool:
    """Whether an editor can show what a field holds."""
    kinds = part.get("type", ())
    return bool(TELLING & part.keys()) or {kinds if isinstance(kinds, str) else kinds[0] if kinds else ""} == {
        "boolean"
    }


@pytest.mark.parametrize("name", ["project", "manifest", "replies"])
def test_every_field_has_an_example_or_tells_its_values(name: str) -> None:
    assert [at for at, one in properties(schema(name)) if not tells_enough(one)] == []


@pytest.mark.parametrize("part", ["Single", "Nested", "TurnTemplated", "LongCallTemplated"])
def test_so_has_every_field_of_a_conversation(part: str) -> None:
    """Operators, matchers and answers say their form in their descriptions."""
    fields = schema("conversation")["definitions"][part]["properties"]
    choices = {at for at, one in fields.items() if "enum" in one.get("else", {}) or at == "stubs"}
    assert [at for at, one in fields.items() if not tells_enough(one) and at not in choices] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_example_is_valid(name: str) -> None:
    """By the schema of the field that it is given for."""
    whole = schema(name)
    shared = {"definitions": whole.get("definitions", {})}
    for at, one in properties(whole):
        check = jsonschema_rs.Draft7Validator({**one, **shared})
        assert [(at, bad.message) for value in one.get("examples", ()) for bad in check.iter_errors(value)] == []


def named(name: str) -> str | None:
    return next((found for found, one in DOCUMENTS.items() if one.names.fullmatch(name)), None)


def of_the_repository() -> list[tuple[str, str, str]]:
    """The samples: a name, the schema, and the YAML."""
    found = [("asstctl.yaml", "project", (ROOT / "asstctl.yaml").read_text("utf-8"))]
    for folder in ("assistants", "examples", "asstctl/workspace/starter"):
        for file in sorted((ROOT / folder).rglob("*.*")):
            shown = file.relative_to(ROOT).as_posix()
            if any(part.startswith(".") for part in file.relative_to(ROOT).parts) or file.name == "README.md":
                continue
            if file.suffix == ".yaml" and (name := named(file.name)):
                found.append((shown, name, file.read_text("utf-8")))
            elif file.suffix == ".md" and (parts := split(file.read_text("utf-8"), shown)) and "kind:" in parts.head:
                found.append((shown, "manifest", parts.head))
    return found


@pytest.mark.parametrize(
    ("name", "text"), [row[1:] for row in of_the_repository()], ids=[r[0] for r in of_the_repository()]
)
def test_every_sample_of_the_repository_is_valid(name: str, text: str) -> None:
    """In the examples, in the sample project, and in what `init` writes."""
    documents, problems = parse_yaml(text, "sample")
    assert problems == ()
    assert [one for document in documents if document.value is not None for one in wrong(name, document.value)] == []


def on_pages() -> Iterator[tuple[str, Any]]:
    """The blocks of README and docs that are a manifest, a project file or a conversation by their keys."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for block in page.read_text("utf-8").split("```yaml\n")[1:]:
            documents, problems = parse_yaml(block.partition("```")[0], page.name)
            for document in documents if not problems else ():
                value = document.value
                keys = value.keys() if isinstance(value, dict) else set()
                for name, marks in {"manifest": {"kind"}, "project": {"targets", "version"}}.items():
                    if marks <= keys:
                        yield name, value
                if {"assistant"} <= keys and keys & {"turns", "conversations"}:
                    yield "conversation", value


def test_every_whole_file_on_a_page_is_valid() -> None:
    """README and docs."""
    blocks = list(on_pages())
    assert len(blocks) >= 5
    assert [(value, found) for name, value in blocks if (found := wrong(name, value))] == []


WRONG = [
    ("project", {"version": 2}, "version"),
    ("project", {"projct": "x"}, "projct"),
    ("project", {"targets": {"prod": {"provider": "opnai"}}}, "provider"),
    ("project", {"targets": {"prod": {"provider": "local", "base_url": "https://example.com"}}}, "base_url"),
    ("project", {"targets": {"prod": {"provider": "openai", "api_key": "sk-1"}}}, "api_key"),
    ("project", {"defaults": {"assistant": {"kind": "assistant"}}}, "kind"),
    ("manifest", {"kind": "asistant"}, "kind"),
    ("manifest", {"model": "gpt-4o"}, "kind"),
    ("manifest", {"kind": "assistant", "temperature": "warm"}, "temperature"),
    ("manifest", {"kind": "assistant", "instructions": {"fil": "x"}}, "instructions"),
    ("manifest", {"kind": "assistant", "tools": [{"type": "file_search", "only": ["a"], "except": ["b"]}]}, "tools.0"),
    ("manifest", {"kind": "assistant", "targets": {"prod": {"key": "x"}}}, "targets.prod"),
    ("manifest", {"kind": "vector_store", "temperature": 1}, "temperature"),
    ("manifest", {"kind": "changes", "adopt": [{"to": "guagua", "id": "asst_1"}]}, "adopt.0.to"),
    ("conversation", {"turns": [{"user": "hi"}]}, "assistant"),
    ("conversation", {"assistant": "a", "turns": []}, "turns"),
    ("conversation", {"assistant": "a", "turns": [{"user": "hi", "expect": {"contain": "x"}}]}, "turns.0.expect"),
    ("conversation", {"assistant": "a", "turns": [{"calls": [{"f": {"x": {"$gtt": 1}}}]}]}, "turns.0.calls.0.f.x"),
    ("conversation", {"assistant": "a", "turns": [{"user": "b"}], "finally": {"expect": {"equals": "x"}}}, "finally"),
    ("conversation", {"assistant": "a", "conversations": [{"turns": [{"user": "hi"}]}]}, "conversations.0"),
    ("stubs", {"stubs": {"f": {"retrun": 1}}}, "stubs.f"),
    ("stubs", {"stubs": {"f": {"return": 1, "template": "x"}}}, "stubs.f"),
    ("stubs", {"stubs": {"f": {"return": 1, "timeout": 3}}}, "stubs.f"),
    ("replies", {"rules": [{"user": "x"}]}, "rules.0"),
    ("replies", {"rules": [{"output": "x", "say": "y"}]}, "rules.0"),
]


@pytest.mark.parametrize(("name", "value", "place"), WRONG, ids=[f"{name} {place}" for name, _, place in WRONG])
def test_a_mistake_is_found_at_its_place(name: str, value: Any, place: str) -> None:
    """And nothing else is: an editor underlines what is wrong and no more."""
    found = wrong(name, value)
    assert found
    assert all(place in one for one in found), found


SHAPES = frozenset(("unknown-key", "missing-key", "wrong-type"))

KNOWN = {
    # what `defaults` of the project file or of a conversation file may give, or another target's overlay
    *("no model", "no expires_after", "no expires_after.anchor", "no expires_after.days"),
    *("expires_after = None", "expires_after = {}", "expires_after.anchor = None", "expires_after.days = None"),
    *("targets.local.expires_after.days = None", "no defaults", "no defaults.repeat", "no defaults.repeat.runs"),
    *(
        "defaults = None",
        "defaults = {}",
        "defaults.repeat = None",
        "defaults.repeat = {}",
        "defaults.repeat.runs = None",
    ),
    # what depends on another value of the file
    *("no project", "project = None", "no matrix", "matrix = None", "exclude.0.nobody_knows", "stubs = None"),
    *("targets.agents.api_key = None", "test.judges.default.model = None"),
    # Python takes true for 1
    "version = True",
}
"""Mistakes on which program and schema differ, and why."""


@pytest.mark.parametrize(("name", "sample", "errors"), SAMPLES, ids=[f"{n}-{s.get('kind', '')}" for n, s, _ in SAMPLES])
def test_program_and_schema_are_of_one_mind(name: str, sample: Any, errors: Errors, tmp_path: Path) -> None:
    """What the program refuses for its shape the schema refuses too, and it refuses nothing that the program takes."""
    assert errors(tmp_path, sample) == set()
    assert wrong(name, sample) == []
    only_program, only_schema = [], []
    for what, value in mutations(sample):
        found, refused = errors(tmp_path, value), not validator(name).is_valid(value)
        if found & SHAPES and not refused:
            only_program.append(what)
        if refused and not found:
            only_schema.append(what)
    assert set(only_program) - KNOWN == set()
    assert set(only_schema) - KNOWN == set()


MODELINES = [
    ("asstctl.yaml", ".schemas/project.json"),
    ("assistants/tutor.yaml", "../.schemas/manifest.json"),
    ("assistants/functions/ask.yml", "../../.schemas/manifest.json"),
    ("assistants/a.convo.yaml", "../.schemas/conversation.json"),
    ("assistants/demo.replies.yaml", "../.schemas/replies.json"),
    ("replies.yaml", ".schemas/replies.json"),
    ("demo.stubs.yaml", ".schemas/stubs.json"),
]


@pytest.mark.parametrize(("file", "leads"), MODELINES)
def test_a_modeline_leads_from_the_file_to_its_schema(tmp_path: Path, file: str, leads: str) -> None:
    """Relative to the file, as yaml-language-server reads it; whether the file is named by itself or in full."""
    assert modeline(Path(file), tmp_path) == f"# yaml-language-server: $schema={leads}\n"
    assert modeline(tmp_path / file, tmp_path) == f"# yaml-language-server: $schema={leads}\n"


def test_markdown_has_no_modeline(tmp_path: Path) -> None:
    """Editors check no front matter."""
    assert modeline(Path("assistants/tutor.md"), tmp_path) == ""


def test_schemas_are_written_once(tmp_path: Path) -> None:
    """A second time there is nothing to write, and a file that was edited is."""
    schemas = {name: one.text for name, one in DOCUMENTS.items()}
    folder = tmp_path / ".schemas"
    every = tuple(f"{name}.json" for name in DOCUMENTS)
    assert stale_schemas(folder, schemas) == every
    assert write_schemas(folder, schemas) == every
    assert write_schemas(folder, schemas) == ()
    (folder / "stubs.json").write_text("{}", "utf-8")
    assert stale_schemas(folder, schemas) == ("stubs.json",)
    assert write_schemas(folder, schemas) == ("stubs.json",)
