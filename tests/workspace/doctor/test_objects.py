"""What `doctor` says of what lives on a target: whose it is, twice, orphaned, damaged, alike."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.address import Address
from asstctl.core.doctor import Finding, Standing
from asstctl.core.mark import Mark
from asstctl.core.ports import Provider
from asstctl.workspace.doctor.examine import examine
from asstctl.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

FINE, NOTE, WARNING, UNKNOWN, WRONG = Standing
CLERK = Address("assistant", "clerk")
RUN = "20261122-163000-k3x9"


def marked(key: str, project: str = "shop") -> dict[str, str]:
    return Mark(project, Address("assistant", key), nonce="abcdefgh").metadata()


async def made(provider: Provider, name: str, metadata: Mapping[str, str] | None = None) -> str:
    fields: dict[str, Any] = {"model": "m", "name": name, "metadata": dict(metadata or {})}
    return (await provider.store.create("assistant", fields)).id


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "asstctl.yaml").write_text("version: 1\nproject: shop\n", "utf-8")
    (tmp_path / "assistants").mkdir()
    (tmp_path / "assistants/clerk.yaml").write_text("kind: assistant\nname: Clerk\nmodel: m\n", "utf-8")
    return Workspace(tmp_path, environ={})


async def with_mark(provider: Provider, **changed: str) -> None:
    names = {"base": "asstctl_base", "key": "asstctl_key"}
    await made(provider, "Clerk", {**marked("clerk"), **{names[name]: value for name, value in changed.items()}})


Make = Callable[[Provider], Awaitable[object]]


async def twice(provider: Provider) -> None:
    await made(provider, "Clerk", marked("clerk"))
    await made(provider, "Clerk (copy)", marked("clerk"))


async def alike(provider: Provider) -> None:
    await made(provider, "Clerk", marked("clerk"))
    await made(provider, "Clerk")


TABLE: dict[str, tuple[Make, Standing, str, str]] = {
    "nothing yet": (lambda p: made(p, "Other"), FINE, "0 of 1 declared object there", ""),
    "ours": (lambda p: made(p, "Clerk", marked("clerk")), FINE, "1 of 1 declared object there", ""),
    "another project's": (lambda p: made(p, "X", marked("clerk", "pub")), FINE, "0 of 1 declared object there", ""),
    "twice": (twice, WARNING, "assistant.clerk is there twice", "remove the asstctl_ keys from its metadata"),
    "an orphan": (
        lambda p: made(p, "Old", marked("old")),
        WARNING,
        "1 object is no longer declared",
        "delete them: asstctl apply --prune",
    ),
    "a damaged mark": (
        lambda p: with_mark(p, base="1;nonsense"),
        WARNING,
        "cannot be used: asstctl_base cannot be read",
        "Make it foreign again: remove the asstctl_ keys from the metadata of asst_",
    ),
    "a newer mark": (lambda p: with_mark(p, base="2;"), WARNING, "has version '2'", "Use the newer program: upgrade"),
    "one of that name": (
        lambda p: made(p, "Clerk"),
        WARNING,
        "is named 'Clerk' too, and is not ours",
        "Take it over: asstctl adopt assistant.clerk asst_",
    ),
    "beside ours": (alike, NOTE, "is named 'Clerk' like assistant.clerk, and bears no mark", "Delete it where"),
    "a young copy": (
        lambda p: with_mark(p, key=f"assistant.clerk~{RUN}"),
        NOTE,
        "1 object made by tests is there",
        "remove them: asstctl test gc",
    ),
}


async def found(workspace: Workspace, make: Make) -> list[Finding]:
    async with workspace.open() as provider:
        await make(provider)
    examination = await examine(workspace, ["local"])
    return [one for one in examination.targets[0].findings if one.check == "objects"]


@pytest.mark.parametrize("name", TABLE)
async def test_what_is_there_is_sorted_out_as_a_plan_does(workspace: Workspace, name: str) -> None:
    make, standing, summary, hint = TABLE[name]

    (one,) = await found(workspace, make)

    assert (one.standing, summary in one.summary, hint in one.hint) == (standing, True, True), one


async def test_of_two_the_older_keeps_the_address_and_both_are_dated(workspace: Workspace) -> None:
    ids: list[str] = []

    async def make(provider: Provider) -> None:
        ids.extend([await made(provider, "A", marked("clerk")), await made(provider, "B", marked("clerk"))])

    (one,) = await found(workspace, make)

    year = f"({datetime.now(UTC):%Y-}"
    assert one.detail.startswith(f"{ids[0]} {year}")
    assert f"keeps the address; {ids[1]} {year}" in one.detail


async def test_a_copy_that_is_a_day_old_is_left_over(workspace: Workspace) -> None:
    make = TABLE["a young copy"][0]
    object.__setattr__(workspace, "now", lambda: datetime.now(UTC) + timedelta(days=2))

    assert [one.standing for one in await found(workspace, make)] == [WARNING]


async def test_what_the_files_say_of_an_orphan_is_heeded(workspace: Workspace) -> None:
    """Named under `removed`, it waits for the next apply; and with errors in the files nobody knows what is one."""
    text = "kind: changes\nremoved: [{address: assistant.old}]\n"
    root = workspace.project.root

    async def make(provider: Provider) -> None:
        await made(provider, "Old", marked("old"))

    (root / "assistants/changes.yaml").write_text(text, "utf-8")
    assert [one.standing for one in await found(workspace, make)] == [FINE]
    (root / "assistants/changes.yaml").write_text("kind: nonsense\n", "utf-8")
    again = await examine(Workspace(root, environ={}), ["local"])
    assert [one.summary for one in again.targets[0].findings if one.check == "objects"] == ["1 object of this project"]
