"""The ports: what the engine and the conversation runner ask of a provider, and `asstctl ci` of a forge.

Providers and forges implement them, `workspace` hands them in; neither side knows the other. Every method may raise
the ProviderError tree of `core.errors` and nothing else of the network. Beside them stand the values that are
handed in when a provider is opened.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from asstctl.core.capabilities import Capabilities
from asstctl.core.forge import Artifact, Comment, PullRequest, Review, Versions, WorkflowRun
from asstctl.core.json_types import Json
from asstctl.core.knowledge import Attribute, LocalFile, StoreFile, Uploaded
from asstctl.core.models import Offered
from asstctl.core.requests import Exchange, Pause
from asstctl.core.resource import Listing, Live
from asstctl.core.tape import Deck
from asstctl.core.thread import (
    PLAIN,
    Attached,
    Embedded,
    FilePurpose,
    Judged,
    Opened,
    Passage,
    RunOptions,
    RunState,
    Said,
    Spoken,
    ToolOutput,
)

Observer = Callable[[Exchange | Pause], None]
"""Told of every request once its answer began, and of every wait before one is sent again."""


def unseen(what: Exchange | Pause) -> None:
    """An Observer that tells no one."""


Told = Callable[[int], None]
"""Hears how many bytes of something have been sent so far."""


def nobody(sent: int) -> None:
    """A Told that tells no one."""


Replies = Literal["echo"] | Mapping[str, Any]
"""Where a local assistant's answers come from: `"echo"`, `{"script": PATH}` or `{"chat": {...}}`."""


class ResourceStore(Protocol):
    """The resources of one account.

    Must never repeat a create whose fate is unknown. Must raise IncompleteListing rather than return part
    of a listing. May repeat a GET. `fields` are named and shaped as in `core.resource`; in `update` only the
    given fields are sent, and None sets a field back to the wire's default. `metadata` is always sent whole.
    What answers a write carries the id of its request, where the server gives one.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this wire can hold; constant for the life of the store."""
        ...

    async def list(self, kind: str) -> Listing:
        """Every object of a kind, oldest first."""
        ...

    async def get(self, kind: str, id: str) -> Live:
        """One object. Raises NotFound."""
        ...

    async def create(self, kind: str, fields: Mapping[str, Json]) -> Live:
        """Make one object, in one request, sent at most once."""
        ...

    async def update(self, kind: str, id: str, fields: Mapping[str, Json]) -> Live:
        """Change the given fields, in one request."""
        ...

    async def delete(self, kind: str, id: str) -> str | None:
        """Remove one object; the request's id. Raises NotFound when it is gone already."""
        ...


class Provider(Protocol):
    """An open adapter to one API: an async context manager, closed once. `place` is a host, or a file.

    `files` is None where the wire has no files or no vector stores, `models` where it is not asked which there are.
    """

    place: str
    store: ResourceStore
    files: "FileHost | None"
    models: "ModelList | None"

    def thread_host(self, deck: Deck | None = None) -> "ThreadHost":
        """A host for conversations; hosts of one provider may share connections. With a deck, all goes through it."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class FileHost(Protocol):
    """Uploaded files of one account, and their places in vector stores.

    Listings are whole or IncompleteListing. Reads may be repeated; an upload, an attach and a delete are sent at
    most once by each call, and their caller knows what a lost answer means.
    """

    async def uploads(self) -> tuple[Uploaded, ...]:
        """Every upload whose purpose is `assistants`, oldest first."""
        ...

    async def upload(self, file: LocalFile, told: Told = nobody) -> Uploaded:
        """Send a file, block by block, never whole in memory. `told` hears how many bytes have gone so far.

        Raises Refused, and leaves nothing behind, where the file is no longer what its `sha256` says.
        """
        ...

    async def delete(self, id: str) -> str | None:
        """Delete an upload, which leaves every store with it; the request's id. Raises NotFound."""
        ...

    async def attached(self, store: str) -> tuple[StoreFile, ...]:
        """Every file of a vector store, oldest first."""
        ...

    async def attachment(self, store: str, id: str) -> StoreFile:
        """One of them. Raises NotFound."""
        ...

    async def attach(self, store: str, id: str, *, attributes: Mapping[str, Attribute], chunking: Json) -> StoreFile:
        """Put an upload into a store; the answer may still be `in_progress`."""
        ...

    async def relabel(self, store: str, id: str, attributes: Mapping[str, Attribute]) -> StoreFile:
        """Replace the attributes of a file in its store."""
        ...

    async def detach(self, store: str, id: str) -> str | None:
        """Take a file out of a store, where the upload stays; the request's id. Raises NotFound."""
        ...


class ModelList(Protocol):
    """The models of one account."""

    async def offered(self) -> Offered:
        """Those that it may use, asked once."""
        ...


