"""Since which revision lines of a file stand as they do.

Git is asked for what is committed and never for the working tree: to read that it would run the filters that a
repository may configure. Where the lines of now stand in the committed text is found out here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from asstctl.core.explanation import Explained, Since
from asstctl.core.origin import Origin, Source
from asstctl.documents.project_folder import PROJECT_FILE
from asstctl.documents.source import lines_of, read_text
from asstctl.workspace.git import NoAnswer, NoGit, NoRepository, ask_git

_IN_FILES = frozenset(Source) - {Source.FLAG, Source.PROGRAM, Source.DEFAULT, Source.VAR_FILE}
_LONGEST = 20_000
"""Lines of a file that are held against the committed ones."""

Lines = tuple[int, int]


@dataclass
class Annals:
    """What git knows of the files of a project; each file and each place in it is asked about once."""

    root: Path
    _files: dict[str, "_File | Since"] = field(default_factory=dict)
    _places: dict[tuple[str, Lines], Since] = field(default_factory=dict)

    def of(self, origin: Origin) -> Since | None:
        """Since when the lines of an origin stand so; None where it is in no file of the project."""
        if origin.where is None or origin.source not in _IN_FILES:
            return None
        if self._trouble:
            return self._trouble
        name = origin.where.path
        if name not in self._files:
            self._files[name] = _file(self.root, name)
        file = self._files[name]
        if isinstance(file, Since):
            return file
        lines = (origin.where.line, max(origin.where.line, origin.last_line))
        if (name, lines) not in self._places:
            self._places[name, lines] = file.since(lines, shallow=self._is_shallow)
        return self._places[name, lines]

    def dated(self, one: Explained) -> Explained:
        """The same value with its parts, and since when each stands so: with all that it takes in and is put together
        from."""
        parts = tuple(self.dated(part) for part in one.parts)
        since = self.of(one.origin) if one.origin else None
        others = [self._named(origin) for origin in (*one.includes, *_in_project_file(one))] if since else []
        return replace(one, since=_latest([since, *others, *(part.since for part in parts)]), parts=parts)

    def _named(self, origin: Origin) -> Since | None:
        """Since when what a value takes in stands so; where there is no telling, which file that is of."""
        since = self.of(origin)
        if since is None or since.revision or since == self._trouble or origin.where is None:
            return since
        line = "" if origin.source is Source.INCLUDE else f":{origin.where.line}"
        return replace(since, reason=f"{since.reason}: {origin.where.path}{line}")

    @cached_property
    def _trouble(self) -> Since | None:
        try:
            inside = ask_git(self.root, "rev-parse", "--is-inside-work-tree")
        except NoGit as none:
            return Since(reason=str(none))
        except NoRepository:
            return Since(reason="not in a git repository")
        except NoAnswer as problem:
            return Since(reason=f"git says: {problem}")
        return None if inside.strip() == b"true" else Since(reason="not in a git repository")

    @cached_property
    def _is_shallow(self) -> bool:
        try:
            return ask_git(self.root, "rev-parse", "--is-shallow-repository").strip() == b"true"
        except NoAnswer:
            return False


@dataclass(frozen=True)
class _File:
    """A file that is committed: where its lines of now stand there (0: nowhere)."""

    root: Path
    name: str
    committed: Sequence[int]

    def since(self, lines: Lines, *, shallow: bool) -> Since:
        """Since when these lines, counted in the file of now, are as they are."""
        if not self.committed:
            return Since(reason="the file is empty")
        there = self.committed[lines[0] - 1 : lines[1]]
        if not there or 0 in there:
            return Since(reason="not committed yet")
        try:
            said = ask_git(
                self.root, "blame", "--no-textconv", "--porcelain", *_ranges(there), "HEAD", "--", f"./{self.name}"
            )
        except NoAnswer as problem:
            return Since(reason=f"git says: {problem}")
        return _newest(said.decode("utf-8", "replace"), shallow=shallow)


def _in_project_file(one: Explained) -> Iterator[Origin]:
    """The places of its variables' values, as far as the project file has them."""
    for variable in one.variables:
        for said in variable.said[:1]:
            if said.origin.where is not None and said.origin.where.path == PROJECT_FILE:
                yield said.origin


def _latest(every: Iterable[Since | None]) -> Since | None:
    """The latest of all; what no commit has yet is later than any."""
    found = [one for one in every if one is not None]
    return next((one for one in found if not one.revision), max(found, key=lambda one: one.seconds, default=None))


def _file(root: Path, name: str) -> _File | Since:
    text = read_text(root / name, name)
    if not isinstance(text, str):
        return Since(reason="the file cannot be read")
    try:
        old = ask_git(root, "cat-file", "blob", f"HEAD:./{name}")
    except NoAnswer:
        return Since(reason="not committed yet")
    before = old.decode("utf-8-sig", "replace")
    return _File(root, name, _matched(lines_of(before), lines_of(text)))


def _matched(before: Sequence[str], now: Sequence[str]) -> Sequence[int]:
    """For each line of now the number of the committed line that it is, 0 for a new one."""
    if before == now:
        return range(1, len(now) + 1)
    if max(len(before), len(now)) > _LONGEST:
        return [0] * len(now)
    from difflib import SequenceMatcher

    found = [0] * len(now)
    for block in SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            found[block.b + offset] = block.a + offset + 1
    return found


def _ranges(lines: Sequence[int]) -> list[str]:
    """Line numbers as options of `git blame`: one for each run of them."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return [f"-L{first},{last}" for first, last in runs]


def _newest(porcelain: str, *, shallow: bool) -> Since:
    """The newest of the commits that `git blame --porcelain` names."""
    commits: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in porcelain.split("\n"):
        if line.startswith("\t"):
            continue
        word, _, rest = line.partition(" ")
        if len(word) >= 40 and rest[:1].isdigit():
            current = commits.setdefault(word, {})
        else:
            current.setdefault(word, rest)
    if not commits:
        return Since(reason="git does not know these lines")
    revision, said = max(commits.items(), key=lambda commit: int(commit[1].get("committer-time", "0")))
    return Since(
        revision[:7],
        _day(said),
        said.get("summary", ""),
        reason="the clone is shallow, and earlier history is not in it" if shallow and "boundary" in said else "",
        at_least=shallow and "boundary" in said,
        seconds=int(said.get("committer-time", "0")),
    )


def _day(said: Mapping[str, str]) -> str:
    try:
        return f"{datetime.fromtimestamp(int(said.get('committer-time', '0')), UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):  # git takes any number
        return ""
