"""The reply as JSON, for the checks that look inside it."""

import re

from asstctl.conversation.observed import Observed
from asstctl.core.json_text import read_sound_json
from asstctl.core.json_types import Json

_FENCE = re.compile(r"^[ \t]*```[^\n`]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)


class NotJson(Exception):
    """The reply is none, and holds none between code fences."""


def reply_json(observed: Observed) -> Json:
    """The reply's value; else that of the first object or list between code fences. Raises NotJson."""
    try:
        value: Json = read_sound_json(observed.reply)
    except ValueError:
        pass
    else:
        return value
    for fenced in _FENCE.finditer(observed.reply):
        try:
            value = read_sound_json(fenced.group(1))
        except ValueError:
            continue
        if isinstance(value, dict | list):
            return value
    raise NotJson
