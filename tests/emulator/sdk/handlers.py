"""Event handlers as users of the package write them, that note which of their callbacks were called."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from openai import AssistantEventHandler, AsyncAssistantEventHandler

Seen = list[tuple[str, tuple[Any, ...]]]

_CALLBACKS = sorted(name for name in vars(AssistantEventHandler) if name.startswith("on_"))


class Notes:
    """What a handler was told, in order."""

    def __init__(self) -> None:
        self.seen: Seen = []

    @property
    def events(self) -> list[str]:
        """The names of the events of the wire."""
        return [args[0].event for name, args in self.seen if name == "on_event"]

    @property
    def callbacks(self) -> list[str]:
        """The other callbacks; those that a delta repeats are named once in a row."""
        return once(name for name, _ in self.seen if name != "on_event")

    def given(self, callback: str) -> list[Any]:
        """The first argument of each call of a callback."""
        return [args[0] for name, args in self.seen if name == callback]


def once(names: Iterable[str]) -> list[str]:
    """Names with immediate repetitions left out."""
    return [name for name, _ in groupby(names)]


def _noting(name: str) -> Any:
    def note(self: Any, *args: Any) -> None:
        self.notes.seen.append((name, args))

    return note


def _noting_async(name: str) -> Any:
    async def note(self: Any, *args: Any) -> None:
        self.notes.seen.append((name, args))

    return note


class _Noting(AssistantEventHandler):
    def __init__(self, notes: Notes | None = None) -> None:
        super().__init__()
        self.notes = notes or Notes()


class _AsyncNoting(AsyncAssistantEventHandler):
    def __init__(self, notes: Notes | None = None) -> None:
        super().__init__()
        self.notes = notes or Notes()


for _name in _CALLBACKS:
    setattr(_Noting, _name, _noting(_name))
    setattr(_AsyncNoting, _name, _noting_async(_name))


class Answering(_Noting):
    """Submits the outputs from inside its handler, while the stream that asked for them is still open."""

    def __init__(self, client: Any, outputs: dict[str, str], notes: Notes | None = None) -> None:
        super().__init__(notes)
        self._client = client
        self._outputs = outputs

    def on_event(self, event: Any) -> None:
        super().on_event(event)
        if event.event == "thread.run.requires_action":
            again = Answering(self._client, self._outputs, self.notes)
            with self._client.beta.threads.runs.submit_tool_outputs_stream(
                **answers(event.data, self._outputs), event_handler=again
            ) as stream:
                stream.until_done()


class AsyncAnswering(_AsyncNoting):
    """The same, asynchronously."""

    def __init__(self, client: Any, outputs: dict[str, str], notes: Notes | None = None) -> None:
        super().__init__(notes)
        self._client = client
        self._outputs = outputs

    async def on_event(self, event: Any) -> None:
        await super().on_event(event)
        if event.event == "thread.run.requires_action":
            again = AsyncAnswering(self._client, self._outputs, self.notes)
            async with self._client.beta.threads.runs.submit_tool_outputs_stream(
                **answers(event.data, self._outputs), event_handler=again
            ) as stream:
                await stream.until_done()


class Failing(_Noting):
    """Raises in a callback."""

    def on_text_created(self, text: Any) -> None:
        raise LookupError("a mistake of the user's")


class AsyncFailing(_AsyncNoting):
    """The same, asynchronously."""

    async def on_text_created(self, text: Any) -> None:
        raise LookupError("a mistake of the user's")


def noting(flavour: str) -> Any:
    return _Noting() if flavour == "sync" else _AsyncNoting()


def answering(flavour: str, client: Any, outputs: dict[str, str]) -> Any:
    return (Answering if flavour == "sync" else AsyncAnswering)(client, outputs)


def failing(flavour: str) -> Any:
    return Failing() if flavour == "sync" else AsyncFailing()


def answers(run: Any, outputs: dict[str, str]) -> dict[str, Any]:
    """The arguments with which the calls that a run waits for are answered."""
    calls = run.required_action.submit_tool_outputs.tool_calls
    sent = [{"tool_call_id": call.id, "output": outputs[call.function.name]} for call in calls]
    return {"run_id": run.id, "thread_id": run.thread_id, "tool_outputs": sent}
