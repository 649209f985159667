"""`retrieves: {file: name, contains: text, min_score: n}`: a search found a passage of which all of this is true."""

from collections.abc import Mapping, Sequence

from asstctl.conversation.checks.check import Check, Undecided, no_map_of, no_text
from asstctl.conversation.checks.files import is_file, no_file
from asstctl.conversation.observed import Observed
from asstctl.conversation.shapes import SHARE, SOME_TEXT, map_of, means
from asstctl.core.conversation import FailureKind, Mismatch
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.core.thread import Need, Passage


def _no_score(value: Json) -> str | None:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return None if fine else "is not a number from 0 to 1"


def _says(value: Json) -> str:
    assert isinstance(value, Mapping)
    of = f" of {value['file']}" if "file" in value else ""
    parts = [f"contains {json_text(value['contains'])}"] if "contains" in value else []
    parts += [f"has a score of at least {json_text(value['min_score'])}"] if "min_score" in value else []
    return f"find a passage{of}{' that ' if parts else ''}{' and '.join(parts)}"


def _found(observed: Observed) -> tuple[str, str]:
    return "passages", _listed(observed.passages)


def _listed(passages: Sequence[Passage]) -> str:
    return ", ".join(f"{passage.file} ({passage.score:.2f})" for passage in passages) or "none"


def _words(text: str) -> str:
    return " ".join(text.split())


def _differences(observed: Observed, value: Json) -> tuple[Mismatch, ...]:
    assert isinstance(value, Mapping)
    file, least, text = value.get("file"), value.get("min_score", 0), value.get("contains")
    assert isinstance(least, int | float)
    fitting = [p for p in observed.passages if (file is None or is_file(str(file), p.file)) and p.score >= least]
    if text is not None and fitting:
        if not any(passage.text for passage in fitting):
            raise Undecided("the provider does not show the text of passages")
        fitting = [passage for passage in fitting if _words(str(text)) in _words(passage.text)]
    if fitting:
        return ()
    path, actual = _found(observed)
    return (Mismatch(path, _says(value).removeprefix("find "), actual),)


RETRIEVES = Check(
    name="retrieves",
    kind=FailureKind.RETRIEVAL,
    says=_says,
    refuses=no_map_of(file=no_file, contains=no_text, min_score=_no_score),
    takes=map_of(
        {
            "file": means("The file of the passage; `*` and `?` are allowed.", SOME_TEXT),
            "contains": means("What stands in the passage.", SOME_TEXT),
            "min_score": means("The least score of the passage.", SHARE),
        }
    ),
    needs=lambda value: frozenset({Need.STEPS}),
    differences=_differences,
    shown=_found,
    subject="a search",
)
