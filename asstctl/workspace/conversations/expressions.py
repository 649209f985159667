"""Expressions that choose: words joined by `and`, `or`, `not` and parentheses, as `-k` and `--tag` take them.

What a word means is for the caller, who evaluates an expression with a test of one word. A word with blanks, or one
that is `and`, `or` or `not`, is quoted.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from asstctl.core.errors import WrongUsage

Holds = Callable[[str], bool]
"""Whether one word fits."""

Expression = Callable[[Holds], bool]
"""Whether it fits as a whole."""

_TOKEN = re.compile(r"""\s*(?:(?P<bracket>[()])|"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<word>[^\s()"']+))""")
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class _Token:
    """A bracket, an operator (both in `sign`), or a word; `at` is its place in the text, from 0."""

    at: int
    sign: str = ""
    word: str | None = None


def read_expression(text: str, option: str) -> Expression:
    """The expression that a text means. Raises WrongUsage, which names the option and the place."""
    reader = _Reader(text, option, _tokens(text, option))
    expression = reader.either()
    if (left := reader.next) is not None:
        raise _refused(text, option, left.at, "`and` or `or` is missing" if left.sign != ")" else "nothing was opened")
    return expression


def _tokens(text: str, option: str) -> tuple[_Token, ...]:
    found: list[_Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise _refused(text, option, at + len(text[at:]) - len(text[at:].lstrip()), "a quote is not closed")
        kind = match.lastgroup or ""
        start, content = match.start(kind), match[kind]
        operator = kind == "bracket" or (kind == "word" and content in {"and", "or", "not"})
        found.append(_Token(start, sign=content) if operator else _Token(start, word=content))
        at = match.end()
    return tuple(found)


class _Reader:
    """One pass over the tokens: `or` binds least, `not` most."""

    def __init__(self, text: str, option: str, tokens: Sequence[_Token]) -> None:
        self._text = text
        self._option = option
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> _Token | None:
        """The token that was not read yet."""
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def either(self) -> Expression:
        """`A or B or ...`"""
        parts = self._joined("or", self._all)
        return parts[0] if len(parts) == 1 else lambda holds: any(part(holds) for part in parts)

    def _all(self) -> Expression:
        parts = self._joined("and", self._negated)
        return parts[0] if len(parts) == 1 else lambda holds: all(part(holds) for part in parts)

    def _joined(self, operator: str, part: Callable[[], Expression]) -> list[Expression]:
        parts = [part()]
        while self._took(operator):
            parts.append(part())
        return parts

    def _negated(self) -> Expression:
        if self._took("not"):
            with_it = self._deeper(self._negated)
            return lambda holds: not with_it(holds)
        token = self.next
        if self._took("("):
            inner = self._deeper(self.either)
            if not self._took(")"):
                raise self._wrong("`)` is missing")
            return inner
        if token is None or token.word is None:
            raise self._wrong("a word is missing")
        self._at += 1
        word = token.word
        return lambda holds: holds(word)

    def _deeper(self, read: Callable[[], Expression]) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("it is nested too deep")
        inner = read()
        self._depth -= 1
        return inner

    def _took(self, sign: str) -> bool:
        token = self.next
        if token is None or token.sign != sign:
            return False
        self._at += 1
        return True

    def _wrong(self, what: str) -> WrongUsage:
        return _refused(self._text, self._option, self.next.at if self.next else len(self._text), what)


def _refused(text: str, option: str, at: int, what: str) -> WrongUsage:
    return WrongUsage(
        f"{option}: {what}",
        detail=f"{text}\n{' ' * at}^",
        hint=f"words joined by and, or, not and parentheses: {option} 'refund and not (slow or german)'",
    )
