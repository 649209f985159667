"""Whatever a file holds: a result or diagnostics, and never an exception of ours."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.capabilities import Capabilities, Limit, WireField
from asstctl.core.errors import InvalidInput
from asstctl.kinds.assistant import AssistantManifest
from asstctl.kinds.vector_store import Chunks, FileEntry, VectorStoreManifest
from asstctl.manifest import load, open_project
from asstctl.manifest.project_model import ProjectModel, TargetModel
from asstctl.providers.agents.capabilities import AGENTS_V1

KNOWN = Capabilities(
    "w",
    {"assistant": {"temperature": WireField(("temperature",))}},
    {
        "assistant": {"tools[].function.name": Limit(max_chars=4), "metadata": Limit(max_items=1, max_key_chars=1)},
        "vector_store": {
            "files[].bytes": Limit(maximum=3),
            "files[].attributes": Limit(max_items=1, max_value_chars=1),
        },
    },
    unsupported=AGENTS_V1.unsupported,
)
MANIFEST_WORDS = (*AssistantManifest.model_fields, "type", "function", "file", "template", "only", "except", "local")
PROJECT_WORDS = (*ProjectModel.model_fields, *TargetModel.model_fields, "env", "secret", "script", "chat", "assistant")
VALUES = (
    "code_interpreter",
    "file_search",
    "mcp",
    "web_search",
    "drop",
    "assistant",
    "auto",
    "local",
    "x",
    "{{ vars.x }}",
    "../x",
    "[key]",
    "",
)
GLOBS = ("*", "/**", "/a*")


def trees(words: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from((*words, *VALUES))
    anything: st.SearchStrategy[Any] = st.recursive(
        st.none() | st.booleans() | st.integers(-2, 2) | st.floats(0, 3) | names,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
        max_leaves=12,
    )
    return st.dictionaries(names, anything, max_size=8)


@pytest.fixture(scope="module")
def load_files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], None]:
    root: Path = tmp_path_factory.mktemp("any")
    (root / "assistants").mkdir()

    def load_both(project: str, manifest: str) -> None:
        (root / "asstctl.yaml").write_text(project)
        (root / "assistants/a.yaml").write_text(manifest)
        with suppress(InvalidInput):
            opened = open_project(root, {"x": "secret-x"}, tolerant=True)
            for name in opened.targets:
                load(opened, name, capabilities=dict.fromkeys(opened.targets, KNOWN))

    return load_both


@given(trees(MANIFEST_WORDS))
def test_any_manifest(load_files: Callable[[str, str], None], value: dict[str, Any]) -> None:
    load_files("vars: {x: 1}\n", json.dumps({"model": "m", **value, "kind": "assistant", "key": "a"}))


@given(trees(MANIFEST_WORDS))
def test_any_function(load_files: Callable[[str, str], None], value: dict[str, Any]) -> None:
    load_files("", json.dumps({**value, "kind": "function", "key": "f"}))


@given(trees(PROJECT_WORDS), trees(MANIFEST_WORDS))
def test_any_project(load_files: Callable[[str, str], None], value: dict[str, Any], target: dict[str, Any]) -> None:
    targets = {"targets": {"local": {"provider": "local", **target}}} if target else {}
    load_files(json.dumps({**targets, **value}), "kind: assistant\nmodel: m\n")


@given(trees((*VectorStoreManifest.model_fields, *FileEntry.model_fields, "static", *Chunks.model_fields, *GLOBS)))
def test_any_vector_store(load_files: Callable[[str, str], None], value: dict[str, Any]) -> None:
    load_files("vars: {x: 1}\n", json.dumps({**value, "kind": "vector_store", "key": "s"}))


@given(trees(("adopt", "moved", "removed", "accept_overwrite", "to", "from", "id", "target", "address", "delete")))
def test_any_changes(load_files: Callable[[str, str], None], value: dict[str, Any]) -> None:
    load_files("", json.dumps({**value, "kind": "changes"}))


ADDRESSES = st.sampled_from([f"{kind}.{key}" for kind in ("assistant", "vector_store") for key in "abcd"])
ENTRIES: dict[str, st.SearchStrategy[Any]] = {
    "adopt": st.fixed_dictionaries({"to": ADDRESSES, "id": st.sampled_from("xy")}),
    "moved": st.fixed_dictionaries({"from": ADDRESSES, "to": ADDRESSES}, optional={"target": st.just("local")}),
    "removed": st.fixed_dictionaries({"address": ADDRESSES, "delete": st.booleans()}),
}


@given(st.fixed_dictionaries({name: st.lists(entry, max_size=5) for name, entry in ENTRIES.items()}))
def test_any_decisions(load_files: Callable[[str, str], None], value: dict[str, Any]) -> None:
    load_files("", json.dumps({**value, "kind": "changes"}) + "\n---\n{kind: assistant, key: a, model: m}\n")
