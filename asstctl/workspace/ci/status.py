"""What our comment on a pull request says beside a plan: what became of it, or why there is none. Pure."""

from asstctl.core.errors import AsstctlError
from asstctl.core.outcome import Applied
from asstctl.core.pipeline import Place
from asstctl.render.apply import closing_words
from asstctl.render.markdown.frame import marker, origin
from asstctl.render.markdown.text import inline, link


def applied_line(applied: Applied, run: str, place: Place) -> str:
    """One line of Markdown: by which run, and how each change ended."""
    if applied.is_held:
        said = "**Not applied**: the gate is closed."
    elif applied.report is None or not applied.report.outcomes:
        said = "**Nothing was left to apply.**"
    else:
        said = f"**{inline(closing_words(applied.report, applied.plan))}**"
    return f"{said} {_run(run, place)}"


def refused_line(error: AsstctlError, run: str, place: Place) -> str:
    """The same where nothing was applied."""
    return f"**Not applied**: {inline(error.summary)}. {_run(run, place)}"


def no_result(word: str, error: AsstctlError, place: Place) -> str:
    """A whole comment, in the place of one about an earlier commit."""
    return f"{marker(word, place.label)}\n**Stopped**: {inline(error.summary)}.\n\n{origin(place)}\n"


def _run(run: str, place: Place) -> str:
    return f"See {link(f'run {run}', place.run_url)}." if place.run_url else ""
