"""What a repository holds at a commit, asked folder by folder: each answer is of content that cannot change."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from asstctl.forges.api import Api
from asstctl.forges.reading import member, text

_FOLDER = "040000"
_FILES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder: what git calls its content, and what sort it is. A link is none of either."""

    mode: str
    sha: str


class Trees:
    """The trees of one repository, each read once."""

    def __init__(self, api: Api, root: str) -> None:
        self._api = api
        self._root = root
        self._known: dict[str, dict[str, Entry]] = {}

    async def digests(self, paths: Sequence[str], commit: str) -> dict[str, str | None]:
        """One digest for each path: of content and sort; None for one that is not there. Raises NotFound for a commit
        that is not."""
        found = {path: await self._entry(commit, path) for path in paths}
        return {path: f"{entry.mode} {entry.sha}" if entry else None for path, entry in found.items()}

    async def text(self, commit: str, path: str) -> str:
        """The text of a file; empty for what is none."""
        entry = await self._entry(commit, path)
        if entry is None or entry.mode not in _FILES:
            return ""
        where = f"{self._root}/git/blobs/{entry.sha}"
        body = await self._api.get(where)
        with self._api.read(where):
            try:
                return base64.b64decode(text(body, "content")).decode(errors="replace")
            except binascii.Error:
                raise ValueError("content is not base64") from None

    async def _entry(self, commit: str, path: str) -> Entry | None:
        entry = Entry(_FOLDER, commit)
        for part in PurePosixPath(path).parts:
            if entry.mode != _FOLDER:
                return None
            held = (await self._tree(entry.sha)).get(part)
            if held is None:
                return None
            entry = held
        return entry

    async def _tree(self, sha: str) -> dict[str, Entry]:
        if sha not in self._known:
            where = f"{self._root}/git/trees/{sha}"
            body = await self._api.get(where)
            with self._api.read(where):
                if body.get("truncated") is not False or not isinstance(body.get("tree"), list):
                    raise ValueError("tree is not whole")
                self._known[sha] = {
                    text(one, "path"): Entry(text(one, "mode"), text(one, "sha")) for one in member(body, "tree")
                }
        return self._known[sha]
