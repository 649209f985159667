"""`cites: file` or a list: the reply cites every one of them."""

from asstctl.conversation.checks.check import REPLY, Check
from asstctl.conversation.checks.files import is_file, no_file
from asstctl.conversation.observed import Observed
from asstctl.conversation.shapes import SOME_TEXT
from asstctl.core.conversation import FailureKind, Mismatch
from asstctl.core.json_types import Json


def _cited(observed: Observed) -> tuple[str, str]:
    return "citations", ", ".join(dict.fromkeys(citation.file for citation in observed.citations)) or "none"


def _differences(observed: Observed, value: Json) -> tuple[Mismatch, ...]:
    if any(is_file(str(value), citation.file) for citation in observed.citations):
        return ()
    path, actual = _cited(observed)
    return (Mismatch(path, str(value), actual),)


CITES = Check(
    name="cites",
    kind=FailureKind.RETRIEVAL,
    says=lambda value: f"cite {value}",
    refuses=no_file,
    takes=SOME_TEXT,
    each=True,
    differences=_differences,
    shown=_cited,
    subject=REPLY,
)
