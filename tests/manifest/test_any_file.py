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
from asstctl.manifest import load, open_project
from asstctl.manifest.project_model import ProjectModel, TargetModel

KNOWN = Capabilities(
    "w",
    {"assistant": {"temperature": WireField(("temperature",))}},
    {"assistant": {"tools[].function.name": Limit(max_chars=4), "metadata": Limit(max_items=1, max_key_chars=1)}},
)
MANIFEST_WORDS = (*AssistantManifest.model_fields, "type", "function", "file", "template", "only", "except", "local")
PROJECT_WORDS = (*ProjectModel.model_fields, *TargetModel.model_fields, "env", "secret", "script", "chat", "assistant")
VALUES = ("code_interpreter", "file_search", "assistant", "auto", "local", "x", "{{ vars.x }}", "../x", "[key]", "")


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
