"""Escaping: no text from a file or a provider acts on a terminal, a reader or a CI log (ENGINE promise 9).

Characters that control, reorder or hide are shown as `\\x1b` or `\\u202e`. Joiners that scripts and emoji
need (U+200C, U+200D) and variation selectors stay. What a line break means is for callers: here it is `\\n`.
"""

import re

_ACTING = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # controls: C0, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi marks, embeddings, overrides, isolates
    "\u2028\u2029"  # line and paragraph separators
    "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # invisible
    "\U000e0000-\U000e0fff"  # tags and the selectors that can smuggle text
    "\ud800-\udfff"  # lone surrogates, which no stream can encode
    "]"
)
_ADDRESS = re.compile(r"https?://[\w.~:/?#@!$&*+,;=%-]{1,2000}", re.ASCII)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ANYWHERE = re.compile(r"#(?=#(?:vso)?\[)", re.IGNORECASE)


def visible(text: str) -> str:
    """The text with every acting character spelled out. Doing it twice changes nothing."""
    return text if text.isascii() and text.isprintable() else _ACTING.sub(_spelled, text)


def json_safe(document: str) -> str:
    """The same for a JSON document, in JSON's own escapes: its line breaks stay and its meaning is the same."""
    escaped = _ACTING.sub(lambda m: m.group() if m.group() == "\n" else _json_escape(m.group()), document)
    return _ANYWHERE.sub(r"\\u0023", escaped)


def defused(line: str) -> str:
    """A whole output line that no CI runner reads as a command.

    Runners look for `::` after leading blanks, and for `##[` and `##vso[` anywhere in a line.
    """
    if "::" in line:
        body = line.lstrip()
        line = line[: len(line) - len(body)] + ("\\" + body if body.startswith("::") else body)
    return _ANYWHERE.sub(r"#\\", line) if "##" in line else line


def is_address(text: str) -> bool:
    """Whether it is a web address that can be linked to: nothing in it ends a link or an attribute."""
    return _ADDRESS.fullmatch(text) is not None


def _spelled(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escape(character: str) -> str:
    code = ord(character)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
