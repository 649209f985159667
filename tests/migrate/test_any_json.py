"""Whatever JSON somebody has: it is read, or said to be none of the Assistants API; nothing else happens."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.diagnostic import Where
from asstctl.core.json_types import Json
from asstctl.core.migration import Fate
from asstctl.manifest.from_live import write_manifests
from asstctl.providers import capabilities
from asstctl.workspace.migration.prospects import fates_of, search_name
from asstctl.workspace.migration.saved_assistants import assistants_in
from asstctl.workspace.migration.saved_files import SavedValue
from asstctl.workspace.migration.saved_objects import objects_in
from asstctl.workspace.migration.saved_threads import threads_in

WORDS = [
    "object",
    "id",
    "data",
    "has_more",
    "assistant",
    "assistants",
    "thread",
    "threads",
    "messages",
    "runs",
    "run_steps",
    "steps",
    "list",
    "thread.message",
    "thread.run",
    "thread.run.step",
    "thread_id",
    "run_id",
    "assistant_id",
    "created_at",
    "role",
    "user",
    "content",
    "type",
    "function",
    "name",
    "model",
    "tools",
    "tool_resources",
    "metadata",
    "instructions",
    "response_format",
    "temperature",
    "json_schema",
    "schema",
    "strict",
    "parameters",
    "step_details",
    "tool_calls",
    "arguments",
    "output",
    "file_search",
    "code_interpreter",
    "vector_store_ids",
    "asst_1",
]
WORD = st.sampled_from(WORDS)
LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False, allow_infinity=False),
    WORD,
    st.text(max_size=6),
)
ANY: st.SearchStrategy[Any] = st.recursive(
    LEAF, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORD, inner, max_size=8)), max_leaves=30
)
ASSISTANT = st.fixed_dictionaries(
    {"object": st.just("assistant"), "model": st.just("m")},
    optional=dict.fromkeys(
        ("id", "name", "tools", "tool_resources", "metadata", "instructions", "response_format", "created_at"), ANY
    ),
)


def outcome(value: Json) -> tuple[int, int]:
    """How many objects are found in it, and how many problems."""
    saved = objects_in([SavedValue(value, Where("x.json"))])
    assistants, problems = assistants_in(saved.objects["assistant"])
    threads_in(saved)
    lives = [one.live for one in assistants]
    made = write_manifests(lives, "assistants", ())
    assert len(made.adopted) + sum(any(one.what == live.id for live in lives) for one in made.left) >= len(lives)
    for live in lives:
        told = fates_of(live, "openai", capabilities("openai"), search_name(lives))
        assert all(one.said or one.fate is Fate.MAPS for one in told)
    return sum(map(len, saved.objects.values())), len(problems) + len(saved.problems)


@given(ANY)
def test_any_value_is_read_or_refused(value: Json) -> None:
    outcome(value)


@given(ASSISTANT)
def test_any_assistant_becomes_a_manifest_or_is_said(value: Json) -> None:
    """With whatever in its fields."""
    assert sum(outcome(value)) >= 1
