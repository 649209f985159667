"""What is wrong with the files, in Markdown: each message with its code, its place and the way to mend it."""

from collections.abc import Iterator

from asstctl.core.diagnostic import Diagnostic, Validation
from asstctl.render.diagnostics import closing_words, losses_words
from asstctl.render.markdown.frame import bullets, paragraphs
from asstctl.render.markdown.text import code, inline, prose


def validation_markdown(validation: Validation) -> str:
    """All of it."""
    return paragraphs(
        "### The files",
        f"**{inline(closing_words(validation))}**",
        bullets(["<br>\n  ".join(_lines(diagnostic)) for diagnostic in validation.diagnostics]),
        bullets([inline(said) for said in losses_words(validation)]),
    )


def _lines(diagnostic: Diagnostic) -> Iterator[str]:
    where = f" at {code(str(diagnostic.where))}" if diagnostic.where else ""
    yield f"**{diagnostic.severity}** {code(diagnostic.code)}{where}: {prose(diagnostic.summary)}"
    if diagnostic.where and diagnostic.where.text.strip():
        yield code(diagnostic.where.text.strip())
    yield from (prose(row) for row in diagnostic.detail.splitlines() if row.strip())
    yield from (f"help: {prose(row)}" for row in diagnostic.hint.splitlines() if row.strip())
