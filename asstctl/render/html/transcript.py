"""One conversation as it was had: bubbles, tool calls between them, and each failure beside what it speaks of."""

import re
from collections.abc import Iterator, Sequence

from asstctl.core.comparison import Comparing, TurnComparison
from asstctl.core.conversation import CallMade, CaseResult, Failure, FailureKind, Mismatch, Status, TurnResult
from asstctl.core.json_text import json_text
from asstctl.core.thread import Citation, CodeRun, Passage
from asstctl.render.comparison import argument_words, reply_words, unreached_words
from asstctl.render.html.markup import NOTHING, Content, Markup, tag
from asstctl.render.html.texts import LONGEST, cut, difference, foldable, json_shown, lines_of
from asstctl.render.values import counted, dollars, place

_LONGEST_PASSED = 3000
"""Characters of one message of a turn that passed."""

_MARKED = re.compile(r"\[-(.*?)-\]|\{\+(.*?)\+\}", re.DOTALL)
_WAITS = "(waits for the assistant)"


def transcript(case: CaseResult, comparing: Comparing | None = None) -> Markup:
    """All turns, and what concerns the conversation as a whole. With a candidate, what it says otherwise; where the run
    was compared, what of each turn differs."""
    before = case.deployed.turns if case.deployed else ()
    held = {turn.number: turn for turn in case.comparison.turns} if case.comparison and comparing else {}
    sides = comparing.sides if comparing else ("", "")
    turns = []
    for number, turn in enumerate(case.turns):
        deployed = _unlike(turn, before[number]) if number < len(before) else None
        turns.append(_turn(turn, case, deployed, _held(held.get(turn.number), turn, sides)))
    whole = [failure_box(failure, label="finally") for failure in case.closing]
    if case.failure:
        whole.insert(0, failure_box(case.failure))
    return lines_of(tag("ol", lines_of(*turns), class_="turns") if turns else None, *whole)


def differs(case: CaseResult) -> bool:
    """Whether a candidate said or called something else than what is deployed, or comparing found a difference."""
    if case.deployed is None:
        return any(one.differs for one in case.comparisons)
    return any(
        old.status is not Status.NOT_RUN
        and new.status is not Status.NOT_RUN
        and (old.reply != new.reply or _calls(old) != _calls(new))
        for old, new in zip(case.deployed.turns, case.turns, strict=False)
    )


def failure_box(failure: Failure, label: str = "", reply: str = "") -> Markup:
    """Kind, sentence, both sides of each mismatch, and the line of the file that expected it."""
    known = {reply, json_text(reply)} if reply else set()
    message = _stale(failure.message) if failure.kind is FailureKind.TAPE_STALE else cut(failure.message)
    kind = tag("b", f"{label}: {failure.kind}" if label else str(failure.kind), class_="kind")
    at = tag("p", "expected at ", tag("code", place(failure.where)), class_="at") if failure.where else None
    # one whose actual side is the reply itself says nothing that does not stand just above
    shown = [_mismatch(m) for m in failure.mismatches if m.actual not in known]
    sides = tag("div", shown, class_="sides") if shown else None
    verdict = "undecided" if failure.kind.is_error else "failed"
    box = tag("p", kind, " ", tag("span", message, class_="text"))
    return tag("div", box, sides, at, class_=f"failure {verdict}", role="note")


def _mismatch(mismatch: Mismatch) -> Markup:
    path = tag("code", mismatch.path, class_="path") if mismatch.path else None
    expected = tag("div", tag("span", "expected", class_="label good"), tag("pre", cut(mismatch.expected)))
    actual = tag("div", tag("span", "got", class_="label bad"), tag("pre", cut(mismatch.actual)))
    return tag("div", path, expected, actual, class_="mismatch")


def _stale(message: str) -> Content:
    """What changed since the recording, where it is told as `[-old-]{+new+}`."""
    parts: list[Content] = []
    end = 0
    for mark in _MARKED.finditer(message):
        old, new = mark.groups()
        parts += [cut(message[end : mark.start()]), tag("del", cut(old)) if new is None else tag("ins", cut(new))]
        end = mark.end()
    return (*parts, cut(message[end:]))


def _turn(turn: TurnResult, case: CaseResult, *unlike: Content) -> Markup:
    """A turn, and below it what of it differs from another side."""
    if turn.status is Status.NOT_RUN:
        said = tag("span", turn.user if turn.user is not None else _WAITS, class_="text")
        missed = tag("p", said, class_="bubble user missed", dir="auto")
        return tag("li", _heading(turn, len(case.turns)), missed, *unlike)
    longest = _LONGEST_PASSED if turn.status is Status.PASSED else LONGEST
    return tag("li", lines_of(*_said(turn, case.assistant, longest), *unlike), class_=f"turn {turn.status}")


def _said(turn: TurnResult, assistant: str, longest: int) -> Iterator[Content]:
    yield _heading(turn)
    if turn.user is None:
        yield tag("p", _WAITS, class_="waits")
    else:
        yield _bubble("user", "User", turn.user, longest)
    if turn.files:
        files = [tag("li", tag("code", name)) for name in turn.files]
        yield tag("ul", files, class_="files", aria_label="Files of this message")
    for number, call in enumerate(turn.calls):
        about = [failure for failure in turn.failures if failure.call == number]
        yield _call(call, wrong=bool(about))
        yield from (failure_box(failure) for failure in about)
    yield from (_code(code) for code in turn.code)
    if turn.passages:
        yield _passages(turn.passages)
    rest = [f for f in turn.failures if f.call is None or f.call >= len(turn.calls)]
    if turn.reply or any(not failure.kind.is_error for failure in rest):
        yield _bubble("assistant", assistant, turn.reply, longest)
    if turn.citations:
        yield _citations(turn.citations)
    yield from (failure_box(failure, reply=turn.reply) for failure in rest)
    if turn.saved:
        saved = [(tag("dt", name), tag("dd", tag("code", cut(json_text(value))))) for name, value in turn.saved.items()]
        yield tag("div", tag("span", "saved", class_="label"), tag("dl", saved), class_="saved")


