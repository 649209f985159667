"""What conversations are given because a target's wire cannot hold it."""

from dataclasses import replace
from pathlib import Path

from asstctl.core.address import Address
from asstctl.core.capabilities import Way
from asstctl.core.json_types import Json
from asstctl.core.knowledge import KnowledgeFile, LocalFile
from asstctl.core.loss import Loss
from asstctl.core.reference import reference
from asstctl.core.resource import Desired
from asstctl.workspace.conversations.equipment import Equipment, equipment, recorded_stores
from asstctl.workspace.conversations.known_files import known_files

GUAGUA, HANDBOOK, RULES = (
    Address("assistant", "guagua"),
    Address("vector_store", "handbook"),
    Address("vector_store", "r"),
)
CODE = Loss("assistant.tools.code_interpreter", Way.SESSION, "no code interpreter")
SEARCH = Loss("assistant.tools.file_search", Way.FUNCTION, "no file search", "search_docs")
DROPPED = Loss("assistant.temperature", Way.DROP, "no temperature")


def test_tools_of_threads_and_stores_of_a_search() -> None:
    """Stores by their ids, those that a manifest names itself and those that are there; what was dropped is gone."""
    searched = (reference(HANDBOOK), "vs_raw", reference(RULES))
    guagua = Desired(GUAGUA, {}, losses=(DROPPED, CODE, SEARCH), searched=searched)

    found = equipment([guagua], {HANDBOOK: "vs_1"})

    assert found == {"guagua": Equipment(frozenset({"code_interpreter"}), {"search_docs": ("vs_1", "vs_raw")})}


def test_files_of_searched_stores_are_known() -> None:
    """So that a conversation may expect them to be found."""
    file = KnowledgeFile(LocalFile("docs/a.md", 1, "0" * 64, Path("docs/a.md")), {}, None)
    fields: dict[str, Json] = {"tools": [{"type": "function", "function": {"name": "search_docs"}}]}
    guagua = Desired(GUAGUA, fields, losses=(SEARCH,), searched=(reference(HANDBOOK),))

    assert known_files([guagua, Desired(HANDBOOK, {}, files=(file,))]) == {"guagua": frozenset({"docs/a.md"})}
    assert known_files([replace(guagua, searched=("vs_raw",))]) == {}


def test_without_a_loss_there_is_none() -> None:
    assert equipment([Desired(GUAGUA, {})], {}) == {}
    assert equipment([Desired(GUAGUA, {}, losses=(DROPPED,))], {}) == {"guagua": Equipment()}


def test_where_tapes_answer_every_declared_store_has_an_id_of_its_own() -> None:
    """Tapes know nobody's id, and two stores are two."""
    ids = recorded_stores([Desired(GUAGUA, {}), Desired(HANDBOOK, {}), Desired(RULES, {})])

    assert ids.keys() == {HANDBOOK, RULES}
    assert len(set(ids.values())) == 2
