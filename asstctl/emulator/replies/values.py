"""What a reply backend is asked and what it answers: frozen values and one protocol.

A backend knows nothing of HTTP or SQL. It may say text, call functions, run code, search files, report usage, or raise
`ReplyFailed`.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

Json = Any


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in a message: at a URL, or in a file of this machine."""

    url: str | None = None
    path: Path | None = None
    media_type: str = ""
    detail: str = "auto"


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the thread: its text, and the pictures in it."""

    role: str
    text: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class CallMade:
    """A function call made earlier in this run, with the output that the client sent."""

    call_id: str
    function: str
    arguments: str
    output: str


@dataclass(frozen=True, slots=True)
class CodeRan:
    """Code that the server ran earlier in this run, with what it printed and, if it failed, its traceback."""

    call_id: str
    code: str
    logs: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a file that a search found. A reply cites it by saying `marker`."""

    marker: str
    """`【4:0†guide.md】`: the server turns it into an annotation wherever a reply says it."""
    file_id: str
    filename: str
    score: float
    text: str


@dataclass(frozen=True, slots=True)
class FilesSearched:
    """A search in the run's files that the server made earlier in this run."""

    call_id: str
    query: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of the model in this run that ended in calls: what it said first, and the calls."""

    text: str
    calls: tuple[CallMade | CodeRan | FilesSearched, ...]


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """Everything that a model would be given."""

    assistant_id: str
    assistant_name: str | None
    model: str
    instructions: str | None
    messages: tuple[Said, ...]
    turn: int
    """How many user messages the thread has, so the first question is turn 1."""
    tools: tuple[Mapping[str, Json], ...] = ()
    """Tools as on the wire; empty when the run's tool_choice is none."""
    tool_choice: Json = "auto"
    parallel_tool_calls: bool = True
    temperature: float = 1.0
    top_p: float = 1.0
    reasoning_effort: str | None = None
    response_format: Json = "auto"
    max_completion_tokens: int | None = None
    """What is left of the run's budget."""
    rounds: tuple[Round, ...] = ()

    @property
    def results(self) -> tuple[CallMade | CodeRan | FilesSearched, ...]:
        """What has just come in: outputs, logs, passages; empty on the first turn of a run."""
        return self.rounds[-1].calls if self.rounds else ()

    @property
    def outputs(self) -> tuple[CallMade, ...]:
        """The outputs of functions that have just come in."""
        return tuple(call for call in self.results if isinstance(call, CallMade))

    def has_tool(self, kind: str) -> bool:
        """Whether the run may use a tool of this type."""
        return any(tool["type"] == kind for tool in self.tools)

    @property
    def functions(self) -> dict[str, Mapping[str, Json]]:
        return {tool["function"]["name"]: tool["function"] for tool in self.tools if tool["type"] == "function"}

    @property
    def user(self) -> str:
        """The user's last message."""
        return next((said.text for said in reversed(self.messages) if said.role == "user"), "")


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    function: str
    arguments: str
    """JSON text, as the wire carries it."""


@dataclass(frozen=True, slots=True)
class RunCode:
    """The model writes code for the server's code interpreter; only where the run has that tool."""

    code: str


@dataclass(frozen=True, slots=True)
class SearchFiles:
    """The model searches the run's files; only where the run has that tool."""

    query: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as a real model counted them; without it the server estimates."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class CutShort:
    """The model stopped because it had used up `max_completion_tokens`."""


Part = TextDelta | ToolCall | RunCode | SearchFiles | Usage | CutShort


class ReplyFailed(Exception):
    """The run ends `failed` with this as its `last_error`.

    `server_error` and `rate_limit_exceeded` say that there was no reply to be had, `invalid_prompt` that what was
    asked has none, or none that the run can use: a client tells by it whether trying again makes sense.
    """

    def __init__(
        self, message: str, code: Literal["server_error", "rate_limit_exceeded", "invalid_prompt"] = "server_error"
    ) -> None:
        super().__init__(message)
        self.code = code


class Backend(Protocol):
    """Where replies come from.

    Must: answer one turn of a run per call of `reply`, text before the calls that follow it.
    May: yield text in as many deltas as it likes; be asked for several runs at once.
    Must not: keep anything about a thread; everything it may know is in the request.
    """

    counts_tokens: bool
    """True: it keeps to `max_completion_tokens` itself and says so with `CutShort`; else the server cuts its text."""

    def reply(self, request: ReplyRequest) -> AsyncGenerator[Part, None]: ...

    async def aclose(self) -> None: ...