def _heading(turn: TurnResult, of: int = 0) -> Markup:
    facts = [f"{turn.seconds:.2f} s"] if turn.seconds else []
    if turn.first_token is not None:
        facts.append(f"first token {turn.first_token:.2f} s")
    if usage := turn.usage:
        facts.append(f"{counted(usage.total_tokens, 'token')} ({usage.prompt_tokens:,} + {usage.completion_tokens:,})")
    if turn.cost is not None:
        facts.append(dollars(turn.cost))
    if of:
        facts.append("not run")
    name = tag("span", f"Turn {turn.number}", class_="number")
    return tag("div", name, [tag("span", fact) for fact in facts], class_="turn-head")


def _bubble(role: str, who: str, text: str, longest: int) -> Markup:
    said = tag("div", cut(text, longest) if text else tag("span", "(said nothing)", class_="faint"), class_="text")
    return tag("div", tag("span", who, class_="who"), said, class_=f"bubble {role}", dir="auto")


def _call(call: CallMade, *, wrong: bool) -> Markup:
    matched = tag("span", "✓ expected", class_="matched") if call.matched and not wrong else None
    head = tag("p", tag("span", "call", class_="label"), tag("code", call.name, class_="function"), matched)
    answer = NOTHING if call.output is None else foldable("answer", json_shown(call.output.strip()) or '""')
    arguments = tag("div", tag("pre", cut(json_shown(call.arguments))), class_="part")
    return tag("div", head, arguments, answer, class_=f"tool{' wrong' if wrong else ''}")


def _code(code: CodeRun) -> Markup:
    images = f"{counted(code.images, 'image')} came of it" if code.images else ""
    head = tag("p", tag("span", "code interpreter", class_="label"), tag("span", images, class_="faint"))
    ran = tag("div", tag("pre", cut(code.input)), class_="part")
    return tag("div", head, ran, foldable("printed", code.logs) if code.logs else None, class_="tool")


def _passages(passages: Sequence[Passage]) -> Markup:
    found = [
        tag("li", tag("code", p.file), " ", tag("span", f"score {p.score:.2f}", class_="faint"), _quoted(p.text))
        for p in passages
    ]
    head = tag("summary", tag("span", "file search", class_="label"), " ", counted(len(passages), "passage"), " found")
    return tag("details", head, tag("ul", found, class_="passages"), class_="tool")


def _citations(citations: Sequence[Citation]) -> Markup:
    cited = [
        tag("li", tag("span", c.text, class_="mark") if c.text else None, " ", tag("code", c.file), _quoted(c.quote))
        for c in citations
    ]
    return tag("ul", cited, class_="citations", aria_label="Citations")


def _quoted(text: str) -> Content:
    return tag("blockquote", cut(text, _LONGEST_PASSED), dir="auto") if text else None


def _unlike(turn: TurnResult, deployed: TurnResult) -> Content:
    if turn.status is Status.NOT_RUN:
        return None
    if deployed.status is Status.NOT_RUN:
        return tag("p", "not reached with the deployed assistant", class_="faint aside")
    parts: list[Content] = []
    for what, old, new in (
        ("Calls that differ", _calls(deployed), _calls(turn)),
        ("A reply that differs", deployed.reply, turn.reply),
    ):
        if old != new:
            parts += [_legend(what), difference(old, new)]
    return tag("div", parts, class_="unlike") if parts else None


def _held(turn: TurnComparison | None, had: TurnResult, sides: tuple[str, str]) -> Content:
    """What of a turn differs from the other side of a comparison."""
    if turn is None or not (turn.differs or turn.distance):
        return None
    if turn.unreached:
        return tag("p", unreached_words(turn), class_="faint aside")
    parts: list[Content] = []
    if not turn.calls_agree:
        gone = [tag("del", name) for name in turn.missing]
        came = [tag("ins", name) for name in turn.added]
        parts += [_legend("Calls that differ", sides), tag("p", [(one, " ") for one in (*gone, *came)])]
    if turn.arguments:
        told = [(differs, argument_words(differs)[0]) for differs in turn.arguments]
        rows = [tag("li", f"{whose}: ", tag("del", cut(d.before)), " ", tag("ins", cut(d.now))) for d, whose in told]
        parts += [_legend("Arguments that differ", sides), tag("ul", rows)]
    if turn.distance:
        parts += [_legend(reply_words(turn).capitalize(), sides), difference(turn.before, had.reply)]
    return tag("div", parts, class_="unlike")


def _legend(what: str, sides: tuple[str, str] = ("deployed", "candidate")) -> Markup:
    return tag("p", f"{what}: ", tag("del", sides[0]), " ", tag("ins", sides[1]))


def _calls(turn: TurnResult) -> str:
    return "\n".join(f"{call.name} {call.arguments}" for call in turn.calls) or "(none)"
