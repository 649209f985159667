"""Values to YAML text: what is new in a document, in the style of what stands around it.

The one owner of ruamel.yaml, which writes texts of several lines as blocks where PyYAML would quote them. What is
read back is for `documents.yaml`; whoever writes with this module holds the result against what was meant.
"""

import io
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from asstctl.core.json_text import plain as as_plain
from asstctl.core.json_types import Json
from asstctl.documents.yaml import is_text

_WIDTH = 2**30
STEP = 2
"""Columns by which a level is indented in what this module writes."""

_ELSEWHERE = re.compile(
    r"y|n|yes|no|on|off|[-+]?[0-9][0-9_,.:]*|[-+]?\.?(?:inf|nan)|0[box][0-9a-f_]+"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|[-+]?[0-9._]+e[-+]?[0-9]+|=|<<",
    re.IGNORECASE,
)
"""What older readers of YAML take for something else than text."""

_PLAIN_START = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`]|-(?=[^\s,\[\]{}-])")
_AS_IT_IS = r"\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
"""Characters that can stand for themselves, and end no line. Those that reorder what a reader of the file sees are
written as escapes, for which only double quotes have a form."""

_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")

_NOT_PLAIN = re.compile(rf":(?=\s|$)|\s#|[^{_AS_IT_IS}]")
_NOT_IN_BLOCK = re.compile(rf"[^\t\n{_AS_IT_IS}]")
_SINGLE = re.compile(rf"[{_AS_IT_IS}]*")
_SURROGATE = re.compile("[\ud800-\udfff]")


def has_form(value: Json) -> bool:
    """Whether any YAML text can stand for a value: half a surrogate pair has no form in UTF-8."""
    if isinstance(value, str):
        return not _SURROGATE.search(value)
    if isinstance(value, Mapping):
        return all(has_form(key) and has_form(item) for key, item in value.items())
    return not isinstance(value, Sequence) or all(has_form(item) for item in value)


def json_form(value: Json) -> str:
    """On one line, as JSON."""
    return _escaped(json.dumps(value, ensure_ascii=False, default=as_plain))


def is_plain(text: str, *, flow: bool = False) -> bool:
    """Whether a text needs no quotes, for this program's reader and for others."""
    if not text or text != text.strip() or not _PLAIN_START.match(text) or _NOT_PLAIN.search(text):
        return False
    if text.startswith(("---", "...")) or not is_text(text) or _ELSEWHERE.fullmatch(text):
        return False
    return not (flow and set(text) & set(",[]{}:"))


def inline(value: Json, *, flow: bool = False, like: str = "") -> str:
    """On one line; `like` is the style of the scalar that it replaces: none, `'` or `"`."""
    if isinstance(value, str):
        if like in {"", "|", ">"} and is_plain(value, flow=flow):
            return value
        if (like == "'" or (not like and _reads_better_single(value))) and _SINGLE.fullmatch(value):
            return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    styled = _styled(value, blocks=False, quoted=like == '"')
    # a map of one pair would lose its braces in a list; a bare scalar would be followed by the mark of an end
    if isinstance(value, Mapping):
        return _dumped(styled)
    written = _dumped([styled], flow=True)[1:-1]
    return written.replace("[ ", "[", 1) if written.startswith("[ ") else written  # a list that begins with a map


def block(value: Json, list_offset: int = STEP) -> tuple[str, ...]:
    """A collection line by line, its first line at column 0."""
    text = _dumped({"k": _styled(value, blocks=True)}, list_offset=list_offset)
    _, *lines = text.split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip(" "))
    return tuple(line[indent:] for line in lines)


def literal(text: str) -> tuple[str, tuple[str, ...]] | None:
    """The indicator (`|-`) and the lines of a text of several lines, to be indented by STEP below their parent.

    None where it has no such form.
    """
    if "\n" not in text.rstrip("\n") and not (text.endswith("\n") and text.strip("\n")):
        return None
    if _NOT_IN_BLOCK.search(text):
        return None
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    lines = body.split("\n")
    explicit = str(STEP) if not lines[0] or lines[0][0] in " \t" else ""
    return f"|{explicit}{('-', '', '+')[min(ends, 2)]}", (*lines, *("" for _ in range(max(0, ends - 1))))


def whole(value: Json) -> str:
    """A document of its own, with a newline at its end."""
    return "\n".join(block(value)) + "\n"


def _reads_better_single(text: str) -> bool:
    """Whether double quotes would need escapes that single ones do not."""
    return ('"' in text or "\\" in text) and "'" not in text and bool(_SINGLE.fullmatch(text))


def _styled(value: Json, *, blocks: bool, quoted: bool = False) -> Any:
    """The value with each text in the clothes that it is to be written in."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString, SingleQuotedScalarString

    if isinstance(value, str):
        written = literal(value) if blocks else None
        if written and written[0] in {"|", "|-", "|+"}:
            return LiteralScalarString(value)
        if is_plain(value, flow=not blocks) and not quoted:
            return value
        is_single = _reads_better_single(value) and not quoted
        return SingleQuotedScalarString(value) if is_single else DoubleQuotedScalarString(value)
    if isinstance(value, Mapping):
        made: Any = CommentedMap(
            (_styled(key, blocks=False), _styled(item, blocks=blocks)) for key, item in value.items()
        )
    elif isinstance(value, Sequence):
        made = CommentedSeq(_styled(item, blocks=blocks) for item in value)
    else:
        return value
    # an empty list below a key and a list of plain words read better on one line
    if not blocks or not value:
        made.fa.set_flow_style()
    return made


@lru_cache(maxsize=8)
def _yaml(flow: bool, list_offset: int) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import RoundTripRepresenter

    class Representer(RoundTripRepresenter):
        """Writes `null`, which nobody takes for a value that was forgotten."""

    Representer.add_representer(type(None), lambda made, _: made.represent_scalar("tag:yaml.org,2002:null", "null"))
    made = YAML()
    made.Representer = Representer
    made.width = _WIDTH
    made.allow_unicode = True
    made.default_flow_style = flow
    made.indent(mapping=STEP, sequence=STEP + list_offset, offset=list_offset)
    return made


def _dumped(value: Any, *, flow: bool = False, list_offset: int = STEP) -> str:
    from ruamel.yaml.comments import CommentedSeq

    if flow:
        value = CommentedSeq(value)
        value.fa.set_flow_style()
    stream = io.StringIO()
    _yaml(flow, list_offset).dump(value, stream)
    return _escaped(stream.getvalue().removesuffix("\n"))


def _escaped(written: str) -> str:
    """What stands in double quotes, with escapes for characters that reorder; nothing else holds any."""
    return _REORDERING.sub(lambda found: f"\\u{ord(found.group()):04X}", written)
