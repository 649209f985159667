"""ThreadFiles: the files of conversations: sent, searched, called by name, and deleted."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from asstctl.core.errors import NotFound, ProviderError, Refused
from asstctl.core.knowledge import LocalFile
from asstctl.core.thread import Citation, FilePurpose, Passage
from asstctl.documents.contents import measure
from asstctl.net.client import JsonClient
from asstctl.providers.assistants.files import send_file
from asstctl.providers.assistants.ids import in_path
from asstctl.providers.assistants.polling import asked_wait
from asstctl.providers.assistants.requests import Requests
from asstctl.providers.assistants.runs import id_of
from asstctl.providers.assistants.steps import found_in
from asstctl.providers.assistants.stores import has_bad_files, is_bad, is_taking_in, unsearchable


class ThreadFiles:
    """Files and stores on one server. `client` makes what sends them; `names` is what is known of them, by id."""

    def __init__(self, requests: Requests, client: Callable[[], JsonClient], names: dict[str, str]) -> None:
        self._requests = requests
        self._client = client
        self.names = names

    async def upload(self, file: Path, purpose: FilePurpose) -> str:
        """Send a file, at most once; its id."""
        try:
            contents = await asyncio.to_thread(measure, file)
        except OSError as error:
            said = (error.strerror or "unknown reason").lower()
            raise Refused(f"{file.name} cannot be read", detail=said) from error
        local = LocalFile(file.name, contents.bytes, contents.sha256, file)
        made = await send_file(self._client(), local, purpose)
        self.names[made.id] = file.name
        return made.id

    async def make_store(self, body: Mapping[str, Any]) -> str:
        """A vector store of its own; its id."""
        return id_of((await self._requests.send("POST", "/vector_stores", body=body)).value, "vector store")

    async def ready(self, store: str) -> None:
        """Wait until a store has taken its files in. Raises Rejected for those that it cannot."""
        path, look = f"/vector_stores/{in_path(store)}", 0
        while is_taking_in((answer := await self._requests.send("GET", path)).value):
            await asyncio.sleep(asked_wait(answer.headers, look))
            look += 1
        if has_bad_files(answer.value):
            bad = [one for one in await self._requests.whole(f"{path}/files", f"files of {store}") if is_bad(one)]
            await self._learn_names(*(one["id"] for one in bad))
            raise unsearchable(self._requests.place, bad, self.names)

    async def search(self, store: str, query: str) -> tuple[Passage, ...]:
        """The passages of a store that fit a query."""
        answer = await self._requests.send("POST", f"/vector_stores/{in_path(store)}/search", body={"query": query})
        return found_in(answer.value)

    async def named(self, citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
        """With the names of files for their ids, where the server tells them."""
        await self._learn_names(*(one.file for one in citations))
        return tuple(replace(one, file=self.names.get(one.file, one.file)) for one in citations)

    async def discard(self, collection: str, id: str) -> None:
        """Delete something of a collection, if it is there."""
        with suppress(NotFound):
            await self._requests.send("DELETE", f"/{collection}/{in_path(id)}")

    async def _learn_names(self, *ids: str) -> None:
        for id in dict.fromkeys(ids):
            if id in self.names:
                continue
            with suppress(ProviderError, ValueError):
                name = (await self._requests.send("GET", f"/files/{in_path(id)}")).value.get("filename")
                if isinstance(name, str) and name:
                    self.names[id] = name
