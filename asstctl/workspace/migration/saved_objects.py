"""Objects of the Assistants API in JSON that somebody saved, whatever they are wrapped in. Pure.

A list response, an array, a map of lists and an object with others in it (a thread with its messages and runs, a run
with its steps) are opened; what is in them is known by its `object`, or by the key that it stands under.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.suggest import shortened
from asstctl.workspace.migration.saved_files import SavedValue

ASSISTANT, THREAD, MESSAGE, RUN, STEP = "assistant", "thread", "thread.message", "thread.run", "thread.run.step"

_NOUNS = (ASSISTANT, THREAD, MESSAGE, RUN, STEP)

_HELD = {
    "assistant": ASSISTANT,
    "assistants": ASSISTANT,
    "thread": THREAD,
    "threads": THREAD,
    "messages": MESSAGE,
    "runs": RUN,
    "run_steps": STEP,
    "steps": STEP,
}
"""What is under a key that holds objects."""

_OTHERS = {
    "vector_store": "an export holds no files: declare a `kind: vector_store` with `files:` where the originals are",
    "vector_store.file": "an export holds no files: name the originals under `files:` of a `kind: vector_store`",
    "vector_store.files_batch": "it says only how files came into a vector store",
    "file": "an export holds its name and no bytes: put the original into the project",
    "assistant.deleted": "it is gone",
    "thread.deleted": "it is gone",
}
"""Objects of the same API that no file of a project is made of, and why."""


@dataclass(frozen=True, slots=True)
class SavedObject:
    """One object and where it stands: its file, and its place there (`data[3]`). `thread` and `run` are those that it
    was found in, where it was found in any."""

    value: Mapping[str, Any]
    where: Where
    at: str
    thread: str = ""
    run: str = ""

    @property
    def id(self) -> str:
        """Its id; empty where it has none."""
        id = self.value.get("id")
        return id if isinstance(id, str) else ""

    @property
    def place(self) -> str:
        """For people: the file, the line of one with several, and the place in it."""
        line = f":{self.where.line}" if self.where.line > 1 else ""
        return f"{self.where.path}{line}{f' {self.at}' if self.at else ''}"


@dataclass
class Saved:
    """Every object by its noun, in the order of reading, sentences on what is not here, and what cannot be used."""

    objects: dict[str, list[SavedObject]] = field(default_factory=lambda: {noun: [] for noun in _NOUNS})
    notes: list[str] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)


def objects_in(values: Iterable[SavedValue]) -> Saved:
    """The objects in these values."""
    opener = _Opener(Saved())
    for one in values:
        opener.open(one.value, _Place(one.where))
    for noun, number in opener.others.items():
        many = f"{number} objects of type {noun} are" if number > 1 else f"an object of type {noun} is"
        opener.saved.notes.append(f"{many} not brought: {_OTHERS[noun]}")
    return opener.saved


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands, and what is known of it by that."""

    where: Where
    at: str = ""
    noun: str = ""
    thread: str = ""
    run: str = ""

    def below(self, key: str, *, noun: str = "", thread: str = "", run: str = "") -> "_Place":
        at = f"{self.at}{key}" if key.startswith("[") or not self.at else f"{self.at}.{key}"
        return _Place(self.where, at, noun or self.noun, thread or self.thread, run or self.run)


@dataclass
class _Opener:
    saved: Saved
    others: Counter[str] = field(default_factory=Counter)

    def open(self, value: Any, place: _Place) -> None:
        """Take what is in a value, or say why nothing is."""
        if isinstance(value, list):
            for number, item in enumerate(value):
                self.open(item, place.below(f"[{number}]"))
        elif not isinstance(value, Mapping):
            self._refuse(place, "is no object of the Assistants API", "leave it out")
        elif _is_list(value):
            self._open_list(value, place)
        else:
            self._open_object(value, place)

    def _open_list(self, value: Mapping[str, Any], place: _Place) -> None:
        if value.get("has_more") is True:
            where = f"{place.where.path}{f' {place.at}' if place.at else ''}"
            last = value.get("last_id")
            after = f" (after={last})" if isinstance(last, str) else ""
            self.saved.notes.append(f"{where} is one page of a list that goes on: save what comes behind it too{after}")
        self.open(value["data"], place.below("data"))

    def _open_object(self, value: Mapping[str, Any], place: _Place) -> None:
        noun = str(value.get("object") or place.noun or _noun_of(value))
        held = {key: value[key] for key in _HELD if isinstance(value.get(key), list | Mapping)}
        if noun in _OTHERS:
            self.others[noun] += 1
        elif noun in _NOUNS:
            if noun == ASSISTANT:
                held = {}
            self._take(noun, {key: item for key, item in value.items() if key not in held}, place)
            self._open_held(held, place, thread=_id(value, noun == THREAD), run=_id(value, noun == RUN))
        elif value.get("object"):
            said = f"has `object: {shortened(str(value['object']), 40)}`, which is none of the Assistants API"
            self._refuse(place, said, "leave it out")
        elif held:
            thread = value.get("thread")
            self._open_held(
                held, place, thread=_id(thread, isinstance(thread, Mapping)) or str(value.get("thread_id", ""))
            )
        elif place.noun == "" and value and all(isinstance(item, list | Mapping) for item in value.values()):
            for key, item in value.items():
                self.open(item, place.below(str(key)))
        else:
            self._refuse(place, "is no object of the Assistants API", "leave it out")

    def _open_held(self, held: Mapping[str, Any], place: _Place, *, thread: str = "", run: str = "") -> None:
        for key, item in held.items():
            below = place.below(key, noun=_HELD[key], thread=thread, run=run)
            if _HELD[key] == STEP and isinstance(item, Mapping) and not _is_list(item) and "object" not in item:
                for of_run, steps in item.items():  # steps by the id of their run
                    self.open(steps, below.below(str(of_run), run=str(of_run)))
            else:
                self.open(item, _Place(below.where, below.at, _HELD[key], below.thread, below.run))

    def _take(self, noun: str, value: Mapping[str, Any], place: _Place) -> None:
        self.saved.objects[noun].append(SavedObject(value, place.where, place.at, place.thread, place.run))

    def _refuse(self, place: _Place, said: str, hint: str) -> None:
        what = f"`{place.at}`" if place.at else f"`{place.where.path}`"
        self.saved.problems.append(error("not-saved-object", f"{what} {said}", place.where, hint=hint))


def _is_list(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("data"), list) and value.get("object", "list") == "list"


def _noun_of(value: Mapping[str, Any]) -> str:
    """What an object is that does not say it; an assistant, if it may be the body of a request that made one."""
    id = value.get("id")
    made = isinstance(id, str) and id.startswith("asst_")
    is_body = isinstance(value.get("model"), str) and not value.keys() & {"messages", "choices", "input"}
    return ASSISTANT if made or is_body else ""


def _id(value: Any, counts: bool) -> str:
    id = value.get("id") if counts and isinstance(value, Mapping) else None
    return id if isinstance(id, str) else ""
