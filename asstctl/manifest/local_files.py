"""Files of the project that are to be uploaded: found by path or glob, measured and hashed once per load.

A glob is relative to the file that writes it, or to the project by a leading `/`. It matches no dot file, enters no
dot folder, no link to a folder and no project of its own, and climbs nowhere. The path in the project is a file's
identity, so each file has one spelling. Nothing is kept but sizes and hashes.
"""

import os
import re
import unicodedata
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path, PurePosixPath

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.knowledge import LocalFile
from asstctl.core.suggest import shortened
from asstctl.documents.contents import measure
from asstctl.documents.paths import REFUSED, PathRefused, inside
from asstctl.documents.project_folder import PROJECT_FILE, crosses_project, files_below, literal_folder, matches
from asstctl.manifest.files import Files

MOST_MATCHES = 10_000
"""Files of one glob. More are hardly meant, and would take minutes to read."""

MOST_SEEN = 200_000
"""Files that one glob is compared with."""

_WILD = frozenset("*?[")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True)
class _Fault:
    """Why something cannot be had, to be said wherever it is named."""

    code: str
    summary: str
    hint: str

    def at(self, where: Where) -> Diagnostic:
        return error(self.code, self.summary, where, hint=self.hint)


@dataclass
class LocalFiles:
    """The files to upload of one load. One of more than `most_bytes`, which no target takes, is not read.

    A glob may match `most_matches` files among `most_seen`.
    """

    files: Files
    most_bytes: int | None = None
    most_matches: int = MOST_MATCHES
    most_seen: int = MOST_SEEN
    _found: dict[tuple[Path, str], tuple[str, ...] | _Fault] = field(default_factory=dict)
    _seen: dict[str, tuple[str, ...] | _Fault] = field(default_factory=dict)
    _measured: dict[str, LocalFile | _Fault] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.files.root

    def matching(self, base: Path, written: str, where: Where) -> tuple[list[LocalFile], list[Diagnostic]]:
        """The files that a path or a glob in a file of the folder `base` means, by path; what is wrong, at `where`."""
        if (base, written) not in self._found:
            self._found[base, written] = self._find(base, written)
        paths = self._found[base, written]
        if isinstance(paths, _Fault):
            return [], [paths.at(where)]
        found = [self._measure(path) for path in paths]
        faults = dict.fromkeys(one for one in found if isinstance(one, _Fault))
        return [one for one in found if isinstance(one, LocalFile)], [fault.at(where) for fault in faults]

    def _find(self, base: Path, written: str) -> tuple[str, ...] | _Fault:
        if not written.strip("/") or "\0" in written or "\\" in written:
            return _Fault(
                "bad-path", f"`{shortened(written)}` is not a path", "write folders and a file, separated by `/`"
            )
        folder = "" if written.startswith("/") else base.relative_to(self.root).as_posix()
        above = PurePosixPath(folder).parts
        parts = tuple(part for part in written.split("/") if part not in {"", "."})
        if fault := _refused(written, above, parts):
            return fault
        if not any(_WILD & set(part) for part in parts):
            return self._plain("/".join((*above, *parts)), base, written)
        return self._glob("/".join(above), "/".join(parts), written)

    def _plain(self, path: str, base: Path, written: str) -> tuple[str, ...] | _Fault:
        try:
            real = inside(self.root, base, written)
        except PathRefused as refused:
            return _Fault(refused.code, refused.summary, refused.hint)
        if self._is_folder(real):
            glob = f"{written.rstrip('/')}/**"
            return _Fault("is-folder", f"`{shortened(written)}` is a folder", f"write `{glob}` for all files in it")
        if os.path.lexists(real) and crosses_project(self.root, path.rpartition("/")[0]):
            hint = "name the file where it really is, in this project"
            return _Fault("bad-path", f"`{shortened(written)}` leads through a link or into another project", hint)
        return (path,)

    def _glob(self, folder: str, glob: str, written: str) -> tuple[str, ...] | _Fault:
        start = "/".join(filter(None, (folder, literal_folder(glob))))
        seen = self._below(start)
        if isinstance(seen, _Fault):
            return seen
        skipped = len(folder) + 1 if folder else 0
        # most files are told apart by their name alone, which is ten times as fast
        name = glob.rpartition("/")[2]
        is_name = re.compile("" if name == "**" else translate(name)).match
        found = tuple(path for path in seen if is_name(path.rpartition("/")[2]) and matches(glob, path[skipped:]))
        if len(found) > self.most_matches:
            summary = (
                f"`{shortened(written)}` matches {len(found):,} files, and at most {self.most_matches:,} are taken"
            )
            return _Fault("too-many-files", summary, "name a folder that holds fewer")
        if found:
            return found
        hint = "check the folder and the ending; `**/` matches any number of folders"
        if not self._is_folder(self.root / start):
            hint = f"there is no folder `{shortened(start)}`; a leading `/` is the project"
        elif crosses_project(self.root, start):
            hint = "links and folders with an asstctl.yaml of their own are not entered"
        return _Fault("empty-glob", f"`{shortened(written)}` matches no file", hint)

    def _below(self, start: str) -> tuple[str, ...] | _Fault:
        """Every file below a folder, sorted."""
        if start not in self._seen:
            self._seen[start] = self._walk(start)
        return self._seen[start]

    def _walk(self, start: str) -> tuple[str, ...] | _Fault:
        if crosses_project(self.root, start):
            return ()
        unreadable: dict[str, str] = {}
        seen: list[str] = []
        for path in files_below(self.root, start, unreadable):
            if path != PROJECT_FILE:
                seen.append(path)
            if len(seen) > self.most_seen:
                summary = f"there are more than {self.most_seen:,} files below `{start or '/'}`"
                return _Fault("too-many-files", summary, "name a folder that holds fewer")
        for folder, why in unreadable.items():
            # What is in it is not known, and nothing may be taken for absent.
            return _Fault("unreadable-folder", f"`{shortened(folder)}` cannot be looked into: {why}", "mend it")
        return tuple(sorted(seen))

    def _is_folder(self, path: Path) -> bool:
        try:
            return path.is_dir()
        except OSError:
            return False

    def _measure(self, path: str) -> LocalFile | _Fault:
        if path not in self._measured:
            self._measured[path] = self._read(path)
        return self._measured[path]

    def _read(self, path: str) -> LocalFile | _Fault:
        if any(unicodedata.category(char) in _UNPRINTABLE for char in path):
            return _Fault("bad-path", f"the name of `{ascii(path)[1:-1]}` cannot be printed", "rename the file")
        try:
            source = self._source(path)
            contents = measure(source, at_most=self.most_bytes)
        except PathRefused as refused:
            return _Fault(refused.code, refused.summary, refused.hint)
        except FileNotFoundError:
            hint = "paths start at this file's folder; a leading `/` is the project"
            return _Fault("missing-file", f"`{shortened(path)}` does not exist", hint)
        except OSError as problem:
            reason = problem.strerror or type(problem).__name__
            return _Fault("unreadable-file", f"`{shortened(path)}` cannot be read: {reason}", "check the file")
        return LocalFile(path, contents.bytes, contents.sha256, source)

    def _source(self, path: str) -> Path:
        """The real file; a link may lead to any that could be named itself. Raises PathRefused."""
        file = self.root / path
        if not file.is_symlink():
            return file
        real = inside(self.root, self.root, f"/{path}", dot_files=False)
        parts = real.relative_to(self.root.resolve()).parts
        hidden = any(part.startswith(".") for part in parts)
        if hidden or crosses_project(self.root.resolve(), "/".join(parts[:-1])):
            summary = f"`{shortened(path)}` is a link into a hidden place or another project"
            raise PathRefused("forbidden-path", summary, "copy the file into the project")
        return real


def _refused(written: str, above: tuple[str, ...], parts: tuple[str, ...]) -> _Fault | None:
    """What no entry may say, wherever it would lead."""
    if ".." in parts:
        climbed: list[str] = list(above)
        for part in parts:
            if part != "..":
                climbed.append(part)
            elif climbed:
                climbed.pop()
            else:
                hint = "copy the file into the project"
                return _Fault("outside-project", f"`{shortened(written)}` leads out of the project through `..`", hint)
        return _Fault(
            "bad-path", f"`..` is never followed: `{shortened(written)}`", f"write `/{shortened('/'.join(climbed))}`"
        )
    for part in parts:
        name = part.lower()
        if name in REFUSED or name.startswith(".env"):
            return _Fault(
                "forbidden-path", f"`{shortened(written)}` is a place that is never read", "keep the text elsewhere"
            )
        if name.startswith("."):
            return _Fault("forbidden-path", f"`{shortened(written)}` is hidden", "take the dot off its name")
    if parts == (PROJECT_FILE,) and not above:
        return _Fault("forbidden-path", "the project file itself is not uploaded", "name another file")
    return None
