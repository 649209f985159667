"""Models: which names are listed, and which cannot be used with the Assistants API.

Any other name is accepted: what a model is called is for the reply backend to know.
"""

import re
from dataclasses import dataclass
from typing import Any

from asstctl.emulator import refusals
from asstctl.emulator.shapes import Rules, Shape, Text

Json = Any

KNOWN = {
    "gpt-3.5-turbo": 1677610602,
    "gpt-4": 1687882411,
    "gpt-4-turbo": 1712361441,
    "gpt-4o": 1715367049,
    "gpt-4o-mini": 1721172741,
    "o1": 1734375816,
    "o3-mini": 1737146383,
    "gpt-4.1": 1744316542,
    "gpt-4.1-mini": 1744318173,
    "gpt-4.1-nano": 1744321025,
    "gpt-5": 1754425777,
    "gpt-5-mini": 1754425928,
    "gpt-5-nano": 1754426384,
    "gpt-5.1": 1762992000,
    "gpt-5.2": 1765411200,
    "gpt-5.4-mini": 1773705600,
    "gpt-5.5": 1776902400,
}
"""Names that work with the Assistants API, and when they were made."""

FINE_TUNED = "ft:"

_UNUSABLE = re.compile(
    r"text-(?:embedding|moderation|similarity|search)-.+"
    r"|omni-moderation-.+"
    r"|(?:tts|whisper|dall-e|sora|gpt-image|chatgpt-image|gpt-realtime|gpt-audio)-.+"
    r"|gpt-4o.*-(?:audio|realtime|search|transcribe|tts).*"
    r"|gpt-3\.5-turbo-instruct.*"
    r"|(?:babbage|davinci)-002"
)


@dataclass(frozen=True, slots=True)
class Model(Shape):
    expected = "a string"

    def read(self, value: Json, path: str, rules: Rules) -> str:
        name = Text().read(value, path, rules)
        if not name and not rules.lenient:
            raise refusals.empty_string(path)
        if _UNUSABLE.fullmatch(name) and not rules.lenient:
            raise refusals.unsupported_model(name)
        return name


def shown(name: str, created: int) -> dict[str, Json]:
    owner = "system" if name in KNOWN else "user"
    return {"id": name, "object": "model", "created": created, "owned_by": owner}
