"""The JSON body of an answer, as a value that the rest of the program can hold, walk and write again."""

from typing import Any

from asstctl.core.json_text import read_sound_json


def json_value(content: bytes) -> Any:
    """The value; None for what is not JSON or cannot be held."""
    try:
        return read_sound_json(content)
    except ValueError:
        return None
