"""The JSON body of an answer, as a value that the rest of the program can hold, walk and write again.

JSON lets through what few programs can carry. `core.json_text` refuses most of it; halves of surrogate pairs
(a name that somebody cut within an emoji) are replaced here, because an honest server may well send them.
"""

import json
from typing import Any

from asstctl.core.json_text import json_text, read_json


def json_value(content: bytes) -> Any:
    """The value; None for what is not JSON or cannot be held."""
    try:
        value = read_json(content)
    except ValueError:
        return None
    return _encodable(value) if b"\\u" in content else value


def _encodable(value: Any) -> Any:
    text = json_text(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode(errors="replace"))
    return value
