"""What a user says and what a thread holds: texts and files as typed -> as they are sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asstctl.conversation.case import Message, UserFile
from asstctl.conversation.late import Late, is_late
from asstctl.conversation.project_files import project_file
from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_types import Json
from asstctl.core.thread import Tool
from asstctl.documents.paths import shown
from asstctl.documents.templates import has_template
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place

PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp")
"""What the wire takes as an image."""


@dataclass(frozen=True)
class SaidReader:
    """Reads the words and files of one conversation, which is what the document means and is written in `file`.

    What is not as `models` wants it was refused there, and is passed over here: it hides nothing beside it.
    """

    document: Document
    file: Path
    root: Path
    diagnostics: list[Diagnostic]

    def words(self, at: Place, words: Json) -> tuple[str, tuple[UserFile, ...]]:
        """The text of a message, its parts joined by newlines, and its files. `words` are taken from the document,
        because a model makes plain text of a late one."""
        if isinstance(words, str):
            return words, ()
        if not isinstance(words, list):
            return "", ()
        texts = [part for part in words if isinstance(part, str)]
        files = [self._part((*at, i), part) for i, part in enumerate(words) if isinstance(part, Mapping)]
        return self._joined(at, texts), tuple(file for file in files if file)

    def _joined(self, at: Place, texts: Sequence[str]) -> str:
        """One text of several; late where one of them is, and then none may hold braces that are meant as they are."""
        text = "\n".join(texts)
        late = next((one for one in texts if isinstance(one, Late)), None)
        if late is None:
            return text
        if any(has_template(one) for one in texts if not isinstance(one, Late)):
            summary = "a text with braces cannot stand beside one that names `saved`"
            self._refuse("late-text", summary, self.document.where(at), "write them as one text")
        return Late.of(text, late.values, as_text=True)

    def messages(self, at: Place, messages: Sequence[Json]) -> tuple[Message, ...]:
        """What the thread holds before the first turn."""
        read = []
        for i, message in enumerate(messages):
            for role, words in message.items() if isinstance(message, Mapping) else ():
                text, files = self.words((*at, i, role), words)
                read.append(Message(role, text, self.document.where((*at, i)), files))
        return tuple(read)

    def thread_files(self, at: Place, files: Sequence[Json]) -> tuple[UserFile, ...]:
        """What the tools of the thread may read."""
        named = [(i, file) for i, file in enumerate(files) if isinstance(file, Mapping)]
        read = [self._of_project((*at, i, "path"), file.get("path"), _tools(file.get("for"))) for i, file in named]
        return tuple(file for file in read if file)

    def _part(self, at: Place, part: Mapping[str, Any]) -> UserFile | None:
        if "attachment" in part:
            return self._of_project((*at, "attachment"), part["attachment"], _tools(part.get("for")))
        place, image, detail = (*at, "image"), part.get("image"), part.get("detail") or ""
        if not isinstance(image, str):
            return None
        if image.startswith(("https://", "http://")):
            return UserFile(image, self.document.where(place), url=image, detail=detail)
        found = self._of_project(place, image, None, detail=detail)
        if found and not image.lower().endswith(PICTURES):
            summary = f"`{image}` is not an image that a model can look at"
            hint = f"its name must end in {', '.join(PICTURES)}; any other file is an `attachment`"
            self._refuse("bad-image", summary, found.where, hint)
        return found

    def _of_project(
        self, at: Place, written: Json, tools: tuple[Tool, ...] | None, *, detail: str = ""
    ) -> UserFile | None:
        if not isinstance(written, str) or not written:
            return None
        where = self.document.where(at)
        if is_late(written):
            self._refuse("late-text", "the path of a file cannot name `saved`", where, "name `vars` or `matrix`")
            return None
        path = project_file(written, beside=self.file, root=self.root, where=where, dot_files=False)
        if isinstance(path, Diagnostic):
            self.diagnostics.append(path)
            return None
        return UserFile(shown(self.root.resolve(), path), where, path=path, tools=tools, detail=detail)

    def _refuse(self, code: str, summary: str, where: Where, hint: str) -> None:
        self.diagnostics.append(error(code, summary, where, hint=hint))


def _tools(written: Json) -> tuple[Tool, ...]:
    words = written if isinstance(written, list) else [written]
    return tuple(dict.fromkeys(Tool(word) for word in words if isinstance(word, str) and word in set(Tool)))
