"""What `--only` means where objects depend on each other."""

from pathlib import Path

import pytest

from asstctl.core.address import Address
from asstctl.core.errors import WrongUsage
from asstctl.workspace.selection import select, select_fields
from asstctl.workspace.validate import validate
from asstctl.workspace.workspace import Workspace

MANIFESTS = """\
kind: assistant
key: helpdesk
model: gpt-4o
tool_resources: {file_search: {vector_stores: [handbook]}}
---
kind: assistant
key: other
model: gpt-4o
---
kind: vector_store
key: handbook
files: [a.md]
---
kind: vector_store
key: other
"""
HELPDESK, HANDBOOK = Address("assistant", "helpdesk"), Address("vector_store", "handbook")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    folder = tmp_path / "assistants"
    folder.mkdir()
    (folder / "all.yaml").write_text(MANIFESTS)
    (folder / "a.md").write_text("a")
    return Workspace(tmp_path, environ={})


@pytest.mark.parametrize(
    "text, addresses",
    [
        ("assistant.helpdesk", {HELPDESK, HANDBOOK}),
        ("helpdesk", {HELPDESK, HANDBOOK}),
        ("vector_store.handbook", {HANDBOOK}),
        ("handbook", {HANDBOOK}),
        ("vector_store.other", {Address("vector_store", "other")}),
    ],
)
def test_an_address_brings_what_it_depends_on(workspace: Workspace, text: str, addresses: set[Address]) -> None:
    known = [one.address for one in workspace.desired()]

    assert workspace.with_dependencies(select([text], known, "--only")) == addresses


def test_a_key_of_two_kinds_is_refused(workspace: Workspace) -> None:
    known = [one.address for one in workspace.desired()]

    with pytest.raises(WrongUsage, match=r"means assistant\.other and vector_store\.other"):
        select(["other"], known, "--only")


def test_fields_are_those_of_the_kind(workspace: Workspace) -> None:
    known = [one.address for one in workspace.desired()]

    assert select_fields(["handbook.expires_after"], known, "--x") == {"vector_store.handbook.expires_after"}
    with pytest.raises(WrongUsage, match="vector_store has no field 'model'"):
        select_fields(["handbook.model"], known, "--x")


def test_a_look_at_all_files_counts_each_kind(workspace: Workspace) -> None:
    validation = validate(workspace)

    assert validation.diagnostics == ()
    assert validation.found == {"assistant": 2, "vector_store": 2, "conversation": 0}
