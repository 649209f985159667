"""What a user types in `*.convo.yaml` and `*.stubs.yaml`: the keys of each level and their types.

Each level is a model of its own and what lies below it is checked by the next, so that one wrong key hides
no other problem. Patterns, stubs and operators have checks of their own (`patterns`, `stubs`, `checks`);
what the words mean together is for `cases` and `turns`.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from asstctl.core.mark import PREFIX, is_ours
from asstctl.documents.models import Many, Model, problem

Text = Annotated[str, Field(min_length=1)]

MAX_PAIRS, MAX_KEY, MAX_VALUE = 16, 64, 512
"""A thread's metadata on the Assistants v2 wire."""

MAX_TIMES = 100


def _metadata(pairs: dict[str, str]) -> dict[str, str]:
    for key, value in pairs.items():
        if is_ours(key):
            summary = f"metadata keys with `{PREFIX}` are ours, and `{key}` is one"
            raise problem("reserved-metadata", summary, "rename it")
        if len(key) > MAX_KEY or len(value) > MAX_VALUE:
            summary = f"metadata pair `{key[:MAX_KEY]}` is too long"
            raise problem("limit", summary, f"a key holds {MAX_KEY} characters, a value {MAX_VALUE}")
    if len(pairs) > MAX_PAIRS:
        raise problem("limit", f"metadata has {len(pairs)} pairs", f"a thread holds {MAX_PAIRS}")
    return pairs


def _conversation_id(id: str) -> str:
    if not id or any(c.isspace() or c in "/:[]" for c in id):
        raise problem(
            "bad-id", f"`{id}` is not an id", "use letters, digits, `-` and `_`: it names the conversation in reports"
        )
    return id


def _one_speaker(message: dict[str, str]) -> dict[str, str]:
    if len(message) != 1 or not message.keys() <= {"user", "assistant"} or not all(message.values()):
        hint = "write each as `- user: text` or `- assistant: text`"
        raise problem("bad-message", "a message has one speaker, `user` or `assistant`, and a text", hint)
    return message


class ThreadModel(Model):
    """What the thread holds before the first turn."""

    metadata: Annotated[dict[str, str], AfterValidator(_metadata)] = Field(default_factory=dict)
    messages: Many[Annotated[dict[str, str], AfterValidator(_one_speaker)]] = ()


class ConversationModel(Model):
    """The keys that every conversation may have. `Any`: checked on its own, at its own place."""

    name: str = ""
    tags: Many[Text] = ()
    thread: Any = None
    stubs: Any = None
    use: Many[Text] = ()
    turns: Annotated[Many[Any], Field(min_length=1)]


class SingleModel(ConversationModel):
    """A file that is one conversation."""

    version: Literal[1] = 1
    assistant: Text


class NestedModel(ConversationModel):
    """One of several in a file."""

    id: Annotated[str, AfterValidator(_conversation_id)]


class SeveralModel(Model):
    """A file of several conversations, and what they share."""

    version: Literal[1] = 1
    assistant: Text
    tags: Many[Text] = ()
    stubs: Any = None
    use: Many[Text] = ()
    conversations: Annotated[Many[Any], Field(min_length=1)]


class TurnModel(Model):
    """One turn. A missing `user`: the assistant runs on what is there."""

    user: Text | None = None
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
    times: Annotated[int, Field(ge=0, le=MAX_TIMES)] | None = None


class StubsFileModel(Model):
    """A setup file."""

    version: Literal[1] = 1
    stubs: Any
