"""Copies of what the files say, on a server: made beside what is deployed, and removed on every way out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest

from asstctl.core.address import Address
from asstctl.core.errors import Refused
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider
from asstctl.engine.planning.policy import Policy
from asstctl.workspace.apply import Conduct, apply
from asstctl.workspace.conversations.candidates import Copies, copies
from asstctl.workspace.conversations.ledger import FileLedger, ledger_runs
from asstctl.workspace.plan import plan, plan_on
from tests.workspace.served import GUAGUA, Served

pytestmark = pytest.mark.anyio

RUN = "20261122-163000-k3x9"
GUAGUA_ADDRESS = Address("assistant", "guagua")
WITH_STORES = """
kind: assistant
key: guagua
name: Guagua
model: gpt-4o
instructions: Be brief.
tools: [{type: file_search}, {type: code_interpreter}]
tool_resources:
  file_search: {vector_stores: [handbook]}
  code_interpreter: {files: [/sales.csv]}
"""
HANDBOOK = "kind: vector_store\nkey: handbook\nname: Handbook\nfiles: [/docs/*.md]\n"


async def applied(served: Served) -> Plan:
    done = await apply(served.workspace, Conduct(approve=lambda plan: True))
    assert done.exit_code == 0, done
    again = await plan(served.workspace)
    assert again.is_empty
    assert not again.stale_marks
    return done.plan


@asynccontextmanager
async def copied(served: Served, *assistants: Address) -> AsyncIterator[tuple[Copies, Provider]]:
    workspace = served.workspace
    with closing(FileLedger(served.root, RUN, workspace.info)) as ledger:
        async with workspace.open() as provider:
            policy = Policy(only=workspace.with_dependencies(frozenset(assistants)))
            made, reading = await plan_on(workspace, provider, policy)
            async with copies(workspace, provider, made, reading, assistants, ledger) as found:
                yield found, provider


def stores(served: Served) -> None:
    served.begin(**{"assistants/guagua.yaml": WITH_STORES, "assistants/handbook.yaml": HANDBOOK})
    served.write("docs/a.md", "How to begin.")
    served.write("sales.csv", "a,b\n1,2\n")


async def test_a_copy_is_what_the_files_say_and_no_plan_sees_it(served: Served) -> None:
    served.begin()
    await applied(served)
    served.write("assistants/guagua.yaml", GUAGUA.replace("Be brief.", "Be long."))
    before = await plan(served.workspace)
    async with copied(served, GUAGUA_ADDRESS) as (made, _):
        deployed, copy = served.listed("assistants")
        assert copy["id"] == made.ids["guagua"]
        assert (deployed["instructions"], copy["instructions"]) == ("Be brief.", "Be long.")
        assert copy["metadata"]["asstctl_key"] == f"assistant.guagua~{RUN}"
        assert (await plan(served.workspace)).digest == before.digest
    assert made.left_behind == ()
    assert [one["id"] for one in served.listed("assistants")] == [deployed["id"]]
    assert ledger_runs(served.root) == ()
    await applied(served)


async def test_an_apply_beside_a_copy_of_the_same_name_goes_through(served: Served) -> None:
    """And a copy beside an object of the same name that is nobody's."""
    served.begin()
    async with copied(served, GUAGUA_ADDRESS):
        await applied(served)
        assert served.counts()["assistants"] == 2
    served.call("POST", "/assistants", {"model": "gpt-4o", "name": "Guagua"})
    async with copied(served, GUAGUA_ADDRESS) as (made, _):
        assert made.ids.keys() == {"guagua"}
    assert served.counts()["assistants"] == 2


async def test_stores_that_are_as_they_should_be_are_used_as_they_are(served: Served) -> None:
    stores(served)
    await applied(served)
    before = served.counts()
    async with copied(served, GUAGUA_ADDRESS):
        deployed, copy = served.listed("assistants")
        searched = [one["tool_resources"]["file_search"]["vector_store_ids"] for one in (deployed, copy)]
        assert searched[0] == searched[1]
        assert served.counts() == {**before, "assistants": 2, "files": 3}  # a file of code of its own
    assert served.counts() == before


async def test_a_store_that_differs_is_copied_with_its_files(served: Served) -> None:
    stores(served)
    await applied(served)
    before = served.counts()
    served.write("docs/b.md", "How to end.")
    async with copied(served, GUAGUA_ADDRESS):
        _, copy = served.listed("vector_stores")
        assert copy["metadata"]["asstctl_key"] == f"vector_store.handbook~{RUN}"
        assert copy["file_counts"]["completed"] == 2
        assert served.listed("assistants")[1]["tool_resources"]["file_search"]["vector_store_ids"] == [copy["id"]]
    assert served.counts() == before
    await applied(served)


async def test_copies_of_what_was_never_deployed_are_made_with_all_they_need(served: Served) -> None:
    stores(served)
    async with copied(served, GUAGUA_ADDRESS):
        assert served.counts() == {"assistants": 1, "vector_stores": 1, "files": 2}
    assert served.counts() == {"assistants": 0, "vector_stores": 0, "files": 0}


async def test_a_failure_among_the_conversations_leaves_no_copy(served: Served) -> None:
    served.begin()
    with pytest.raises(ZeroDivisionError):
        async with copied(served, GUAGUA_ADDRESS):
            raise ZeroDivisionError
    assert served.counts()["assistants"] == 0


async def test_a_copy_that_cannot_be_made_takes_the_others_along(served: Served) -> None:
    """The store is made first; the file of the assistant is not the one that was read."""
    stores(served)
    workspace = served.workspace
    workspace.desired()
    (served.root / "sales.csv").write_text("c,d\n")
    with closing(FileLedger(served.root, RUN, workspace.info)) as ledger:
        async with workspace.open() as provider:
            made, reading = await plan_on(workspace, provider)
            with pytest.raises(Refused, match=r"no copy of assistant\.guagua can be made"):
                async with copies(workspace, provider, made, reading, [GUAGUA_ADDRESS], ledger):
                    raise AssertionError("it cannot be made")
    assert served.counts() == {"assistants": 0, "vector_stores": 0, "files": 0}
    assert ledger_runs(served.root) == ()


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.03, 0.1])
async def test_an_interrupt_at_any_time_leaves_no_copy(served: Served, seconds: float) -> None:
    stores(served)

    async def work() -> None:
        async with copied(served, GUAGUA_ADDRESS):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert served.counts() == {"assistants": 0, "vector_stores": 0, "files": 0}
    assert ledger_runs(served.root) == ()
