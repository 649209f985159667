"""Mark: our ownership note, three metadata keys on the object itself (ENGINE section 1).

`asstctl_base` is `1;FLAGS;n=NONCE;r=GITREV;FIELDS;cf=FILES`; `n`, `r` and `cf` are left out when there is
nothing to say. This module alone knows the text and the names of the keys: it writes and reads them and judges
whether a mark is sound. What follows from one, and which digests the next one holds, is for the engine.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from asstctl.core.address import CANDIDATE, KEY, Address
from asstctl.core.json_types import EMPTY

PREFIX = "asstctl_"
"""What the names of our pairs begin with. A user's may not: `without_mark` would take them for ours."""

PROJECT, KEY_NAME, BASE = f"{PREFIX}project", f"{PREFIX}key", f"{PREFIX}base"
PAIRS = 3
"""How many of an object's metadata pairs the mark takes."""

VERSION = "1"
MAX_CHARS = 512
NONCE_LENGTH = 8

_NONCE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_NONCE = re.compile(r"[A-Za-z0-9]{8}")
_REVISION = re.compile(r"[0-9a-f]{7}")
_FIELD = re.compile(r"[A-Za-z0-9]{2}(?:[A-Za-z0-9_-]{16}|[A-Za-z0-9_-]{8})")
_FILES = re.compile(r"(?:[A-Za-z0-9_-]{8})+")
_TEXT = re.compile(
    rf"{VERSION};(?P<protect>p?)(?:;n=(?P<nonce>{_NONCE.pattern}))?(?:;r=(?P<revision>{_REVISION.pattern}))?"
    rf";(?P<fields>(?:{_FIELD.pattern}(?:,{_FIELD.pattern})*)?)(?:;cf=(?P<files>{_FILES.pattern}))?"
)
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_CANDIDATE = re.compile(rf"{KEY.pattern}\.{KEY.pattern}{CANDIDATE}(.+)")


@dataclass(frozen=True, slots=True)
class Mark:
    """What the mark says. `fields` maps a field's code to its digest: 8 characters, or 16 where the
    provider rewrote the value (request half, then response half). Raises ValueError for parts that would
    make a mark that nobody can read back."""

    project: str
    address: Address
    protect: bool = False
    nonce: str = ""
    revision: str = ""
    fields: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    files: str = ""

    def __post_init__(self) -> None:
        sound = (
            (not self.nonce or _NONCE.fullmatch(self.nonce))
            and (not self.revision or _REVISION.fullmatch(self.revision))
            and (not self.files or _FILES.fullmatch(self.files))
            and all(_FIELD.fullmatch(code + digest) for code, digest in self.fields.items())
        )
        if not sound:
            raise ValueError(f"not a mark: {self._text()}")

    def metadata(self) -> dict[str, str]:
        """The three pairs to send. Raises MarkTooLong; the git revision is dropped first, nothing is truncated."""
        base = self._text()
        if len(base) > MAX_CHARS:
            base = replace(self, revision="")._text()
        pairs = {PROJECT: self.project, KEY_NAME: str(self.address), BASE: base}
        if too_long := [key for key, value in pairs.items() if len(value) > MAX_CHARS]:
            raise MarkTooLong(too_long[0], len(pairs[too_long[0]]))
        return pairs

    def _text(self) -> str:
        parts = [VERSION, "p" if self.protect else ""]
        if self.nonce:
            parts.append(f"n={self.nonce}")
        if self.revision:
            parts.append(f"r={self.revision}")
        parts.append(",".join(code + digest for code, digest in sorted(self.fields.items())))
        if self.files:
            parts.append(f"cf={self.files}")
        return ";".join(parts)


def next_mark(
    previous: Mark, address: Address, *, protect: bool, fields: Mapping[str, str], files: str, revision: str | None
) -> Mark:
    """The mark after the next write, made of the one before it (of a bare one for a create).

    Whatever is not named here stays as it was: the project, and the nonce, which is the create's.
    """
    return Mark(previous.project, address, protect, previous.nonce, revision or "", fields, files)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A mark that cannot be read, or (`newer`) one that a later version of this program wrote.

    It is never treated as absent. `project` and `address` are there as far as they can be read.
    """

    reason: str
    project: str | None = None
    address: Address | None = None
    newer: bool = False


class MarkTooLong(ValueError):
    """More fields are declared than a mark can hold."""

    def __init__(self, key: str, length: int) -> None:
        super().__init__(f"{key} would be {length} characters long and {MAX_CHARS} are allowed")


def draw_nonce() -> str:
    """Eight random characters, drawn once per create, by which a lost answer's object is found again."""
    return "".join(secrets.choice(_NONCE_ALPHABET) for _ in range(NONCE_LENGTH))


def is_ours(key: str) -> bool:
    """Whether a metadata key belongs to the mark."""
    return key.startswith(PREFIX)


def without_mark(metadata: Mapping[str, str]) -> dict[str, str]:
    """The user's own pairs."""
    return {key: value for key, value in metadata.items() if not is_ours(key)}


def only_mark(metadata: Mapping[str, str]) -> dict[str, str]:
    """Our pairs."""
    return {key: value for key, value in metadata.items() if is_ours(key)}


def is_candidate(metadata: Mapping[str, str]) -> bool:
    """Whether the object is a short-lived copy under test (`guagua~RUN`), which plans do not look at."""
    return candidate_run(metadata) is not None


def candidate_run(metadata: Mapping[str, str]) -> str | None:
    """The run of tests that made the copy; None for an object that is none."""
    found = _CANDIDATE.fullmatch(metadata.get(KEY_NAME) or "")
    return found[1] if found else None


def read_mark(metadata: Mapping[str, str]) -> Mark | Damaged | None:
    """The mark in a live object's metadata; None where there is no trace of one."""
    project, key, base = (metadata.get(name) for name in (PROJECT, KEY_NAME, BASE))
    if project is None and key is None and base is None:
        return None
    try:
        address = Address.parse(key or "")
    except ValueError:
        address = None
    missing = [name for name, value in ((PROJECT, project), (KEY_NAME, key), (BASE, base)) if not value]
    if missing:
        return Damaged(f"{' and '.join(missing)} missing", project or None, address)
    if address is None:
        return Damaged(f"{KEY_NAME} is {key!r}, which is no address", project)
    assert project is not None
    assert base is not None
    version = base.partition(";")[0]
    if version != VERSION:
        newer = bool(_NUMBER.fullmatch(version)) and int(version) > int(VERSION)
        return Damaged(f"{BASE} has version {version!r}, this program writes {VERSION}", project, address, newer)
    parsed = _parse(base, project, address)
    return parsed or Damaged(f"{BASE} cannot be read", project, address)


def _parse(base: str, project: str, address: Address) -> Mark | None:
    match = _TEXT.fullmatch(base)
    if match is None:
        return None
    items = match["fields"].split(",") if match["fields"] else []
    fields = {item[:2]: item[2:] for item in items}
    if len(fields) < len(items):
        return None
    return Mark(
        project,
        address,
        protect=bool(match["protect"]),
        nonce=match["nonce"] or "",
        revision=match["revision"] or "",
        fields=fields,
        files=match["files"] or "",
    )
