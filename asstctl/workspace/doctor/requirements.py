"""What a distribution asks of others, as its metadata says it (PEP 508), held against versions (PEP 440).

Only what our own metadata holds is understood: names, ranges and the marker of an extra. Pure.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;()]*)\)?\s*(?:;(.*))?")
_EXTRA = re.compile(r"\bextra\s*==\s*['\"]([^'\"]+)['\"]")
_CLAUSE = re.compile(r"\s*(~=|==|!=|<=|>=|<|>)\s*(\S+?)\s*")
_VERSION = re.compile(r"v?(?:\d+!)?(\d+(?:\.\d+)*)(.*)")
_BEFORE = re.compile(r"[._-]?(?:a|b|c|rc|alpha|beta|pre|preview|dev)[._-]?\d*", re.IGNORECASE)

Key = tuple[tuple[int, ...], bool]


@dataclass(frozen=True, slots=True)
class Requirement:
    """Another distribution and the range of its versions. `extra` is the one that asks for it, or nothing.
    `conditional`: it is for some machines only."""

    name: str
    range: str
    extra: str = ""
    conditional: bool = False

    @property
    def typed(self) -> str:
        """The command that brings a version of the range."""
        return f"pip install '{self.name}{self.range}'"

    def admits(self, version: str) -> bool:
        """Whether a version is in the range; one that cannot be read is."""
        return admits(self.range, version)


def parsed(texts: Iterable[str]) -> tuple[Requirement, ...]:
    """The requirements in a distribution's metadata."""
    found = []
    for text in texts:
        if match := _REQUIREMENT.fullmatch(text):
            name, wanted, marker = match[1], match[2] or "", match[3] or ""
            extra = _EXTRA.search(marker)
            conditional = bool(_EXTRA.sub("", marker).strip(" ()").removesuffix("and").strip())
            ordered = sorted((part.strip() for part in wanted.split(",") if part.strip()), reverse=True)
            found.append(Requirement(name, ",".join(ordered), extra[1] if extra else "", conditional))
    return tuple(found)


def extras_there(requirements: Iterable[Requirement], installed: Callable[[str], str | None]) -> Mapping[str, bool]:
    """By extra, whether all that it asks for on every machine is installed."""
    found: dict[str, bool] = {}
    for one in requirements:
        if one.extra and not one.conditional:
            found[one.extra] = found.get(one.extra, True) and installed(one.name) is not None
    return found


def admits(range: str, version: str) -> bool:  # noqa: A002 - the field's word
    """Whether a version is in a range; what cannot be read forbids nothing."""
    key = _key(version)
    return key is None or all(_clause(part, key) for part in range.split(",") if part.strip())


def _clause(text: str, version: Key) -> bool:
    match = _CLAUSE.fullmatch(text)
    if match is None:
        return True
    operator, wanted = match[1], match[2]
    if operator in {"==", "!="} and wanted.endswith(".*"):
        prefix = _key(wanted.removesuffix(".*"))
        same = prefix is not None and _begins(version, prefix)
        return same if operator == "==" else not same
    bound = _key(wanted)
    if bound is None:
        return True
    match operator:
        case "==":
            return version == bound
        case "!=":
            return version != bound
        case ">=":
            return version >= bound
        case "<=":
            return version <= bound
        case ">":
            return version > bound
        case "<":
            # what comes before 3.0 is no 2.9 either
            return version < bound and version[0] != bound[0]
    return version >= bound and _begins(version, (_release(wanted)[:-1], True))


def _begins(version: Key, prefix: Key) -> bool:
    wanted = prefix[0]
    return (*version[0], *(0 for _ in wanted))[: len(wanted)] == wanted


def _key(version: str) -> Key | None:
    match = _VERSION.fullmatch(version.strip())
    if match is None:
        return None
    release = _release(version)
    while len(release) > 1 and release[-1] == 0:
        release = release[:-1]
    return release, _BEFORE.fullmatch(match[2].partition("+")[0]) is None


def _release(version: str) -> tuple[int, ...]:
    match = _VERSION.fullmatch(version.strip())
    return tuple(map(int, match[1].split("."))) if match else ()
