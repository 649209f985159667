"""The names that a command line may hold, for completion: told from the files alone, and quickly.

A shell asks with every press of a key. So nothing is checked, rendered or connected here, manifests are skimmed line
by line rather than parsed, and what cannot be read has no names and hides no other. Names with control characters are
left out: a shell would print them.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from asstctl.documents.paths import OUR_FOLDER
from asstctl.documents.project_folder import (
    DEFAULT_CONVERSATIONS,
    DEFAULT_MANIFESTS,
    NEVER_MANIFESTS,
    PROJECT_FILE,
    crosses_project,
    files_below,
    find_project,
    literal_folder,
    matches,
)

_LARGEST = 256 * 1024
"""Bytes of a file that are skimmed; the names of a longer one stand at its beginning."""

_LIVE = ("assistant", "vector_store")
"""Kinds that an address on a command line may have."""

_CONVO = ".convo.yaml"
_DOCUMENT = re.compile(r"^---(?=\s|$).*$", re.MULTILINE)
_VALUE = r"""[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#"'\[{&*!|>][^\n#]*?))[ \t]*(?:#[^\n]*)?$"""
_TOP_KEY = re.compile(rf"^(kind|key|assistant):{_VALUE}", re.MULTILINE)
_ID = re.compile(rf"^[ \t]*(?:-[ \t]+)?id:{_VALUE}", re.MULTILINE)
_FLOW_ID = re.compile(r"""^[ \t]*-[ \t]*\{[^}\n]*?\bid:[ \t]*["']?([^\s,"'}]+)""", re.MULTILINE)
_TAGS = re.compile(
    r"^[ \t]*(?:-[ \t]+)?tags:[ \t]*(?:\[([^\]]*)\]|(\n([ \t]*)-[ \t]+[^\n]*(?:\n\3-[ \t]+[^\n]*)*))", re.MULTILINE
)
_TARGETS = re.compile(r"^targets:[^\n]*\n((?:(?:[ \t]+[^\n]*|#[^\n]*|[ \t]*)(?:\n|\Z))*)", re.MULTILINE)
_KEY_LINE = re.compile(r"""^([ ]+)["']?([\w.-]+)["']?:""", re.MULTILINE)


class Names:
    """The names of the project that a folder lies in."""

    def __init__(self, directory: Path) -> None:
        self._start = directory.resolve()
        self._root = find_project(self._start) or self._start

    @property
    def targets(self) -> tuple[str, ...]:
        """Those of the project file, or `local`."""
        return _offered(self._targets()) or ("local",)

    @property
    def assistants(self) -> tuple[str, ...]:
        """Their keys."""
        return _offered(key for kind, key in self._declared if kind == "assistant")

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of everything that lives on a target."""
        return _offered(f"{kind}.{key}" for kind, key in self._declared if kind in _LIVE)

    @property
    def conversations(self) -> tuple[str, ...]:
        """The files, as a person would type them in the folder."""
        return _offered(self._typed(name) for name in self._conversation_files)

    def ids(self, file: str) -> tuple[str, ...]:
        """Of the conversations in one file."""
        text = _skimmed(self._start / file)
        if not re.search(r"^conversations:", text, re.MULTILINE):
            return _offered([Path(file).name.removesuffix(_CONVO)] if text else [])
        return _offered([*(_first(one) for one in _ID.finditer(text)), *(one[1] for one in _FLOW_ID.finditer(text))])

    @property
    def tags(self) -> tuple[str, ...]:
        """Of all conversations."""
        return _offered(tag for name in self._conversation_files for tag in _tags(_skimmed(self._root / name)))

    @property
    def runs(self) -> tuple[str, ...]:
        """Those that the journals tell of, newest first."""
        files = (self._root / OUR_FOLDER / "journal").glob("*.jsonl")
        return tuple(reversed(_offered(file.stem for file in files)))

    # --- files

    @cached_property
    def _project(self) -> Mapping[str, Any]:
        """The project file as data; nothing of one that cannot be parsed."""
        from asstctl.documents.yaml import parse_one

        document, _ = parse_one(_skimmed(self._root / PROJECT_FILE), PROJECT_FILE)
        return document.value if document is not None and isinstance(document.value, Mapping) else {}

    def _targets(self) -> Iterable[str]:
        targets = self._project.get("targets")
        if isinstance(targets, Mapping):
            return targets
        # it cannot be parsed now, because somebody is writing it: those lines of it that look like targets
        below = _TARGETS.search(_skimmed(self._root / PROJECT_FILE))
        keys = _KEY_LINE.findall(below[1]) if below else []
        return [name for indent, name in keys if len(indent) == len(keys[0][0])]

    @cached_property
    def _declared(self) -> tuple[tuple[str, str], ...]:
        """Kind and key of each manifest."""
        files = self._files("manifests", DEFAULT_MANIFESTS)
        return tuple(
            one for name in files if not NEVER_MANIFESTS.search(name) for one in _manifests(self._root / name, name)
        )

    @cached_property
    def _conversation_files(self) -> tuple[str, ...]:
        return tuple(self._files("conversations", DEFAULT_CONVERSATIONS))

    def _files(self, key: str, default: tuple[str, ...]) -> Iterator[str]:
        written = self._project.get(key)
        globs = [one.lstrip("/") for one in written if isinstance(one, str)] if isinstance(written, list) else default
        for folder in sorted({literal_folder(glob) for glob in globs}):
            hidden = any(part.startswith(".") for part in folder.split("/"))
            if not hidden and not crosses_project(self._root, folder):
                found = sorted(files_below(self._root, folder, {}))
                yield from (name for name in found if any(matches(glob, name) for glob in globs))

    def _typed(self, name: str) -> str:
        return Path(os.path.relpath(self._root / name, self._start)).as_posix()


def _manifests(file: Path, name: str) -> Iterator[tuple[str, str]]:
    documents = _DOCUMENT.split(_skimmed(file))
    if name.endswith(".md"):
        documents = documents[1:2]  # its front matter
    for document in documents:
        keys = {one[1]: _first(one, 2) for one in _TOP_KEY.finditer(document)}
        if "kind" in keys:
            yield keys["kind"], keys.get("key", PurePosixPath(name).stem)


def _tags(text: str) -> Iterator[str]:
    for one in _TAGS.finditer(text):
        words = one[1].split(",") if one[1] is not None else re.findall(r"-[ \t]+([^\n#]*)", one[2])
        yield from (word.strip().strip("\"'") for word in words)


def _first(found: re.Match[str], group: int = 1) -> str:
    """A value in whichever quotes it has."""
    return next(one for one in found.groups()[group - 1 :] if one is not None)


def _skimmed(file: Path) -> str:
    """The beginning of a plain file; nothing of one that cannot be read, and nothing of a pipe."""
    try:
        if not file.is_file():
            return ""
        with file.open("rb") as opened:
            text = opened.read(_LARGEST).decode("utf-8-sig", "replace")
    except OSError:
        return ""
    return text.replace("\r\n", "\n")


def _offered(names: Iterable[object]) -> tuple[str, ...]:
    """Each once, in their order, and nothing that a terminal would act on."""
    return tuple(sorted({one for one in names if isinstance(one, str) and one and one.isprintable()}))
