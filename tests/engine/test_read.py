"""Reading: every kind at once, the files of the stores that matter, and servers that lack a kind."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities
from asstctl.core.decisions import Adoption, Decisions, Move, Removal
from asstctl.core.errors import AuthFailed, IncompleteListing, NoSuchApi, NotFound, ProviderError, Rejected, ServerFault
from asstctl.core.knowledge import StoreFile
from asstctl.core.resource import Desired, Listing, Live
from asstctl.engine.planning.policy import Policy
from asstctl.engine.read import MOST, Interest, interest_in, read
from asstctl.kinds import KINDS
from tests.engine.paper import CAPABILITIES, HANDBOOK, Paper, assistant, store

pytestmark = pytest.mark.anyio

OTHER, OLD = Address("vector_store", "other"), Address("vector_store", "old")


class Crowded:
    """A files port that counts who is inside; the store `breaks` ends in an error."""

    def __init__(self, breaks: str = "") -> None:
        self.breaks, self.inside, self.most = breaks, 0, 0

    async def attached(self, store: str) -> tuple[StoreFile, ...]:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0)
        self.inside -= 1
        if store == self.breaks:
            raise ServerFault("500")
        return ()


class Listed:
    """The two ports, as far as reading asks them; `log` holds what was asked for."""

    def __init__(
        self, paper: Paper, errors: dict[str, ProviderError] | None = None, capabilities: Capabilities = CAPABILITIES
    ) -> None:
        self.paper, self.errors, self.capabilities = paper, errors or {}, capabilities
        self.log: list[str] = []

    async def list(self, kind: str) -> Listing:
        self.log.append(kind)
        if kind in self.errors:
            raise self.errors[kind]
        return Listing(kind, tuple(live for live in self.paper.lives.values() if live.kind == kind))

    async def attached(self, store: str) -> tuple[StoreFile, ...]:
        self.log.append(store)
        if store in self.errors:
            raise self.errors[store]
        return self.paper.files[store]


def three_stores() -> tuple[Paper, dict[Address, str], Live]:
    paper = Paper()
    paper.apply(store(), store("other"), store("old"))
    foreign = paper.put("vector_store")
    return paper, {address: paper.one(address).id for address in (HANDBOOK, OTHER, OLD)}, foreign


async def listed(paper: Paper, interest: Interest) -> set[str]:
    port: Any = Listed(paper)
    reading = await read(port, KINDS, files=port, interest=interest)
    assert set(reading.files) == set(port.log[2:])
    return set(reading.files)


async def test_files_are_listed_of_declared_stores_that_are_ours() -> None:
    """One listing each, after those of the kinds."""
    paper, ids, _ = three_stores()

    assert await listed(paper, interest_in([store()], project="p")) == {ids[HANDBOOK]}
    assert await listed(paper, interest_in([store()], project="another")) == set()
    assert await listed(paper, interest_in([assistant()], project="p")) == set()


async def test_only_restricts_what_is_looked_at() -> None:
    """What the plan does not speak of costs nothing."""
    paper, ids, _ = three_stores()
    policy = Policy(only=frozenset({OTHER}))

    assert await listed(paper, interest_in([store(), store("other")], project="p", policy=policy)) == {ids[OTHER]}


async def test_decisions_are_of_interest_too() -> None:
    """What is adopted, moved from, or removed."""
    paper, ids, foreign = three_stores()
    decisions = Decisions(
        adopt=(Adoption(Address("vector_store", "new"), foreign.id),),
        moved=(Move(OTHER, HANDBOOK),),
        removed=(Removal(OLD, True),),
    )

    assert await listed(paper, interest_in([assistant()], project="p", decisions=decisions)) == {
        foreign.id,
        ids[OTHER],
        ids[OLD],
    }


@pytest.mark.parametrize("options", [{"everything": True}, {"policy": Policy(prune=True)}])
async def test_whoever_deletes_looks_at_every_store_of_ours(options: dict[str, Any]) -> None:
    """And at none of others."""
    paper, ids, _ = three_stores()

    assert await listed(paper, interest_in([assistant()], project="p", **options)) == set(ids.values())


async def test_without_a_file_host_no_files_are_listed() -> None:
    """The wire has none."""
    paper, _, _ = three_stores()
    port: Any = Listed(paper)

    assert (await read(port, KINDS, interest=interest_in([store()], project="p"))).files == {}


ROUTES: list[ProviderError] = [NotFound("404"), NoSuchApi("404"), Rejected("405")]


@pytest.mark.parametrize("error", ROUTES, ids=lambda error: type(error).__name__)
async def test_a_kind_that_a_server_lacks_is_an_error_only_where_it_is_needed(error: ProviderError) -> None:
    """Declared, used by what is declared, or decided about."""
    port: Any = Listed(Paper(), {"vector_store": error})
    reading = await read(port, KINDS, files=port, interest=interest_in([assistant()], project="p"))

    assert set(reading.listings) == {"assistant"}
    wanted: list[tuple[list[Desired], Decisions]] = [
        ([store()], Decisions()),
        ([assistant(stores=["handbook"])], Decisions()),
        ([assistant()], Decisions(removed=(Removal(OLD, True),))),
    ]
    for desired, decisions in wanted:
        with pytest.raises(type(error)):
            await read(port, KINDS, interest=interest_in(desired, project="p", decisions=decisions))


@pytest.mark.parametrize(
    "error",
    [AuthFailed("401"), ServerFault("500"), IncompleteListing("circles")],
    ids=lambda error: type(error).__name__,
)
async def test_any_other_failure_of_a_listing_is_one(error: ProviderError) -> None:
    """An object that is not listed would be taken for absent."""
    port: Any = Listed(Paper(), {"vector_store": error})

    with pytest.raises(type(error)):
        await read(port, KINDS, interest=interest_in([assistant()], project="p"))


async def test_assistants_are_always_needed() -> None:
    """A server without them is no Assistants API."""
    port: Any = Listed(Paper(), {"assistant": NoSuchApi("404")})

    with pytest.raises(NoSuchApi):
        await read(port, KINDS, interest=interest_in([store()], project="p"))


async def test_a_listing_of_files_that_fails_fails_the_reading() -> None:
    """A file that is not listed would be uploaded again."""
    paper, ids, _ = three_stores()
    port: Any = Listed(paper, {ids[HANDBOOK]: IncompleteListing("circles")})

    with pytest.raises(IncompleteListing):
        await read(port, KINDS, files=port, interest=interest_in([store()], project="p"))


async def test_a_kind_that_the_wire_has_no_fields_for_is_not_asked_for() -> None:
    """Declaring it is blocked in the plan."""
    fields = {"assistant": CAPABILITIES.fields["assistant"]}
    port: Any = Listed(Paper(), capabilities=replace(CAPABILITIES, fields=fields))
    reading = await read(port, KINDS, files=port, interest=interest_in([store()], project="p"))

    assert (port.log, set(reading.listings)) == (["assistant"], {"assistant"})


@pytest.mark.parametrize("breaks", [False, True])
async def test_hundreds_of_stores_are_looked_at_a_few_at_a_time(breaks: bool) -> None:
    """Also where the first of them fails, which ends the reading without a word of those that waited."""
    objects = tuple(Live("vector_store", f"vs_{n}", n, {}, {}, {}) for n in range(100))
    listed, crowded = Listed(Paper()), Crowded("vs_0" if breaks else "")
    listed.paper.lives.update({live.id: live for live in objects})
    interest = Interest(ids=frozenset(live.id for live in objects))

    if breaks:
        with pytest.raises(ServerFault):
            await read(listed, KINDS, files=crowded, interest=interest)  # type: ignore[arg-type]
    else:
        reading = await read(listed, KINDS, files=crowded, interest=interest)  # type: ignore[arg-type]
        assert len(reading.files) == 100
    assert 1 < crowded.most <= MOST
