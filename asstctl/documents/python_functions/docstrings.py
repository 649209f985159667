"""Docstrings: what is said of a function and of each of its parameters, in the styles of Google, NumPy and Sphinx."""

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_SECTION = re.compile(
    r"(args|arguments|parameters|params|keyword args|keyword arguments|other parameters|attributes"
    r"|returns?|yields?|raises|examples?|notes?|see also|warns?|warnings?|references|todo|usage)",
    re.IGNORECASE,
)
_OF_PARAMETERS = frozenset(
    ("args", "arguments", "parameters", "params", "keyword args", "keyword arguments", "other parameters", "attributes")
)
_GOOGLE = re.compile(r"\*{0,2}(?P<name>\w+)\s*(?:\((?P<type>.*?)\))?\s*:(?:\s+(?P<text>.*))?$")
_NUMPY = re.compile(r"\*{0,2}(?P<names>\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::\s*(?P<type>.*))?$")
_SPHINX = re.compile(r":(?P<field>\w+)(?:\s+(?P<rest>[^:]*))?:\s*(?P<text>.*)$")
_SPHINX_PARAMETER = frozenset(("param", "parameter", "arg", "argument", "key", "keyword", "var", "ivar", "cvar"))
_RULE = re.compile(r"[-=~]{3,}")
_OPTIONAL = re.compile(r"\s*,\s*(?:optional|default\b.*|required)\s*$", re.IGNORECASE)


@dataclass
class Docstring:
    """What a docstring says: of the whole, of each name, and which type it gives to it."""

    text: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)


def read_docstring(text: str | None) -> Docstring:
    """The parts of a docstring, whichever style it has."""
    lines = inspect.cleandoc(text or "").splitlines()
    found = Docstring()
    said: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        if match := _SPHINX.match(line):
            number = _sphinx(match, lines, number, found)
        elif (name := _section(lines, number)) is not None:
            underlined = not line.rstrip().endswith(":")
            start = number + (2 if underlined else 1)
            number = _end_of(lines, start, underlined=underlined)
            if name in _OF_PARAMETERS:
                (_numpy if underlined else _google)(lines[start:number], found)
        else:
            said.append(line)
            number += 1
    found.text = flowing(said)
    return found


def flowing(lines: Sequence[str]) -> str:
    """Lines as paragraphs; what is indented or a list keeps its lines."""
    text, open_paragraph = "", False
    for line in lines:
        plain = line.strip()
        stands_alone = line[:1] in {" ", "\t"} or bool(re.match(r"[-*+>|]\s|\d+[.)]\s", plain))
        if plain and open_paragraph and not stands_alone:
            text += " " + plain
        else:
            text += ("\n" if text else "") + (line.rstrip() if stands_alone else plain)
        open_paragraph = bool(plain)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _section(lines: Sequence[str], number: int) -> str | None:
    """The name of the section that begins here."""
    line = lines[number]
    if line[:1].isspace():
        return None
    below = lines[number + 1] if number + 1 < len(lines) else ""
    name = line.strip().removesuffix(":").strip()
    if not _SECTION.fullmatch(name):
        return None
    is_google = line.rstrip().endswith(":") and (not below.strip() or below[:1].isspace())
    return name.lower() if is_google or _RULE.fullmatch(below.strip()) else None


def _end_of(lines: Sequence[str], start: int, *, underlined: bool) -> int:
    """Where a section ends: at the next one, or, where its lines are indented, at one that is not."""
    for number in range(start, len(lines)):
        line = lines[number]
        if _section(lines, number) is not None or _SPHINX.match(line):
            return number
        if not underlined and line.strip() and not line[:1].isspace():
            return number
    return len(lines)


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The lines that are not indented, each with those below it that are."""
    plain = inspect.cleandoc("\n".join(["", *lines])).splitlines()
    head: str | None = None
    below: list[str] = []
    for line in plain:
        if line.strip() and not line[:1].isspace():
            if head is not None:
                yield head, below
            head, below = line, []
        else:
            below.append(line)
    if head is not None:
        yield head, below


def _note(found: Docstring, name: str, text: str, kind: str | None) -> None:
    if text:
        found.parameters[name] = text
    if kind and (plain := _OPTIONAL.sub("", kind).strip()) and plain != "optional":
        found.types[name] = plain


def _google(lines: Sequence[str], found: Docstring) -> None:
    for head, below in _blocks(lines):
        if match := _GOOGLE.match(head):
            text = flowing([match["text"] or "", *_dedented(below)])
            _note(found, match["name"], text, match["type"])


def _numpy(lines: Sequence[str], found: Docstring) -> None:
    for head, below in _blocks(lines):
        if match := _NUMPY.match(head):
            for name in match["names"].split(","):
                _note(found, name.strip().lstrip("*"), flowing(_dedented(below)), match["type"])


def _sphinx(match: re.Match[str], lines: Sequence[str], number: int, found: Docstring) -> int:
    """One field; gives the number of the line behind it."""
    end = number + 1
    while end < len(lines) and lines[end].strip() and lines[end][:1].isspace():
        end += 1
    text = flowing([match["text"], *_dedented(lines[number + 1 : end])])
    words = (match["rest"] or "").split()
    if words and match["field"] in _SPHINX_PARAMETER:
        _note(found, words[-1].lstrip("*\\"), text, " ".join(words[:-1]))
    elif words and match["field"] in {"type", "vartype"}:
        _note(found, words[-1].lstrip("*\\"), "", text)
    return end


def _dedented(lines: Sequence[str]) -> list[str]:
    return inspect.cleandoc("\n".join(["", *lines])).splitlines()
