"""The stubs of a talk that no file describes: those of setup files alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from asstctl.conversation.reading.filling import MATRIX, Filler, Withheld
from asstctl.conversation.reading.shared_stubs import Functions, StubLoader
from asstctl.conversation.stubs.rules import Rules
from asstctl.core.diagnostic import Diagnostic, in_reading_order
from asstctl.core.json_types import EMPTY, Json
from asstctl.documents.templates import VARS, Patience


def loose_stubs(
    files: Sequence[Path],
    *,
    root: Path,
    use: Sequence[Path],
    assistant: str,
    functions: Mapping[str, Functions],
    vars: Mapping[str, Json],  # noqa: A002  # the file's own word
    withheld: Withheld,
) -> tuple[Rules, tuple[Diagnostic, ...]]:
    """The rules that answer this assistant, those of `files` before those that all conversations `use`, and everything
    that is wrong with any of these files. `functions` is what each assistant declares, `vars` are the project's."""
    diagnostics: list[Diagnostic] = []
    loader = StubLoader(root, functions.keys(), functions, withheld, diagnostics)
    places = (*loader.shared(files), *loader.shared(use))
    if not places:
        return {}, in_reading_order(diagnostics)
    names = {VARS: vars, MATRIX: EMPTY}
    filler = Filler(places[0].document, names, withheld, Patience(), diagnostics)
    rules = loader.answering(places, assistant, filler, ()).rules
    return rules, in_reading_order(diagnostics)
