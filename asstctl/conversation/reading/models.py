"""What a user types in `*.convo.yaml` and `*.stubs.yaml`: the keys of each level and their types.

Each level is a model of its own and what lies below it is checked by the next, so that one wrong key hides
no other problem. The matrix, patterns, stubs and operators have checks of their own (`matrix`, `patterns`, `stubs`,
`checks`); what the words mean together is for `cases` and `turns`. `Any`: checked on its own, at its own place.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, Tag, WithJsonSchema, model_validator

from asstctl.core.mark import PREFIX, is_ours
from asstctl.documents.json_schema import NAME
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


Variables = dict[Annotated[str, AfterValidator(_name_in_templates), WithJsonSchema(NAME)], Any]

Reader = Literal["file_search", "code_interpreter"]
Readers = Annotated[
    Annotated[Reader, Tag("<one>")] | Annotated[Many[Reader], Field(min_length=1), Tag("<several>")],
    by_shape(lambda value: "several" if isinstance(value, list) else "one"),
]
"""The tools that may read a file: one of them, or a list."""


class ImageModel(Model):
    """A picture to look at: a file of the project, or a URL."""

    image: Text
    """A picture of the project, relative to this file or to the project by a leading `/`, or a URL.
    Example: `photo.png`"""
    detail: Literal["auto", "low", "high"] | None = None
    """How closely the model looks at it."""


class AttachmentModel(Model):
    """A file of the project that goes with a message."""

    attachment: Text
    """A file of the project, relative to this file or to the project by a leading `/`. Example: `notes.txt`"""
    for_: Readers = Field(alias="for")
    """The tools that may read it. Example: `[file_search]`"""


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

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["user"]}, {"required": ["assistant"]}]})

    user: Words | None = None
    """What the user said: a text, or a list of texts, images and attachments. Example: `Hello.`"""
    assistant: Text | None = None
    """What the assistant said. Example: `Hello, how can I help?`"""

    @model_validator(mode="after")
    def _one_speaker(self) -> "MessageModel":
        if (self.user is None) is (self.assistant is None):
            hint = "write each as `- user: text` or `- assistant: text`"
            raise problem("bad-message", "a message has one speaker, `user` or `assistant`, and a text", hint)
        return self


class ThreadFileModel(Model):
    """A file of the project that the tools of a thread may read."""

    path: Text
    """A file of the project, relative to this file or to the project by a leading `/`. Example: `notes.txt`"""
    for_: Readers = Field(alias="for")
    """The tools that may read it. Example: `[file_search]`"""


class ThreadModel(Model):
    """What the thread holds before the first turn."""

    metadata: Annotated[dict[str, str], AfterValidator(_metadata)] = Field(default_factory=dict)
    """Pairs of text on the thread. Example: `{customer: "17"}`"""
    messages: Many[MessageModel] = ()
    """What was said before. Example: `[{user: Hello.}, {assistant: "Hello, how can I help?"}]`"""
    files: Many[ThreadFileModel] = ()
    """What the tools of the thread may read. Example: `[{path: notes.txt, for: [file_search]}]`"""


class RepeatModel(Model):
    """How often a conversation is played; `pass`: how often it must pass, else each time."""

    runs: Annotated[int, Field(ge=1, le=MAX_RUNS)]
    """How often it is played. Example: `5`"""
    pass_: Whole | None = Field(default=None, alias="pass")
    """How often it must pass; each time where nothing is said. Example: `4`"""

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
    """The troubles after which it is begun anew; any of them where nothing is said. Example: `[rate_limit]`"""
    most: Annotated[int, Field(ge=0, le=MAX_RETRIES)] = Field(default=1, alias="max")
    """How often it is begun anew at most."""


class TimeoutModel(Model):
    turn: Seconds | None = None
    """Seconds that one turn may take. Example: `30`"""
    conversation: Seconds | None = None
    """Seconds that the whole conversation may take. Example: `120`"""


def _tool_choice(value: Any) -> Any:
    if value not in ("none", "auto", "required") and not isinstance(value, Mapping):
        hint = "write `none`, `auto`, `required`, or `{type: function, function: {name: …}}`"
        raise problem("unknown-value", "`tool_choice` is not a choice of tools", hint)
    return value


ToolChoice = Annotated[
    Any,
    AfterValidator(_tool_choice),
    WithJsonSchema({"if": {"type": "object"}, "else": {"enum": ["none", "auto", "required"]}}),
]


class RunModel(Model):
    """Fields of each run, by their names on the Assistants wire."""

    model: Text | None = None
    """The model that answers, instead of the assistant's. Example: `gpt-4o-mini`"""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """Sampling temperature. Example: `0`"""
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """Nucleus sampling. Example: `0.9`"""
    max_prompt_tokens: Annotated[int, Field(ge=256)] | None = None
    """The most tokens that may go in. Example: `4000`"""
    max_completion_tokens: Annotated[int, Field(ge=256)] | None = None
    """The most tokens that may come out. Example: `500`"""
    additional_instructions: str | None = None
    """What is added to the instructions. Example: `Answer in one sentence.`"""
    tool_choice: ToolChoice = None
    """Which tool is used: `none`, `auto`, `required`, or `{type: function, function: {name: ...}}`.
    Example: `required`"""


