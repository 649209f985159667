"""The form above a list, which the script brings to life: what is shown of it, by its ends, its words and choices."""

from collections.abc import Sequence

from asstctl.render.html.markup import Content, Markup, tag


def filters(
    number: int, ends: Sequence[tuple[str, str, int]], choices: Sequence[Content], more: Content = None
) -> Markup:
    """`ends` are the values of `data-status` in the list, with the word for each and how many there are; `more` are
    other boxes."""
    boxes = [_box(value, word, many) for value, word, many in ends]
    search = tag("input", type="search", name="text", id="search", placeholder="Search in names and texts")
    text = tag("label", tag("span", "Search", class_="unseen"), search, class_="search")
    statuses = tag("fieldset", tag("legend", "Status", class_="unseen"), boxes, more)
    buttons = [
        tag("button", said, type="button", id=name) for name, said in (("open", "Open all"), ("close", "Close all"))
    ]
    shown = tag("output", f"{number:,} of {number:,}", id="shown", aria_live="polite")
    end = tag("span", shown, buttons, class_="ends")
    return tag("form", text, choices, end, statuses, class_="filters", id="filters", role="search", hidden=True)


def choice(name: str, every: str, values: Sequence[str], least: int = 2) -> Content:
    """One of several values of `data-NAME`; nothing where there are too few to choose from."""
    if len(values) < least:
        return None
    options = [tag("option", value, value=value) for value in values]
    return tag("select", tag("option", every, value=""), options, name=name, aria_label=name.capitalize())


def none_fit(what: str) -> Markup:
    """What is said where the filters leave nothing."""
    return tag("p", f"No {what} fits these filters.", class_="none-fit", id="none-fit", hidden=True)


def _box(value: str, word: str, many: int) -> Markup:
    said = tag("span", word, " ", tag("b", f"{many:,}"), class_=f"chip {value}")
    return tag("label", tag("input", type="checkbox", name="status", value=value), said)