class ThreadHost(Protocol):
    """Threads of one provider: opened, spoken to, run, closed. One host may carry many threads at once.

    What a wire cannot do is in its Capabilities (`missing`, by the words of `core.thread.Need`) and is never asked for.
    """

    async def upload(self, file: Path, *, purpose: FilePurpose) -> str:
        """Send a file for one conversation; its id. Sent at most once. Raises Refused for what cannot be read."""
        ...

    async def open(
        self,
        *,
        assistant: str = "",
        tools: frozenset[str] = frozenset(),
        messages: Sequence[Said] = (),
        metadata: Mapping[str, str] | None = None,
        files: Sequence[Attached] = (),
        max_cost: float | None = None,
    ) -> Opened:
        """Make a thread with these first messages, and with uploads for its tools.

        `assistant` is whom it is for, by remote id, and `tools` are what the wire gives to threads and not to
        assistants: some wires bind a thread to one assistant, and answer its first messages at once.

        `max_cost` is what this thread alone may cost, in US dollars. A wire that can hold it to that ends the run that
        reaches it (`RunState.cost_limited`); others take no notice.

        The store that holds those for `file_search`, and what is attached for it to a first message, bears the same
        metadata and is ready before this returns. Where this fails, what it had made is deleted again.
        """
        ...

    async def post(self, thread: str, said: Said) -> None:
        """Add a message."""
        ...

    async def run(self, thread: str, assistant: str, options: RunOptions = PLAIN) -> RunState:
        """Run the assistant (by remote id) until it is done or asks for outputs."""
        ...

    async def outputs(
        self, thread: str, run: str, outputs: Sequence[ToolOutput], options: RunOptions = PLAIN
    ) -> RunState:
        """Answer all pending calls at once and go on as `run` does, with the same options."""
        ...

    async def cancel(self, thread: str) -> bool:
        """End what goes on in a thread; whether it can be spoken to again. False where the wire cannot end a run."""
        ...

    async def search(self, store: str, query: str) -> tuple[Passage, ...]:
        """The passages of a vector store that fit a query, best first: what answers a function that stands for
        `file_search`. Here, and not on FileHost, because it is a part of the conversation, and of its tape.

        Raises NotFound.
        """
        ...

    async def history(self, thread: str) -> tuple[Spoken, ...]:
        """What was said in a thread, by whomever: each message of a user with all that came of it, oldest first.

        Raises NotFound.
        """
        ...

    async def bearing(self, metadata: Mapping[str, str]) -> tuple[str, ...] | None:
        """The threads that bear all of these pairs; None where the wire cannot look for them."""
        ...

    async def close(self, thread: str) -> None:
        """Delete the thread, ending an active run first. Deleting one that is gone is no error.

        With it goes a store that the server made for the files of a later message, which nobody else can name.
        """
        ...

    async def discard(self, kind: Literal["file", "vector_store"], id: str) -> None:
        """Delete an upload or a vector store. Deleting one that is gone is no error."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


class Judge(Protocol):
    """A model that says whether a reply is what was asked for: it answers questions and measures likeness."""

    async def ask(self, instructions: str, question: str, *, schema: Mapping[str, Json]) -> Judged:
        """One answer, as a JSON object of this JSON Schema. Raises the ProviderError tree."""
        ...

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """One vector for each text."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


class Forge(Protocol):
    """The host of a repository, as far as `asstctl ci` asks it: an async context manager, closed once.

    Every method may raise the ProviderError tree. Reads may be repeated; a comment is added at most once by each call.
    `can_keep`: runs leave artifacts that the forge vouches for, so that an approved plan is found again; where they do
    not, there are no `artifacts`, and nobody asks for a `content`, a `run` or `versions`.
    """

    can_keep: bool

    async def pull_request(self, number: int) -> PullRequest:
        """One pull request. Raises NotFound."""
        ...

    async def merged_by(self, commit: str) -> PullRequest | None:
        """The pull request whose merge made a commit; None where it came another way."""
        ...

    async def tip(self, branch: str) -> str:
        """The last commit of a branch. Raises NotFound."""
        ...

    async def reviews(self, number: int) -> tuple[Review, ...]:
        """The approvals that stand: of each reviewer the last word, if it approves."""
        ...

    async def comments(self, number: int, marker: str) -> tuple[Comment, ...]:
        """The comments of our own whose first line is this marker, oldest first."""
        ...

    async def write_comment(self, number: int, body: str, *, over: str = "") -> Comment:
        """Add a comment, or put the text in the place of that of the comment with the id `over`, should that still be
        there. Where an answer is lost, the comment is looked for by its first line, its marker."""
        ...

    async def artifacts(self, name: str, head: str) -> tuple[Artifact, ...]:
        """What runs for a commit left under a name and is still there, the newest first."""
        ...

    async def left_on(self, branch: str, name: str) -> tuple[Artifact, ...]:
        """What runs for commits of a branch ("" for any, and for tags) left under a name and is still there, the newest
        first."""
        ...

    async def content(self, artifact: Artifact, path: str, *, at_most: int) -> bytes:
        """One file of an artifact. Raises BadAnswer for one that is larger, or is not in it."""
        ...

    async def run(self, id: str) -> WorkflowRun:
        """A run of this repository. Raises NotFound."""
        ...

    async def versions(self, paths: Sequence[str], commit: str, base: str) -> Versions:
        """What these files and folders hold at two commits."""
        ...

    async def contains(self, commit: str, ancestor: str) -> bool:
        """Whether a commit has another one, or is it."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
