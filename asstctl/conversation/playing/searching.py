"""Searching in the place of `file_search`: a function that stands for it, answered from the vector stores it is for.

Where a wire has no file search an assistant asks for the passages by calling a function (`on_unsupported`), and whoever
plays answers. A stub of that function goes before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from asstctl.conversation.stubs.kind import StubCall, StubRule
from asstctl.core.diagnostic import Where
from asstctl.core.json_text import json_text
from asstctl.core.json_types import EMPTY
from asstctl.core.ports import ThreadHost
from asstctl.core.thread import Passage

MOST = 10
"""Passages of one answer, the best of all stores."""

_DIGITS = 4


class Found(str):
    """What an assistant is told of a search: its text is JSON."""

    passages: tuple[Passage, ...]

    def __new__(cls, passages: Iterable[Passage]) -> "Found":
        kept = tuple(passages)
        found = super().__new__(cls, json_text([_told(one) for one in kept]))
        found.passages = kept
        return found


@dataclass(frozen=True, slots=True)
class Search:
    """The answer to a call `{query: TEXT}`: what these stores hold, through the host of the conversation, so that it is
    on the tape. What goes wrong is the provider's affair, as with anything else that is asked of it."""

    host: ThreadHost
    stores: tuple[str, ...]

    runs_code: ClassVar[bool] = False

    async def answer(self, call: StubCall) -> str:
        query = call.arguments.get("query")
        if not isinstance(query, str) or not query.strip():
            return json_text({"error": "`query` must be a text"})
        # one after the other: a tape has them in one order.
        found = [passage for store in self.stores for passage in await self.host.search(store, query)]
        return Found(sorted(found, key=lambda one: -one.score)[:MOST])


def searching(host: ThreadHost, searches: Mapping[str, tuple[str, ...]], where: Where) -> Mapping[str, StubRule]:
    """The rules of functions that search, by their names."""
    return {name: StubRule(EMPTY, Search(host, stores), where) for name, stores in searches.items()}


def _told(passage: Passage) -> dict[str, str | float]:
    return {"file": passage.file, "score": round(passage.score, _DIGITS), "text": passage.text}
