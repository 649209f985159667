"""What a run that was compared found: the conversations that differ, turn by turn, and one sentence on all of them.

Everything was compared by `conversation.comparing`. That nothing changed is never said: only in what no difference was
found.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from asstctl.core.comparison import ArgumentDiffers, Comparing, Comparison, Totals, TurnComparison
from asstctl.core.conversation import CaseResult
from asstctl.core.suite import SuiteResult
from asstctl.render.differences import diff_lines, marked
from asstctl.render.style import Look, Style
from asstctl.render.text import Line, Span, line, wrapped
from asstctl.render.values import counted
from asstctl.render.words import Piece, Side, diff_texts

_BELOW = " " * 6
_ROWS = 20
"""Changed lines that are shown of one reply."""
_MOST_ALIKE = 20
"""Conversations without a difference whose distance is told one by one."""
_MOST_NAMED = 5


def comparison_lines(suite: SuiteResult, look: Look) -> list[Line]:
    """The conversations that differ, with what of them does, and those that only say it in other words."""
    if suite.comparing is None:
        return []
    differing = [case for case in suite.cases if any(one.differs for one in case.comparisons)]
    worded = [case for case in suite.cases if case not in differing and _furthest(case.comparisons)]
    lines = [text for case in differing for text in _case_lines(case, suite.comparing, look)]
    if not look.brief:
        shown = worded if look.full else worded[:_MOST_ALIKE]
        for case in shown:
            lines.append(_alike_line(case))
            if look.full:
                furthest = max(case.playings, key=lambda one: _furthest(one.comparisons))
                turns = furthest.comparison.turns if furthest.comparison else ()
                lines += [text for turn in turns if turn.distance for text in _reply_lines(turn, furthest, look)]
        if len(worded) > len(shown):
            more = counted(len(worded) - len(shown), "more conversation")
            lines.append(line(Span(f"  {more} in other words, none far apart (-v shows them)", Style.FAINT)))
    if not lines:
        return []
    before, now = suite.comparing.sides
    head = line(f"Compared with {_with(suite.comparing)}, [-{before}-]{{+{now}+}}:")
    return [*wrapped(head, look.width, rest="  "), *lines]


def closing_lines(suite: SuiteResult, look: Look) -> list[Line]:
    """What was compared, in one sentence, what was not, and what counted as a difference."""
    comparing, found = suite.comparing, suite.compared
    if comparing is None or not suite.cases:
        return []
    lines: list[Line] = []
    for reason, names in uncompared(suite).items():
        shown = names if look.full else names[:_MOST_NAMED]
        more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
        left = line(Span(f"Not compared {len(names):,}", Style.WARN), f": {reason} ({', '.join(shown)}{more})")
        lines += wrapped(left, look.width, rest="  ")
    for said in unmeasured(suite):
        lines += wrapped(said, look.width, rest="  ")
    style = Style.PLAIN if found.alike == found.conversations else Style.WARN
    lines += wrapped(line(Span(found_words(found), style)), look.width, rest="  ")
    lines += wrapped(f"  {measure_words(suite)}", look.width, rest="  ")
    return lines


def found_words(found: Totals) -> str:
    """`no difference found in 37 of 40 conversations x 5 (calls 200/200, arguments 197/200)`"""
    if not found.conversations:
        return "nothing was compared"
    often = f"{found.fewest}" if found.fewest == found.most else f"{found.fewest} to {found.most}"
    times = f" x {often}" if found.most > 1 else ""
    calls, arguments = (f"{number:,}/{found.playings:,}" for number in (found.calls, found.arguments))
    whole = counted(found.conversations, "conversation")
    return f"no difference found in {found.alike:,} of {whole}{times} (calls {calls}, arguments {arguments})"


def measure_words(suite: SuiteResult) -> str:
    """With what it was compared, how far the replies lie apart, and from where on that is a difference."""
    comparing, found = suite.comparing, suite.compared
    assert comparing is not None
    said = f"compared with {_with(comparing)}"
    if found.distances and not found.distances[-1]:
        said += "; all replies have the same words"
    elif found.distances:
        said += f"; replies lie {_apart(median(found.distances))} (median), at most {_apart(found.distances[-1])}"
        said += f"; up to {comparing.distance:g} counts as no difference"
    if comparing.measured:
        said += f"; cosines are of embeddings, by judge {comparing.measured}"
    if comparing.fails and found.alike < found.conversations:
        said += "; differences are failures here (--fail-on-difference)"
    elif comparing.fails and not found.conversations:
        said += "; that is a failure here (--fail-on-difference)"
    return said


def case_words(case: CaseResult) -> str:
    """What comparing one conversation came to: `arguments differ; reply 0.62 apart`. Empty where nothing was."""
    held = [one for one in case.comparisons if not one.why_not]
    if not held:
        return next((f"not compared: {one.why_not}" for one in case.comparisons), "")
    differ = [
        *([] if all(one.calls_agree for one in held) else ["calls differ"]),
        *([] if all(one.arguments_agree for one in held) else ["arguments differ"]),
        *([] if all(one.verdicts_agree for one in held) else ["verdicts differ"]),
    ]
    furthest = _furthest(held)
    replies = f"{'reply' if len(held) == 1 else 'replies up to'} {_apart(furthest)}" if furthest else "the same words"
    found = differ or ([] if any(one.differs for one in held) else ["no difference found"])
    return "; ".join([*found, replies])


def uncompared(suite: SuiteResult) -> dict[str, list[str]]:
    """The conversations that were not compared at all, by the reason."""
    found: dict[str, list[str]] = {}
    for case in suite.cases:
        held = case.comparisons
        if held and all(one.why_not for one in held):
            found.setdefault(held[0].why_not, []).append(f"{case.assistant}/{case.id}")
    return found


def unmeasured(suite: SuiteResult) -> list[str]:
    """Why there is no cosine of playings although a judge was to say it, a sentence for each reason."""
    reasons = Counter(one.unmeasured for case in suite.cases for one in case.comparisons if one.unmeasured)
    return [f"No cosine of {counted(number, 'playing')}: {reason}" for reason, number in reasons.items()]


def argument_words(differs: ArgumentDiffers) -> tuple[str, tuple[Piece, ...]]:
    """Whose argument it is, and both of its values."""
    whose = f"arguments of {differs.function}" if not differs.path else f"{differs.path} of {differs.function}"
    return whose, (Piece(Side.OLD, differs.before), Piece(Side.NEW, differs.now))


def reply_words(turn: TurnComparison) -> str:
    """`reply 0.62 apart, cosine 0.91`"""
    likeness = "" if turn.likeness is None else f", cosine {turn.likeness:.2f}"
    return f"reply {_apart(turn.distance or 0.0)}{likeness}"


def unreached_words(turn: TurnComparison) -> str:
    """Which side never came to the turn."""
    return "not reached now" if turn.unreached == "now" else f"not reached on {turn.unreached}"


def _with(comparing: Comparing) -> str:
    if not comparing.of_target:
        return "what was said then (`was:`)"
    return comparing.against + (f", replies {comparing.origin}" if comparing.origin else "")


def _apart(distance: float) -> str:
    """Never 0.00 for what is not the same."""
    return f"{distance:.2f} apart" if distance >= 0.005 or not distance else "less than 0.01 apart"


def _furthest(held: Sequence[Comparison]) -> float:
    return max((turn.distance for one in held for turn in one.turns if turn.distance is not None), default=0.0)


def _alike_line(case: CaseResult) -> Line:
    return line("  ", Span(f"{case.assistant}/{case.id}", Style.STRONG), f"   {case_words(case)}")


def _case_lines(case: CaseResult, comparing: Comparing, look: Look) -> Iterator[Line]:
    """The first playing of it that differs."""
    playing = next(one for one in case.playings if one.comparison is not None and one.comparison.differs)
    held = playing.comparison
    assert held is not None
    differing = sum(one.differs for one in case.comparisons)
    often = f"   {differing} of {counted(len(case.comparisons), 'playing')} differ" if len(case.comparisons) > 1 else ""
    ends = ""
    if not held.verdicts_agree:
        before, now = comparing.sides
        ends = f"   {held.other} on {before}, {playing.status} on {now}"
    yield from wrapped(
        line("  ", Span(f"{case.assistant}/{case.id}", Style.STRONG), often, ends), look.width, rest=_BELOW
    )
    for turn in held.turns:
        yield from _turn_lines(turn, playing, look)


def _turn_lines(turn: TurnComparison, case: CaseResult, look: Look) -> Iterator[Line]:
    number = f"    turn {turn.number}   "
    if turn.unreached:
        yield line(number, unreached_words(turn))
        return
    if not turn.calls_agree:
        gone = [Piece(Side.OLD, name) for name in turn.missing]
        came = [Piece(Side.NEW, name) for name in turn.added]
        names = [line(" ", marked((piece,), look)) for piece in (*gone, *came)]
        yield from wrapped(line(number, "calls ", *names), look.width, rest=_BELOW)
    for differs in turn.arguments:
        whose, sides = argument_words(differs)
        yield from wrapped(line(number, f"{whose}  ", marked(sides, look)), look.width, rest=_BELOW)
    if turn.distance and (turn.far or look.full):
        yield from _reply_lines(turn, case, look)
    elif turn.distance:
        yield line(number, reply_words(turn))


def _reply_lines(turn: TurnComparison, case: CaseResult, look: Look) -> Iterator[Line]:
    now = next(one.reply for one in case.turns if one.number == turn.number)
    yield line(f"    turn {turn.number}   {reply_words(turn)}")
    yield from diff_lines(diff_texts(turn.before, now), look, _BELOW, _ROWS)