class BudgetModel(Model):
    """What the conversations of a file may use together."""

    cost_usd: Annotated[float, Field(gt=0)] | None = None
    """US dollars, by the prices in the project file. Example: `0.05`"""
    tokens: Whole | None = None
    """Tokens that go in and come out. Example: `20000`"""


class ConversationModel(Model):
    """The keys that every conversation may have."""

    name: str = ""
    """What the conversation is called in reports. Example: `looks up an order`"""
    tags: Many[Text] = ()
    """Words to choose it by. Example: `[smoke]`"""
    vars: Variables = Field(default_factory=dict)
    """Variables that its texts name as `vars.NAME`, over those of the project. Example: `{order: A1}`"""
    matrix: Any = None
    """It is played once for every choice of these values, which its texts name as `matrix.NAME`.
    Example: `{lang: [de, en]}`"""
    exclude: Any = None
    """Choices of the matrix that are left out, each by some of its values. Example: `[{lang: de}]`"""
    repeat: RepeatModel | None = None
    """How often it is played. Example: `{runs: 5, pass: 4}`"""
    retry: RetryModel | None = None
    """When it is begun anew after trouble that is not the assistant's. Example: `{on: [rate_limit]}`"""
    timeout: TimeoutModel | None = None
    """How long it may take. Example: `{turn: 30}`"""
    run: RunModel | None = None
    """Fields of each run, by their names on the Assistants wire. Example: `{temperature: 0}`"""
    cleanup: Literal["always", "on-pass", "never"] | None = None
    """When its thread is deleted."""
    thread: Any = None
    """What the thread holds before the first turn. Example: `{metadata: {customer: "17"}}`"""
    stubs: Any = None
    """What answers the functions that the assistant calls, by function; they go before those of setup files. A call
    that no stub answers fails the turn. Example: `{get_order: {return: {status: sent}}}`"""
    use: Many[Text] = ()
    """Files of stubs, `*.stubs.yaml`, for this conversation. Example: `[shop.stubs.yaml]`"""
    turns: Annotated[Many[Any], Field(min_length=1)]
    """What is said, and what is expected of each reply.
    Example: `[{user: Where is my order?, expect: {contains: sent}}]`"""
    finally_: Any = Field(default=None, alias="finally")
    """What must hold of the whole conversation. Example: `{calls: [{get_order: {id: A1}}]}`"""


class HeadModel(Model):
    """What a file says before its one conversation: `fmt` puts the keys in the order in which they stand here."""

    version: Literal[1] = 1
    """The version of the format."""
    assistant: Text
    """The key of the assistant. Example: `guagua`"""
    budget: BudgetModel | None = None
    """What the conversation may use. Example: `{cost_usd: 0.05}`"""


class SingleModel(ConversationModel, HeadModel):
    """A file that is one conversation."""


ConversationId = Annotated[
    str, AfterValidator(_conversation_id), WithJsonSchema({"type": "string", "pattern": r"^[^\s/:\[\]]+$"})
]


class NestedModel(ConversationModel):
    """One of several in a file."""

    id: ConversationId
    """Names the conversation in reports; unique for its assistant. Example: `order-is-sent`"""


class DefaultsModel(Model):
    """What the conversations of a file may inherit; each is checked with them."""

    tags: Any = None
    """Words to choose them by."""
    matrix: Any = None
    """Each is played once for every choice of these values."""
    exclude: Any = None
    """Choices of the matrix that are left out."""
    repeat: Any = None
    """How often each is played."""
    retry: Any = None
    """When one is begun anew after trouble that is not the assistant's."""
    timeout: Any = None
    """How long each may take."""
    run: Any = None
    """Fields of each run, by their names on the Assistants wire."""
    cleanup: Any = None
    """When their threads are deleted."""
    thread: Any = None
    """What each thread holds before the first turn."""
    finally_: Any = Field(default=None, alias="finally")
    """What must hold of each conversation."""


