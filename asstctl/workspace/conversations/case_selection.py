"""Which conversations of a project are played: by place, by words, by tags, by how they ended last, by shard.

Pure over the cases, apart from the history that `--failed` asks for. What of the chosen ones a change concerns
(`--affected`) is for others. To choose none is refused, with what there is; a shard without any has done its part.
"""

import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from asstctl.core.errors import Refused, WrongUsage
from asstctl.core.suggest import did_you_mean, some_of
from asstctl.workspace.conversations.expressions import Expression, read_expression
from asstctl.workspace.conversations.history import not_passed, read_history
from asstctl.workspace.conversations.options import Selected, counted
from asstctl.workspace.conversations.shards import Shard, in_shard

if TYPE_CHECKING:
    from asstctl.conversation.case import Case

_SUFFIX = ".convo.yaml"
_NAMED = 8
"""So many conversations are named where none was chosen."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was typed. `places` are files, folders and `FILE::ID`; `tags` all have to hold, and each is a list of which
    one has to. `seconds` is how long conversations took, by node: the same on every machine of a sharded run.
    """

    places: tuple[str, ...] = ()
    words: str = ""
    tags: tuple[str, ...] = ()
    failed: bool = False
    shard: Shard | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """The places without their ids: files and folders to read."""
        return tuple(dict.fromkeys(_parted(place)[0] for place in self.places))


class Selection:
    """A Select for one target. Raises WrongUsage at once for an expression that is none."""

    def __init__(self, choice: Choice, target: str) -> None:
        self.before_shard: tuple[Case, ...] = ()
        self._choice = choice
        self._target = target
        self._words = read_expression(choice.words, "-k") if choice.words else None
        self._tags = tuple(_read_tags(text) for text in choice.tags)

    def __call__(self, cases: "Sequence[Case]", root: Path) -> Selected:
        """The chosen ones. Raises WrongUsage for an id that is not there, Refused where none is left."""
        choice, left = self._choice, tuple(cases)
        said: list[str] = []
        if any(id for _, id in map(_parted, choice.places)):
            left = _placed(left, choice.places, root)
        if choice.failed:
            history = read_history(root, self._target)
            bad = not_passed(history)
            if not history:
                raise Refused(
                    f"no earlier run on {self._target} is remembered",
                    detail=f"--failed plays what did not pass the last time; this project has {counted(left)}",
                    hint="play all of them: asstctl test",
                )
            left = tuple(case for case in left if case.node in bad)
            said.append("--failed")
            if not left:
                return Selected((), f"{counted(cases)}: none of them failed the last time", empty_is_fine=True)
        for option, fits in self._filters():
            before, left = left, tuple(case for case in left if fits(case))
            said.append(option)
            if before and not left:
                raise _none(option, before)
        self.before_shard = left
        if choice.shard is not None:
            mine = in_shard((case.node for case in left), choice.shard, choice.seconds)
            left = tuple(case for case in left if case.node in mine)
            said.append(f"--shard {choice.shard}")
        words = f"{len(left):,} of {counted(cases)}: {', '.join(said)}" if said else ""
        return Selected(left, words, empty_is_fine=choice.shard is not None and bool(cases))

    def _filters(self) -> "Iterable[tuple[str, Callable[[Case], bool]]]":
        if (words := self._words) is not None:
            yield f"-k {shlex.quote(self._choice.words)}", lambda case: words(_named(case))
        for text, tags in zip(self._choice.tags, self._tags, strict=True):
            yield f"--tag {shlex.quote(text)}", partial(_has_any, tags)


def _named(case: "Case") -> Callable[[str], bool]:
    """Whether a word is a part of how a conversation is called, or one of its tags, in any case of letters."""
    names = [text.casefold() for text in (f"{case.assistant}/{case.id}", case.name, *case.tags)]
    return lambda word: any(word.casefold() in name for name in names)


def _has_any(tags: Sequence[Expression], case: "Case") -> bool:
    return any(one(_tagged(case)) for one in tags)


def _tagged(case: "Case") -> Callable[[str], bool]:
    return lambda word: word in case.tags


def _read_tags(text: str) -> tuple[Expression, ...]:
    """`a`, `not b`, or several with commas between them."""
    return tuple(read_expression(part, "--tag") for part in text.split(","))


def _parted(place: str) -> tuple[str, str]:
    """A file or folder, and the id behind it."""
    stem, mark, id = place.partition(f"{_SUFFIX}::")
    return (stem + _SUFFIX, id) if mark else (place, "")


def _placed(cases: "Sequence[Case]", places: Iterable[str], root: Path) -> "tuple[Case, ...]":
    """The cases of these places: all of a file or folder, and of a `FILE::ID` that one, or all cells of its matrix."""
    files = {case.where.path: (root / case.where.path).resolve() for case in cases}
    found: set[str] = set()
    for place in places:
        text, id = _parted(place)
        meant = {Path(text).resolve(), (root / text).resolve()}
        there = [case for case in cases if not meant.isdisjoint(_upwards(files[case.where.path]))]
        fitting = [case for case in there if not id or id in (case.id, case.id.partition("[")[0])]
        if not fitting:
            raise WrongUsage(
                f"{text} holds no conversation `{id}`",
                hint=did_you_mean(id, dict.fromkeys(case.id for case in there)),
            )
        found.update(case.node for case in fitting)
    return tuple(case for case in cases if case.node in found)


def _upwards(file: Path) -> Collection[Path]:
    return {file, *file.parents}


def _none(option: str, cases: "Sequence[Case]") -> Refused:
    names = [f"{case.assistant}/{case.id}" for case in cases]
    tags = list(dict.fromkeys(tag for case in cases for tag in case.tags))
    return Refused(
        "nothing to test",
        detail=f"{option} fits none of {counted(cases)}: {some_of(names, _NAMED)}\n"
        + (f"their tags: {', '.join(tags)}" if tags else "none of them has a tag"),
        hint="all that there are: asstctl test --list",
    )
