"""Manifest files to manifests: each document read, and its identity (kind and key) settled.

The contents are not looked at yet. A file that cannot be read hides nothing of the others; what it might
have declared is remembered as text, so that nobody is told that it does not exist.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from asstctl.core.address import KEY, Address
from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors
from asstctl.core.suggest import did_you_mean
from asstctl.documents.front_matter import split, unclosed
from asstctl.documents.source import Source, read_text
from asstctl.documents.yaml import Document, parse_yaml
from asstctl.kinds import KINDS as LIVE_KINDS
from asstctl.manifest.kind import Kind
from asstctl.manifest.layers import Layer

_KIND_LINE = re.compile(r"^kind[ \t]*:", re.MULTILINE)


class Verbatim(str):
    """A text that is never rendered: the body of a Markdown file."""

    __slots__ = ()


@dataclass(frozen=True)
class Manifest:
    """One document with an identity."""

    address: Address
    body: Layer

    @property
    def where(self) -> Where:
        return self.body.where(())


@dataclass(frozen=True)
class Manifests:
    """All manifests, sorted by address; of two with one address the first in the order of files counts.

    `changes` are documents of a kind that declares nothing, in the order of files. `files` counts the files that
    were read as manifests, `unreadable` are texts that could not be.
    """

    every: tuple[Manifest, ...]
    changes: tuple[Layer, ...]
    files: int
    unreadable: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]

    def of_kind(self, kind: str) -> list[Manifest]:
        return [manifest for manifest in self.every if manifest.address.kind == kind]

    @cached_property
    def _keys(self) -> Mapping[str, Mapping[str, Address]]:
        keys: dict[str, dict[str, Address]] = {}
        for manifest in self.every:
            keys.setdefault(manifest.address.kind, {}).setdefault(manifest.address.key, manifest.address)
        return keys

    def keys_of(self, kind: str) -> Mapping[str, Address]:
        """The addresses of one kind, by their keys."""
        return self._keys.get(kind, {})

    def may_hold(self, key: str) -> bool:
        """Whether a part of the files that could not be read names this key."""
        return any(re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", text) for text in self.unreadable)


def read_manifests(root: Path, files: Sequence[str], kinds: Mapping[str, Kind]) -> Manifests:
    """Every manifest in these files, which may be of these kinds."""
    reader = _Reader(root, kinds)
    for file in files:
        reader.read(file)
    reader.check_addresses()
    every = tuple(sorted(reader.found, key=lambda manifest: manifest.address))
    return Manifests(every, tuple(reader.changes), reader.files, tuple(reader.unreadable), tuple(reader.diagnostics))


class _Reader:
    def __init__(self, root: Path, kinds: Mapping[str, Kind]) -> None:
        self.root = root
        self.kinds = kinds
        self.files = 0
        self.found: list[Manifest] = []
        self.changes: list[Layer] = []
        self.unreadable: list[str] = []
        self.diagnostics: list[Diagnostic] = []

    def read(self, file: str) -> None:
        text = read_text(self.root / file, file)
        if isinstance(text, Diagnostic):
            # Without its text there is only its name to go by; notes in Markdown need not be readable.
            if not file.endswith(".md"):
                self.files += 1
                self.unreadable.append(PurePosixPath(file).stem)
                self.diagnostics.append(text)
            return
        if file.endswith(".md"):
            self.markdown(file, text)
            return
        self.files += 1
        documents, diagnostics = parse_yaml(text, file)
        self.diagnostics += diagnostics
        if has_errors(d for d in diagnostics if d.code != "duplicate-key"):
            self.unreadable.append(f"{PurePosixPath(file).stem}\n{text}")
        for document in documents:
            if document.value is not None:
                self.manifest(document, file, {})

    def markdown(self, file: str, text: str) -> None:
        """Only front matter with `kind` makes a Markdown file a manifest."""
        parts = split(text, file)
        head = unclosed(text)
        if head is not None and _KIND_LINE.search(head):
            self.files += 1
            self.unreadable.append(f"{PurePosixPath(file).stem}\n{head}")
            where, hint = Source(file, text).at(0, 3), "write a line `---` behind the last key"
            self.diagnostics.append(error("open-front-matter", "the front matter is not closed", where, hint=hint))
        if parts is None or not _KIND_LINE.search(parts.head):
            return
        self.files += 1
        self.diagnostics += parts.diagnostics
        if parts.document is None:
            self.unreadable.append(f"{PurePosixPath(file).stem}\n{parts.head}")
            return
        document = parts.document
        body = {} if not parts.body else {"instructions": Verbatim(parts.body)}
        if body and isinstance(document.value, Mapping) and "instructions" in document.value:
            summary = "the instructions are given twice: in the front matter and as the text below it"
            place = document.where(("instructions",), key=True)
            self.diagnostics.append(error("two-instructions", summary, place, hint="keep one of them"))
            body = {}
        self.manifest(document, file, body, {("instructions",): parts.body_where} if body else {})

    def manifest(
        self,
        document: Document,
        file: str,
        more: Mapping[str, str],
        extra: Mapping[tuple[str | int, ...], Where] | None = None,
    ) -> None:
        value = document.value
        if not isinstance(value, Mapping):
            summary, hint = "a manifest must be a map", "begin with `kind: assistant`"
            self.diagnostics.append(error("wrong-type", summary, document.where(), hint=hint))
            return
        kind = self.kind(document, value)
        if kind is None:
            return
        layer = Layer({**value, **more}, document, (self.root / file).parent, extra=extra or {})
        if not kind.has_key:
            self.changes.append(layer)
        elif (address := self.address(kind.name, document, value, file)) is not None:
            self.found.append(Manifest(address, layer))

    def kind(self, document: Document, value: Mapping[str, object]) -> Kind | None:
        kind = value.get("kind")
        if kind is None:
            *others, last = self.kinds
            choice = f"{', '.join(others)} or {last}"
            hint = f"add `kind:` ({choice}), or keep the file out of `manifests`"
            self.diagnostics.append(error("missing-key", "a manifest has no `kind`", document.where(), hint=hint))
        elif not isinstance(kind, str) or kind not in self.kinds:
            where, hint = document.where(("kind",)), did_you_mean(str(kind), self.kinds)
            self.diagnostics.append(error("unknown-kind", f"there is no kind `{kind}`", where, hint=hint))
        else:
            return self.kinds[kind]
        return None

    def address(self, kind: str, document: Document, value: Mapping[str, object], file: str) -> Address | None:
        key = value.get("key")
        where = document.where(("key",)) if "key" in value else document.where()
        if key is None:
            key = PurePosixPath(file).stem
        if not isinstance(key, str) or not KEY.fullmatch(key):
            source = "" if "key" in value else " (from the file's name)"
            hint = "use up to 64 lower-case letters, digits, `-` and `_`"
            self.diagnostics.append(error("bad-name", f"`{key}`{source} cannot be a key", where, hint=hint))
            return None
        return Address(kind, key)

    def check_addresses(self) -> None:
        """Each address may be declared once; the first in the order of files keeps it."""
        first: dict[Address, Manifest] = {}
        for manifest in self.found:
            other = first.setdefault(manifest.address, manifest)
            if other is not manifest:
                place = manifest.body.where(("key",), key=True)
                summary = f"`{manifest.address}` is declared twice"
                hint = f"it is first declared at {other.where}; change one `key`"
                self.diagnostics.append(error("duplicate-address", summary, place, hint=hint))
        self.diagnostics += _same_environment_names(first.values())


def _same_environment_names(manifests: Iterable[Manifest]) -> list[Diagnostic]:
    """`list --ids` gives applications ASSTCTL_KEY_ID; two keys must not give one name."""
    seen: dict[str, Manifest] = {}
    diagnostics = []
    for manifest in manifests:
        if manifest.address.kind not in LIVE_KINDS:
            continue
        name = manifest.address.id_variable
        other = seen.setdefault(name, manifest)
        if other is not manifest:
            pair: tuple[object, object] = (manifest.address, other.address)
            if manifest.address.kind == other.address.kind:
                pair = (manifest.address.key, other.address.key)
            summary = f"`{pair[0]}` and `{pair[1]}` both give `{name}`"
            place = manifest.body.where(("key",), key=True)
            hint = f"the other one is at {other.where}; change one `key`"
            diagnostics.append(error("same-env-name", summary, place, hint=hint))
    return diagnostics
