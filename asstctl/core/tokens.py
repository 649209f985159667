"""Tokens: about how many a text takes, by rules of thumb and without a vocabulary.

An estimate, never a count. The weights were fitted to o200k_base, the vocabulary of OpenAI's models since GPT-4o: on
prose, Chinese, code and JSON it is within a quarter of the count there, and on short texts within three tokens. Other
vocabularies differ by more: cl100k_base takes a third more for the same Chinese, and what a server adds around a
prompt is counted by nobody here.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json

_PIECE = re.compile(
    r"(?P<han>[\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)"
    r"|(?P<kana>[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]+)"
    r"|(?P<hangul>[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]+)"
    r"|(?P<capitals>[A-Z]{2,}(?![a-z]))"
    r"|(?P<word>[_.(/-]?[A-Z]?[a-z]+|[A-Z])"
    r"|(?P<digits>[0-9]{1,3}|[ ](?=[0-9]))"
    r"|(?P<lines>[ \t\r]*\n\s*)"
    r"|(?P<blanks>[^\S\n]+)"
    r"|(?P<signs>[!-/:-@\[-`{-~]+)"
    r"|(?P<letters>[^\W\d_]+)"
    r"|(?P<picture>[\U0001f000-\U0001faff])"
    r"|(?P<other>.)",
    re.DOTALL,
)
"""Every character of a text is in one piece: a word with the sign before it, up to three digits, a run of signs."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Estimates for one assistant: its instructions, its tools, and all that goes before a conversation."""

    instructions: int
    tools: int
    prompt: int


def estimate(text: str) -> int:
    """About how many tokens a text takes."""
    # what is left over by adding tenths must not make one token more
    return math.ceil(sum(_weight(match.lastgroup or "", len(match.group())) for match in _PIECE.finditer(text)) - 1e-6)


def estimate_prompt(fields: Mapping[str, Json]) -> Tokens:
    """The same of an assistant's fields: what a model is given before anybody says a word. Tools and the format of a
    reply are taken as the JSON that they are sent in."""
    instructions, tools, form = fields.get("instructions"), fields.get("tools"), fields.get("response_format")
    said = estimate(instructions) if isinstance(instructions, str) else 0
    listed = tools if isinstance(tools, Sequence) and not isinstance(tools, str) else ()
    given = sum(estimate(json_text(tool)) for tool in listed)
    asked = estimate(json_text(form)) if isinstance(form, Mapping) else 0
    return Tokens(said, given, said + given + asked)


def _weight(kind: str, length: int) -> float:
    match kind:
        case "han":
            return 0.72 * length
        case "kana" | "hangul":
            return 0.64 * length
        case "word":
            return 1 + 0.1 * max(0, length - 7)
        case "capitals":
            return max(1.0, length / 3.5)
        case "lines":
            return 0.5
        case "blanks":
            return 0 if length == 1 else 1
        case "signs":
            return max(1.0, length / 2.5)
        case "letters":
            return max(1.0, length / 3.5)
        case "picture":
            return 1.7
    return 1
