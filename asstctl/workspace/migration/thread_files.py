"""Threads that were saved, as conversation files of the assistants that answered in them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from asstctl.core.address import Address
from asstctl.core.migration import BroughtThread, Unbrought
from asstctl.core.resource import Live
from asstctl.workspace.conversations.conversation_files import SUFFIX, where_it_is_found
from asstctl.workspace.migration.place import Place
from asstctl.workspace.migration.saved_threads import SavedThread
from asstctl.workspace.migration.unsaid import otherwise
from asstctl.workspace.new_files import FOLDER, NewFiles

if TYPE_CHECKING:
    from asstctl.conversation.reading.signatures import Signature
    from asstctl.conversation.writing import Written

FOLDER_OF_THREADS = f"{FOLDER}/conversations"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass
class ThreadFiles:
    """Conversations on their way to `files`. `addresses` are those of assistants by their ids, `lives` the assistants
    that are written now, and `toolless` those of them whose manifests declare no tools, because they could not."""

    place: Place
    files: NewFiles
    addresses: Mapping[str, Address]
    lives: Mapping[Address, Live]
    toolless: frozenset[Address]
    unbrought: list[Unbrought] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def write(self, threads: Sequence[SavedThread]) -> tuple[BroughtThread, ...]:
        """All that can be written."""
        return tuple(self._written(threads)) if threads else ()

    def _written(self, threads: Sequence[SavedThread]) -> Iterator[BroughtThread]:
        from asstctl.conversation.tapes.secrets import Sieve
        from asstctl.workspace.conversations.tapes import secret_values

        known = () if self.place.is_new else secret_values(self.place.workspace)
        sieve = Sieve([*known, *(one.reveal() for one in self.place.secrets)])
        for thread in threads:
            whose = self._whose(thread)
            if whose is None:
                continue
            if not thread.spoken:
                self.notes.append(f"nothing was said in {thread.id}, so that no conversation is made of it")
                continue
            address, notes = whose
            written = self._conversation(thread, address)
            if leaks := sieve.leaks([written.conversation]):
                self._leave(thread, f"it would hold a secret: {leaks[0].path}: {leaks[0].what}")
            elif reason := _unsound(written):
                self._leave(thread, reason)
            elif there := self._there(path := self._path(thread.id), written.text):
                self._leave(thread, there, "to have it anew, remove that file and migrate again")
            else:
                path = self.files.add(path, written.text)
                told = (*thread.notes, *self._otherwise(thread, address), *notes, *written.notes)
                yield BroughtThread(thread.id, path, address.key, written.turns, told)

    def _otherwise(self, thread: SavedThread, address: Address) -> Iterator[str]:
        """What its runs with this assistant, if that was read too, said for themselves."""
        if live := self.lives.get(address):
            own = (one for one in thread.runs if self.addresses.get(str(one.get("assistant_id"))) == address)
            yield from otherwise(own, live.fields)

    def _there(self, path: str, text: str) -> str:
        """Why a conversation has no need of a file, or nothing."""
        try:
            known = (self.place.root / path).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return ""
        return f"{path} is there already" + ("" if known == text else ", and says something else")

    def _conversation(self, thread: SavedThread, address: Address) -> "Written":
        from asstctl.conversation.writing import Had, conversation_of

        return conversation_of(address.key, [Had(spoken) for spoken in thread.spoken], self._functions(address))

    def _whose(self, thread: SavedThread) -> tuple[Address, tuple[str, ...]] | None:
        """Whose conversation it is, and what is to be said of that."""
        if known := [id for id in thread.assistants if id in self.addresses]:
            others = ", ".join(id for id in thread.assistants if id != known[0])
            said = f"other assistants answered in it too ({others}): their replies stand as those of this one"
            return self.addresses[known[0]], (said,) if others else ()
        if not thread.assistants and len(self.lives) == 1:
            return next(iter(self.lives)), ("nothing saved says whose it is: it is taken for the only assistant's",)
        who = ", ".join(thread.assistants)
        reason = f"its assistant is not among what was read ({who})" if who else "nothing saved says whose it is"
        self._leave(thread, reason, "migrate the assistant together with it")
        return None

    def _leave(self, thread: SavedThread, reason: str, hint: str = "look at it where it was saved") -> None:
        self.unbrought.append(Unbrought(f"{thread.id} ({thread.source})", reason, hint))

    def _functions(self, address: Address) -> "dict[str, Signature]":
        """The functions that its manifest declares."""
        from asstctl.conversation.reading.signatures import Signature
        from asstctl.workspace.conversations.loading import signatures

        if address not in self.lives:
            declared = next(one for one in self.place.workspace.desired() if one.address == address)
            return signatures(declared, {})
        tools: Any = () if address in self.toolless else self.lives[address].fields.get("tools") or ()
        functions = (tool["function"] for tool in tools if tool.get("type") == "function")
        return {one["name"]: Signature(one.get("parameters")) for one in functions}

    def _path(self, thread: str) -> str:
        name = thread if _NAME.fullmatch(thread) else re.sub(r"[^A-Za-z0-9_-]+", "-", thread).strip("-")[:60]
        path = PurePath(f"{FOLDER_OF_THREADS}/{name or 'thread'}{SUFFIX}")
        better = "" if self.place.is_new else where_it_is_found(self.place.workspace, path)
        return better or path.as_posix()


def _unsound(written: "Written") -> str:
    """Why it can be no file, or nothing."""
    from asstctl.documents.yaml import parse_one

    if not written.turns:
        return f"no turn of it can be written: {'; '.join(written.notes)}"
    document, _ = parse_one(written.text, "")
    is_same = document is not None and document.value == written.conversation
    return "" if is_same else "its file would not say what was said"
