"""What values of judged operators have in common: a text, or a map with that text and how it is to be judged."""

from collections.abc import Callable, Mapping

from asstctl.conversation.checks.check import no_map_of, no_text
from asstctl.conversation.shapes import SHARE, SOME_TEXT, Shape, map_of, means
from asstctl.core.json_types import Json

DEFAULT_JUDGE = "default"

Refuses = Callable[[Json], str | None]


def no_judged(text: str, **options: Refuses) -> Refuses:
    """Refuses what is neither a text nor a map whose key `text` holds one, with any of these options."""
    no_map = no_map_of(**{text: no_text, "judge": no_name, "min": no_share, **options})

    def refuses(value: Json) -> str | None:
        if isinstance(value, str):
            return no_text(value)
        if not isinstance(value, Mapping):
            return f"takes a text, or a map with `{text}`"
        return no_map(value) or (None if text in value else f"has no `{text}`")

    return refuses


def judged_shape(text: str, said: str, least: str, **options: Shape) -> Shape:
    """What such a value looks like; `said` is what the text means, `least` what `min` is the least of."""
    keys = {
        text: means(said, SOME_TEXT),
        "judge": means("The judge, by its name in the project file.", SOME_TEXT),
        "min": means(least, SHARE),
        **options,
    }
    return {"if": {"type": "object"}, "then": map_of(keys, required=(text,)), "else": SOME_TEXT}


def no_name(value: Json) -> str | None:
    """Refuses what names no judge."""
    return None if isinstance(value, str) and value else "is no judge's name"


def no_share(value: Json) -> str | None:
    """Refuses what is not from 0 to 1."""
    fine = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return None if fine else "is no number from 0 to 1"
