"""Thread: what is said in one, what a run comes to, and what both may hold: the values of ThreadHost and Judge."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from asstctl.core.json_types import EMPTY, Json, JsonObject

FilePurpose = Literal["assistants", "vision"]

RUN_KEY = "asstctl_run"
"""The metadata pair by which a thread or a store says which run of which project's tests made it: `PROJECT/RUN`."""


def run_pair(project: str, run: str) -> dict[str, str]:
    """The pair that everything made in a run bears."""
    return {RUN_KEY: f"{project}/{run}"}


def run_borne(metadata: Mapping[str, str], project: str) -> str | None:
    """The run of this project that made an object; None for an object of another project, or of no run."""
    owner, _, run = metadata.get(RUN_KEY, "").rpartition("/")
    return run if run and owner == project else None


class Tool(StrEnum):
    """A tool that reads files."""

    FILE_SEARCH = "file_search"
    CODE_INTERPRETER = "code_interpreter"


class Need(StrEnum):
    """What a conversation may need of a wire beyond text: a word of `Capabilities.missing`."""

    SEED_ASSISTANT_MESSAGE = "seed-assistant-message"
    IMAGES = "images"
    ATTACHMENTS = "attachments"
    THREAD_FILES = "thread-files"
    RUN_OPTIONS = "run-options"
    STEPS = "steps"
    STREAM = "stream"
    ASSISTANT_SPEAKS_FIRST = "assistant-speaks-first"


@dataclass(frozen=True, slots=True)
class Attached:
    """An upload, by id, and the tools that may read it."""

    file: str
    tools: tuple[Tool, ...]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in a message: an upload by id, or a URL."""

    file: str = ""
    url: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a thread: `role` is `user` or `assistant`."""

    role: str
    text: str
    images: tuple[Image, ...] = ()
    attachments: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A thread that was made, and the vector stores that were made with it."""

    thread: str
    stores: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function the assistant asks for; `arguments` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """The answer to one ToolCall."""

    call_id: str
    output: str


MOST_TOKENS = 10**12
"""What no server can have counted for one request."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, where the provider counts them."""

    prompt_tokens: int
    completion_tokens: int

    @classmethod
    def told(cls, prompt: object, completion: object) -> "Usage | None":
        """What a server says of both; None where that cannot be numbers of tokens."""
        if type(prompt) is not int or type(completion) is not int:
            return None
        return cls(prompt, completion) if 0 <= prompt < MOST_TOKENS and 0 <= completion < MOST_TOKENS else None

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens)


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in a reply that cites a file, by the file's name where the provider tells it; else by its id."""

    file: str
    text: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage that a search found: the file's name, its score, and its text where the provider shows it."""

    file: str
    score: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class CodeRun:
    """Code that the code interpreter ran: what it was given, what it printed, and how many images came of it."""

    input: str
    logs: str = ""
    images: int = 0


def _nobody(text: str) -> None:
    """Hears the text of a reply as it comes, and tells no one."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How one run is made. `overrides` are fields of the run, by the names of the wire that a user writes: `model`,
    `temperature`, `top_p`, `max_prompt_tokens`, `max_completion_tokens`, `additional_instructions`, `tool_choice`.

    `stream`: have it streamed, so that `hear` is told each piece of text as it comes and `first_token` is known. The
    pieces of one `run` or `outputs`, put together, are what it adds to the reply.
    `steps`: have `passages` and `code` of the RunState filled once the run is over, which may cost a request.
    """

    overrides: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    stream: bool = False
    steps: bool = False
    hear: Callable[[str], None] = _nobody


PLAIN = RunOptions()


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a run stands once nothing moves without us: final, or waiting for tool outputs.

    `status` is `completed`, `requires_action`, `failed`, `incomplete`, `expired` or `cancelled`. `calls` are
    the pending calls under `requires_action`; `reply` is the text said in this run so far, its messages
    joined by newlines; `error` is the provider's reason when it failed, and `no_verdict` says that the reason
    is the provider's own trouble (a server error, a rate limit), which proves nothing about the assistant.
    `rate_limited` says that it is a rate limit, `cost_limited` that the thread has cost what it may. `model` is the
    model that answered, where the provider names it. `first_token` is in seconds since the run was asked for.
    """

    id: str
    status: str
    calls: tuple[ToolCall, ...] = ()
    reply: str = ""
    error: str = ""
    no_verdict: bool = False
    usage: Usage | None = None
    rate_limited: bool = False
    cost_limited: bool = False
    model: str = ""
    first_token: float | None = None
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    code: tuple[CodeRun, ...] = ()


@dataclass(frozen=True, slots=True)
class PastCall:
    """A function call of a thread's past and what it was answered (None: nothing)."""

    name: str
    arguments: str
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """One exchange of a thread's past: what the user said, the calls of the runs that followed, and the reply.

    `user` is None where the assistant spoke first; `images` and `files` count what the message held beside text.
    """

    user: str | None
    reply: str = ""
    calls: tuple[PastCall, ...] = ()
    images: int = 0
    files: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge answered, and what that used."""

    answer: JsonObject
    usage: Usage | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of texts, and what they used."""

    vectors: tuple[tuple[float, ...], ...]
    usage: Usage | None = None
    model: str = ""