INHERITED = tuple(info.alias or name for name, info in DefaultsModel.model_fields.items())
"""The keys of `defaults`."""


class SeveralModel(Model):
    """A file of several conversations, and what they share."""

    version: Literal[1] = 1
    """The version of the format."""
    assistant: Text
    """The key of the assistant."""
    tags: Many[Text] = ()
    """Words to choose all of them by. Example: `[smoke]`"""
    vars: Variables = Field(default_factory=dict)
    """Variables that their texts name as `vars.NAME`, over those of the project. Example: `{order: A1}`"""
    budget: BudgetModel | None = None
    """What the conversations of the file may use together. Example: `{cost_usd: 0.05}`"""
    defaults: Any = None
    """What every conversation of the file says unless it says something else; maps merge. Example: `{tags: [smoke]}`"""
    stubs: Any = None
    """What answers the functions that the assistant calls, in every conversation of the file.
    Example: `{get_order: {return: {status: sent}}}`"""
    use: Many[Text] = ()
    """Files of stubs, `*.stubs.yaml`, for every conversation of the file. Example: `[shop.stubs.yaml]`"""
    conversations: Annotated[Many[Any], Field(min_length=1)]
    """The conversations.
    Example: `[{id: order-is-sent, turns: [{user: Where is my order?, expect: {contains: sent}}]}]`"""


class TurnModel(Model):
    """One turn. A missing `user`: the assistant runs on what is there. `was`: what an earlier assistant replied."""

    user: Words | None = None
    """What the user says: a text, or a list of texts, images and attachments. Without it the assistant runs on what
    is there. Example: `Where is my order?`"""
    calls: Many[Any] = ()
    """The functions that must be called: `{function: {argument: value}}`, or the long form with `call`.
    Example: `[{get_order: {id: A1}}]`"""
    call_mode: Literal["any-order", "in-order", "only", "exact"] = "any-order"
    """What else may be called: anything (`any-order`, `in-order`), nothing else (`only`), or these alone, in this
    order and number (`exact`)."""
    expect: Any = None
    """What must hold of the reply: a map of operators, or a list of such maps where an operator repeats.
    Example: `{contains: sent}`"""
    save: Any = None
    """What is kept for later turns, which name it as `saved.NAME`. Example: `{number: {regex: "A[0-9]+"}}`"""
    was: str | None = None
    """What an earlier assistant replied, for people to compare with. Example: `It was sent yesterday.`"""


class ClosingModel(Model):
    """`finally`: what must hold of the whole conversation."""

    calls: Many[Any] = ()
    """The functions that must be called in the conversation. Example: `[{get_order: {id: A1}}]`"""
    call_mode: Literal["any-order", "in-order", "only", "exact"] = "any-order"
    """What else may be called: anything (`any-order`, `in-order`), nothing else (`only`), or these alone, in this
    order and number (`exact`)."""
    expect: Any = None
    """What must hold of all replies together: a map of operators, or a list of such maps. Example: `{contains: A1}`"""


class LongCallModel(Model):
    """The long form of an expected call, told by its key `call`."""

    call: Text
    """The function. Example: `get_order`"""
    args: dict[str, Any] | None = None
    """What its arguments must be like; keys that are not named may be anything, unless `match: exact`.
    Example: `{id: A1}`"""
    match: Literal["partial", "exact"] = "partial"
    """Whether other arguments may stand beside those in `args`."""
    ignore: Many[Text] = ()
    """Arguments that are not looked at. Example: `[trace_id]`"""
    defaults: dict[str, Any] = Field(default_factory=dict)
    """Values that count for arguments that are left out. Example: `{verbose: false}`"""
    where: dict[str, Any] = Field(default_factory=dict)
    """What JSONPaths must find in the arguments. Example: `{"$.id": A1}`"""
    times: Annotated[int, Field(ge=0, le=MAX_TIMES)] | None = None
    """How often it must be called; `0` forbids it. Example: `1`"""


class StubsFileModel(Model):
    """A setup file."""

    version: Literal[1] = 1
    """The version of the format."""
    use: Many[Text] = ()
    """Other files of stubs. Example: `[shared.stubs.yaml]`"""
    stubs: Any = None
    """What answers the functions that assistants call, by function. Example: `{get_order: {return: {status: sent}}}`"""
