"""The document: one file that shows a result to people who were not there.

Style and script are in it, and its Content-Security-Policy names them by their digests and permits nothing else: not
even text that got past the escaping could fetch, run or style anything.
"""

import hashlib
from base64 import b64encode
from functools import cache
from importlib.resources import files

from asstctl._version import __version__
from asstctl.render.html.markup import Content, Markup, tag
from asstctl.render.html.texts import lines_of

_SCRIPT = "page.js"
_STYLE = "page.css"
"""What every page has."""


def document(title: str, header: Markup, main: Content, *, style: str, skip_to: tuple[str, str]) -> str:
    """A page. `style` is the file that has what only such pages have, `skip_to` the id and the name of what the
    keyboard may go to at once."""
    css, script = Markup(f"{_asset(_STYLE)}\n{_asset(style)}"), _asset(_SCRIPT)
    name, what = skip_to
    skip = tag("a", f"Skip to the {what}", href=f"#{name}", class_="skip")
    footer = tag("footer", f"asstctl {__version__}. This page is one file; it asks nothing of any server.")
    body = tag("body", lines_of(skip, header, tag("main", main), footer, tag("script", script)))
    page = tag("html", lines_of(_head(title, css, script), body), lang="en")
    return f"<!doctype html>\n{page}\n"


def header(what: Content, headline: str, ended: str) -> Markup:
    """What the page is of, the sentence that is read first, and the button that changes its colours."""
    theme = tag("button", "Dark", type="button", id="theme", hidden=True)
    said = tag("div", tag("p", what, class_="faint"), tag("h1", headline))
    return tag("header", said, theme, class_=f"page-head {ended}")


def facts(told: list[tuple[str, Content]], name: str = "facts") -> Content:
    """Names and what is said of each; what is empty is left out, and nothing is made of nothing."""
    shown = [tag("div", tag("dt", term), tag("dd", said)) for term, said in told if said]
    return tag("dl", shown, class_=name) if shown else None


def notices(told: list[tuple[str, Content]]) -> Content:
    """What to beware of, each with a word in front."""
    if not told:
        return None
    return tag("ul", [tag("li", tag("b", word), tag("span", said)) for word, said in told], class_="notices")


def command(label: str, text: str, *more: Content) -> Markup:
    """A command to type, with a button that copies it."""
    copy = tag("button", "Copy", type="button", class_="copy", hidden=True)
    return tag("div", tag("span", label, class_="label"), tag("code", text), copy, *more, class_="again")


def _head(title: str, style: Markup, script: Markup) -> Markup:
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        lines_of(
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=policy),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="referrer", content="no-referrer"),
            tag("title", title),
            tag("link", rel="icon", href="data:,"),
            tag("style", style),
        ),
    )


@cache
def _asset(name: str) -> Markup:
    """A file of this package, as it stands in the page."""
    return Markup((files(__package__) / name).read_text("utf-8"))


def _digest(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
