"""What the file of a tape is called: safe on every file system, and one name for one playing. Pure."""

import hashlib
import re
import unicodedata

SUFFIX = ".tape.jsonl"
FOLDER = "tapes"
"""Beside the conversation file."""

_UNSAFE = re.compile(r"[^\w.,=+@\[\]-]+")
_LONGEST = 80
"""Bytes of each part of a name."""


def tape_name(stem: str, id: str, repeat: int) -> str:
    """The file of one playing; `stem` is the conversation file's name without its ending."""
    return f"{prefix(stem, id)}{repeat}{SUFFIX}"


def prefix(stem: str, id: str = "") -> str:
    """What the names of all tapes of a file begin with, or of one conversation."""
    return f"{_safe(stem)}--" + (f"{_safe(id)}--" if id else "")


def _safe(text: str) -> str:
    """A text as a part of a name. One that had to be changed, or that only its case tells from another, ends with its
    digest: two conversations never share a tape."""
    text = unicodedata.normalize("NFC", text)
    safe = _UNSAFE.sub("_", text).encode()[:_LONGEST].decode(errors="ignore").lstrip(".-") or "_"
    if safe == text and text == text.lower() and "--" not in text:
        return text
    return f"{safe}~{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:8]}"
