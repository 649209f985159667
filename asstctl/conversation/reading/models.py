"""What a user types in `*.convo.yaml` and `*.stubs.yaml`: the keys of each level and their types.

Each level is a model of its own and what lies below it is checked by the next, so that one wrong key hides
no other problem. The matrix, patterns, stubs and operators have checks of their own (`matrix`, `patterns`, `stubs`,
`checks`); what the words mean together is for `cases` and `turns`. `Any`: checked on its own, at its own place.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Tag, model_validator

from asstctl.core.mark import PREFIX, is_ours
from asstctl.documents.models import Many, Model, by_shape, problem

Text = Annotated[str, Field(min_length=1)]
Whole = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]

MAX_PAIRS, MAX_KEY, MAX_VALUE = 15, 64, 512
"""A thread's metadata on the Assistants v2 wire, less the pair that names our run."""

MAX_TIMES = 100
MAX_RUNS = 100
MAX_RETRIES = 10


def _metadata(pairs: dict[str, str]) -> dict[str, str]:
    for key, value in pairs.items():
        if is_ours(key):
            summary = f"metadata keys with `{PREFIX}` are ours, and `{key}` is one"
            raise problem("reserved-metadata", summary, "rename it")
        if len(key) > MAX_KEY or len(value) > MAX_VALUE:
            summary = f"metadata pair `{key[:MAX_KEY]}` is too long"
            raise problem("limit", summary, f"a key holds {MAX_KEY} characters, a value {MAX_VALUE}")
    if len(pairs) > MAX_PAIRS:
        raise problem("limit", f"metadata has {len(pairs)} pairs", f"a thread holds {MAX_PAIRS} beside our own")
    return pairs


def _conversation_id(id: str) -> str:
    if not id or any(c.isspace() or c in "/:[]" for c in id):
        raise problem(
            "bad-id", f"`{id}` is not an id", "use letters, digits, `-` and `_`: it names the conversation in reports"
        )
    return id


def _name_in_templates(name: str) -> str:
    if not name.isidentifier():
        raise problem("bad-name", f"`{name}` cannot be named in a template", "use letters, digits and `_`")
    return name


Variables = dict[Annotated[str, AfterValidator(_name_in_templates)], Any]

Reader = Literal["file_search", "code_interpreter"]
Readers = Annotated[
    Annotated[Reader, Tag("<one>")] | Annotated[Many[Reader], Field(min_length=1), Tag("<several>")],
    by_shape(lambda value: "several" if isinstance(value, list) else "one"),
]
"""The tools that may read a file: one of them, or a list."""


class ImageModel(Model):
    """A picture to look at: a file of the project, or a URL."""

    image: Text
    detail: Literal["auto", "low", "high"] | None = None


class AttachmentModel(Model):
    """A file of the project that goes with a message."""

    attachment: Text
    for_: Readers = Field(alias="for")


def _part_shape(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "text"
    return "attachment" if any(str(key).startswith("att") or key == "for" for key in value) else "image"


Part = Annotated[
    Annotated[Text, Tag("<text>")]
    | Annotated[ImageModel, Tag("<image>")]
    | Annotated[AttachmentModel, Tag("<attachment>")],
    by_shape(_part_shape),
]
Words = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[Many[Part], Field(min_length=1), Tag("<parts>")],
    by_shape(lambda value: "parts" if isinstance(value, list) else "text"),
]
"""What a user says: a text, or texts, images and attachments."""


class MessageModel(Model):
    """One message of a thread."""

    user: Words | None = None
    assistant: Text | None = None

    @model_validator(mode="after")
    def _one_speaker(self) -> "MessageModel":
        if (self.user is None) is (self.assistant is None):
            hint = "write each as `- user: text` or `- assistant: text`"
            raise problem("bad-message", "a message has one speaker, `user` or `assistant`, and a text", hint)
        return self


class ThreadFileModel(Model):
    """A file of the project that the tools of a thread may read."""

    path: Text
    for_: Readers = Field(alias="for")


class ThreadModel(Model):
    """What the thread holds before the first turn."""

    metadata: Annotated[dict[str, str], AfterValidator(_metadata)] = Field(default_factory=dict)
    messages: Many[MessageModel] = ()
    files: Many[ThreadFileModel] = ()


