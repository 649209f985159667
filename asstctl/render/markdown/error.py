"""What stopped a command, in Markdown, as a terminal shows it."""

from asstctl.core.errors import AsstctlError
from asstctl.render.errors import error_text
from asstctl.render.markdown.frame import WIDE, paragraphs
from asstctl.render.markdown.text import fenced


def error_markdown(error: AsstctlError) -> str:
    """All of it, with the way on."""
    return paragraphs("### Stopped", "\n".join(fenced(error_text(error, WIDE).splitlines(), "text")))
