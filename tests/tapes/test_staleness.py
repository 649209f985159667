"""Whether a tape is of what the files say now, and what is said where it is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from asstctl.conversation.case import Case, Message, Turn, UserFile
from asstctl.conversation.tapes.header import Fingerprints, Header, configured, line_digests, user_files, with_case
from asstctl.conversation.tapes.staleness import MOST_LINES, changed_lines, changes
from asstctl.core.address import Address
from asstctl.core.diagnostic import Where
from asstctl.core.knowledge import KnowledgeFile, LocalFile
from asstctl.core.reference import file_reference
from asstctl.core.resource import Desired
from asstctl.core.thread import Tool

AT = Where("a.convo.yaml")
POEM = "\n".join(f"line {n}" for n in range(1, 13))


def local(path: str, content: str = "1") -> LocalFile:
    return LocalFile(path, 10, content * 64, Path(path))


def function(name: str, **parameters: object) -> dict[str, object]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": parameters}}}


FIELDS = {
    "name": "Guagua",
    "instructions": POEM,
    "model": "gpt-4o",
    "temperature": 0.5,
    "tools": [function("get_order"), {"type": "file_search"}],
    "tool_resources.code_interpreter": {"file_ids": [file_reference(local("data/a.csv"))]},
}
ASSISTANT = Desired(Address("assistant", "guagua"), FIELDS)
STORE = Desired(Address("vector_store", "handbook"), {"name": "h"}, files=(KnowledgeFile(local("docs/h.pdf")),))
CASE = Case(
    "guagua",
    "a",
    AT,
    (Turn(AT, "hello"), Turn(AT, "and?")),
    messages=(Message("user", "hi", AT, (UserFile("m.png", AT),)),),
    files=(UserFile("policy.pdf", AT, tools=(Tool.FILE_SEARCH,)),),
    typed={"stubs": {"get_order": [{"return": 1}]}},
)


def made_with(assistant: Desired = ASSISTANT, case: Case = CASE, store: Desired = STORE) -> Fingerprints:
    return with_case(configured(assistant, [store]), case, {"policy.pdf": "9" * 64})


HEADER = Header("a.convo.yaml::a", "assistant.guagua", 1, "prod", "from openai", True, made_with())


def declaring(**fields: object) -> Desired:
    return replace(ASSISTANT, fields={**FIELDS, **fields})  # type: ignore[arg-type]


def saying(*lines: str) -> Fingerprints:
    return made_with(declaring(instructions="\n".join(lines)))


L = POEM.split("\n")
SINCE = "since it was recorded"


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (saying(*L[:3], "x", *L[4:9], *L[9:]), f"assistant.guagua: instructions changed {SINCE} (line 4)"),
        (saying(*L[:3], *"abcdef", *L[9:]), f"assistant.guagua: instructions changed {SINCE} (lines 4-9)"),
        (saying(*L[:3], "x", *L[4:7], "y", *L[8:]), f"assistant.guagua: instructions changed {SINCE} (line 4, line 8)"),
        (saying(*L[:3], *L[5:]), f"assistant.guagua: instructions changed {SINCE} (2 lines gone after line 3)"),
        (saying(*L[1:]), f"assistant.guagua: instructions changed {SINCE} (1 line gone at the top)"),
        (saying(*L, "more"), f"assistant.guagua: instructions changed {SINCE} (line 13)"),
        (made_with(declaring(model="o3")), f"assistant.guagua: model changed {SINCE} (gpt-4o, now o3)"),
        (made_with(declaring(temperature=0)), f"assistant.guagua: temperature changed {SINCE} (0.5, now 0)"),
        (made_with(declaring(temperature=None)), f"assistant.guagua: temperature is gone {SINCE}"),
        (made_with(declaring(top_p=0.1)), f"assistant.guagua: top_p is new {SINCE}"),
        (
            made_with(declaring(tools=[function("get_order", id={"type": "string"}), {"type": "file_search"}])),
            f"assistant.guagua: tool function.get_order changed {SINCE}",
        ),
        (made_with(declaring(tools=[function("get_order")])), f"assistant.guagua: tool file_search is gone {SINCE}"),
        (
            made_with(
                declaring(
                    **{"tool_resources.code_interpreter": {"file_ids": [file_reference(local("data/a.csv", "2"))]}}
                )
            ),
            f"the file data/a.csv changed {SINCE}",
        ),
        (
            made_with(store=replace(STORE, files=(KnowledgeFile(local("docs/h.pdf", "2")),))),
            f"the file docs/h.pdf changed {SINCE}",
        ),
        (
            made_with(store=replace(STORE, files=())),
            f"assistant.guagua: vector_store.handbook changed {SINCE}; the file docs/h.pdf is gone {SINCE}",
        ),
        (
            with_case(configured(ASSISTANT, [STORE]), CASE, {"policy.pdf": "8" * 64}),
            f"the file policy.pdf changed {SINCE}",
        ),
        (
            made_with(case=replace(CASE, typed={"stubs": {"get_order": [{"return": 2}], "x": []}})),
            f"the stub of get_order changed {SINCE}; the stub of x is new {SINCE}",
        ),
        (
            made_with(case=replace(CASE, turns=(Turn(AT, "hello"), Turn(AT, "what?")))),
            f"the conversation changed {SINCE} (turn 2)",
        ),
        (
            made_with(case=replace(CASE, turns=CASE.turns[:1], metadata={"a": "b"}, overrides={"temperature": 0})),
            f"the conversation changed {SINCE} (thread, turn 2, run)",
        ),
    ],
)
def test_what_has_changed_is_said(now: Fingerprints, said: str) -> None:
    """In words, with the lines, and with both values where they are short."""
    assert "; ".join(changes(HEADER, now)) == said


@pytest.mark.parametrize(
    "now",
    [
        made_with(),
        made_with(declaring(name="Other", description="d", metadata={"a": "b"})),
        made_with(declaring(tools=[{"type": "file_search"}, function("get_order")])),
        made_with(declaring(temperature=0.50)),
        made_with(case=replace(CASE, name="n", tags=("t",), typed={**CASE.typed, "turns": []})),  # type: ignore[dict-item]
    ],
)
def test_what_no_model_is_told_makes_no_tape_stale(now: Fingerprints) -> None:
    """Names, tags, expectations, and the order in which tools are written."""
    assert changes(HEADER, now) == ()


def test_instructions_are_not_on_a_tape() -> None:
    """However short: a few digits of each line stand for them."""
    prints = configured(Desired(Address("assistant", "a"), {"instructions": "Be kind."}))

    assert "kind" not in str(prints)
    assert prints.lines == {"instructions": line_digests("Be kind.")}


def test_many_changed_places_are_counted() -> None:
    """A message is no diff."""
    then = line_digests("\n".join(map(str, range(20))))
    now = line_digests("\n".join("x" if n % 2 else str(n) for n in range(20)))

    assert changed_lines(then, now) == "line 2, line 4, line 6, line 8, 6 more places"


def test_an_endless_text_is_not_compared_line_by_line() -> None:
    """It changed; that is enough."""
    assert changed_lines(line_digests("\n" * MOST_LINES), line_digests("x")) == ""


def test_every_file_of_a_conversation_counts() -> None:
    """Those of its thread, its messages and its turns."""
    case = replace(CASE, turns=(Turn(AT, "look", files=(UserFile("t.png", AT),)),))

    assert [one.shown for one in user_files(case)] == ["policy.pdf", "m.png", "t.png"]
