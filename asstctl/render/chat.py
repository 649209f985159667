"""A chat on a terminal: its opening, the calls and their answers, and a reply while it comes.

Rows look as in the block of a conversation that did not pass. A reply is escaped as it comes, whatever its pieces are:
what could act only together with what follows is held back until that is known.
"""

import re

from asstctl.core.address import Address
from asstctl.core.thread import ToolCall
from asstctl.render.escape import defused, visible
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import Line, Span, clipped, line, padded, sentence, wrapped, written

_LABEL = 11
_HEAD = 2 + _LABEL
_BELOW = " " * _HEAD

_HELD = re.compile(r"(?:\r|:+|#(?:#(?:v(?:so?)?)?)?)\Z", re.IGNORECASE)
"""The beginning of what a CI runner reads as a command, or of a line end of two characters."""

COMMANDS = {
    "/attach FILE": "send a file with the next message: an image, or for file_search and code_interpreter",
    "/save-test FILE": "write what was said so far as a conversation test; FILE ends in .convo.yaml",
    "/new": "begin a new thread",
    "/help": "show this",
    "/quit": "end; so does Ctrl-D",
}
"""What may be typed in place of a message."""

USER = f"  {'user':<{_LABEL}}"
"""What stands before what a person types."""
OUTPUT = f"  {'output':<{_LABEL}}"
"""The same for the output of a call."""


def opening_text(address: Address, target: str, replies: str, *, exercised: bool, look: Look = PLAIN) -> str:
    """Who is talked to and where replies come from; where that is no model, how to have one."""
    said = "" if exercised else ": instructions are NOT exercised"
    lines = sentence(f"{address} on {target}, replies {replies}{said}.", look.width)
    if not exercised:
        lines += [
            line("  No model answers. To talk to one, let the target say so in asstctl.yaml:"),
            line("    targets:"),
            line(f"      {target}:"),
            line("        provider: local"),
            line('        replies: {chat: {base_url: "http://127.0.0.1:11434/v1", models: {"*": "qwen3:8b"}}}'),
        ]
    lines.append(line("Type a message; /help shows what else there is, /quit ends."))
    return written(lines, look)


def help_text(look: Look = PLAIN) -> str:
    """What may be typed."""
    column = max(map(len, COMMANDS)) + 2
    rows = [text for name, what in COMMANDS.items() for text in _row(name, what, column, look)]
    more = sentence("A message that begins with / is typed with two: //like this.", look.width, "  ", "  ")
    asked = "Where no stub answers a call, its output is asked for: JSON or text on one line; nothing means null."
    return written([*rows, *more, *sentence(asked, look.width, "  ", "  ")], look)


def user_text(text: str, look: Look = PLAIN) -> str:
    """What was said, where nobody saw it being typed."""
    return written(_labelled("user", text, look), look)


def call_text(call: ToolCall, look: Look = PLAIN) -> str:
    """A call as it is made."""
    return written(_labelled("call", f"{call.name} {call.arguments}", look), look)


def answer_text(output: str, look: Look = PLAIN) -> str:
    """What a call was answered: its beginning, or all of it where nothing is folded."""
    text = output.strip() or '""'
    if look.full:
        return written(_labelled("answer", text, look), look)
    short = clipped(text, look.width - _HEAD, look.glyphs.ellipsis)
    return written([line("  ", padded("answer", _LABEL), Span(short, Style.FAINT))], look)


class Reply:
    """The replies of a chat, each written as it comes."""

    def __init__(self) -> None:
        self._held = ""
        self._began = False
        self._line_begins = False
        """Whether nothing but blanks stands in the line, which is none with a label."""

    def take(self, piece: str) -> str:
        """What can be shown now that this piece has come."""
        text, self._held = self._held + piece, ""
        if held := _HELD.search(text):
            text, self._held = text[: held.start()], held.group()
        return self._shown(text) if text else ""

    def end(self) -> str:
        """What was held back, and the end of the line; nothing where nothing came."""
        text = self._shown(self._held) if self._held else ""
        ended = f"{text}\n" if self._began else ""
        self._held, self._began, self._line_begins = "", False, False
        return ended

    def _shown(self, text: str) -> str:
        label = "" if self._began else f"  {'assistant':<{_LABEL}}"
        self._began = True
        first, *rest = text.replace("\r\n", "\n").split("\n")
        return label + self._in_line(first) + "".join(self._new_line(one) for one in rest)

    def _new_line(self, text: str) -> str:
        self._line_begins = True
        return f"\n{_BELOW}{self._in_line(text)}"

    def _in_line(self, text: str) -> str:
        shown = visible(text)
        # what a runner looks for at the beginning of a line is harmless behind anything else
        safe = defused(shown) if self._line_begins else defused(f"-{shown}")[1:]
        self._line_begins = self._line_begins and (not shown or shown.isspace())
        return safe


def _labelled(label: str, text: str, look: Look) -> list[Line]:
    return _row(label, text, _LABEL, look)


def _row(label: str, text: str, column: int, look: Look) -> list[Line]:
    lines: list[Line] = []
    head, rest = line("  ", padded(label, column)), " " * (2 + column)
    for source in text.splitlines() or [""]:
        lines += wrapped(source, look.width, head if not lines else rest, rest)
    return lines