class RepeatModel(Model):
    """How often a conversation is played; `pass`: how often it must pass, else each time."""

    runs: Annotated[int, Field(ge=1, le=MAX_RUNS)]
    pass_: Whole | None = Field(default=None, alias="pass")

    @model_validator(mode="after")
    def _possible(self) -> "RepeatModel":
        if self.pass_ is not None and self.pass_ > self.runs:
            summary = f"of {self.runs} runs, {self.pass_} cannot pass"
            raise problem("bad-value", summary, "lower `pass`, or raise `runs`")
        return self


class RetryModel(Model):
    """After which trouble with the infrastructure, and how often, a conversation is begun anew."""

    on: Annotated[Many[Literal["rate_limit", "server_error", "connection", "timeout"]], Field(min_length=1)] | None = (
        None
    )
    most: Annotated[int, Field(ge=0, le=MAX_RETRIES)] = Field(default=1, alias="max")


class TimeoutModel(Model):
    turn: Seconds | None = None
    conversation: Seconds | None = None


def _tool_choice(value: Any) -> Any:
    if value not in ("none", "auto", "required") and not isinstance(value, Mapping):
        hint = "write `none`, `auto`, `required`, or `{type: function, function: {name: …}}`"
        raise problem("unknown-value", "`tool_choice` is not a choice of tools", hint)
    return value


class RunModel(Model):
    """Fields of each run, by their names on the Assistants wire."""

    model: Text | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    max_prompt_tokens: Annotated[int, Field(ge=256)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=256)] | None = None
    additional_instructions: str | None = None
    tool_choice: Annotated[Any, AfterValidator(_tool_choice)] = None


class BudgetModel(Model):
    """What the conversations of a file may use together."""

    cost_usd: Annotated[float, Field(gt=0)] | None = None
    tokens: Whole | None = None


class ConversationModel(Model):
    """The keys that every conversation may have."""

    name: str = ""
    tags: Many[Text] = ()
    vars: Variables = Field(default_factory=dict)
    matrix: Any = None
    exclude: Any = None
    repeat: RepeatModel | None = None
    retry: RetryModel | None = None
    timeout: TimeoutModel | None = None
    run: RunModel | None = None
    cleanup: Literal["always", "on-pass", "never"] | None = None
    thread: Any = None
    stubs: Any = None
    use: Many[Text] = ()
    turns: Annotated[Many[Any], Field(min_length=1)]
    finally_: Any = Field(default=None, alias="finally")


class SingleModel(ConversationModel):
    """A file that is one conversation."""

    version: Literal[1] = 1
    assistant: Text
    budget: BudgetModel | None = None


class NestedModel(ConversationModel):
    """One of several in a file."""

    id: Annotated[str, AfterValidator(_conversation_id)]


class DefaultsModel(Model):
    """What the conversations of a file may inherit; each is checked with them."""

    tags: Any = None
    matrix: Any = None
    exclude: Any = None
    repeat: Any = None
    retry: Any = None
    timeout: Any = None
    run: Any = None
    cleanup: Any = None
    thread: Any = None
    finally_: Any = Field(default=None, alias="finally")


INHERITED = tuple(info.alias or name for name, info in DefaultsModel.model_fields.items())
"""The keys of `defaults`."""


class SeveralModel(Model):
    """A file of several conversations, and what they share."""

    version: Literal[1] = 1
    assistant: Text
    tags: Many[Text] = ()
    vars: Variables = Field(default_factory=dict)
    defaults: Any = None
    budget: BudgetModel | None = None
    stubs: Any = None
    use: Many[Text] = ()
    conversations: Annotated[Many[Any], Field(min_length=1)]


class TurnModel(Model):
    """One turn. A missing `user`: the assistant runs on what is there. `was`: what an earlier assistant replied."""

    user: Words | None = None
    calls: Many[Any] = ()
    call_mode: Literal["any-order", "in-order", "only", "exact"] = "any-order"
    expect: Any = None
    save: Any = None
    was: str | None = None


class ClosingModel(Model):
    """`finally`: what must hold of the whole conversation."""

    calls: Many[Any] = ()
    call_mode: Literal["any-order", "in-order", "only", "exact"] = "any-order"
    expect: Any = None


class LongCallModel(Model):
    """The long form of an expected call, told by its key `call`."""

    call: Text
    args: dict[str, Any] | None = None
    match: Literal["partial", "exact"] = "partial"
    ignore: Many[Text] = ()
    defaults: dict[str, Any] = Field(default_factory=dict)
    where: dict[str, Any] = Field(default_factory=dict)
    times: Annotated[int, Field(ge=0, le=MAX_TIMES)] | None = None


class StubsFileModel(Model):
    """A setup file."""

    version: Literal[1] = 1
    use: Many[Text] = ()
    stubs: Any = None
