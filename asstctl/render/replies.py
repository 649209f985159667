"""What a candidate says that the deployed assistant does not, turn by turn."""

from collections.abc import Iterator, Sequence

from asstctl.core.conversation import CaseResult, Status, TurnResult
from asstctl.render.differences import diff_lines
from asstctl.render.style import Look, Style
from asstctl.render.text import Line, Span, line
from asstctl.render.values import counted
from asstctl.render.words import diff_texts

_BELOW = " " * 6
_ROWS = 20
"""Changed lines that are shown of one reply."""


def reply_lines(cases: Sequence[CaseResult], look: Look) -> list[Line]:
    """The differences of all conversations that were had with both; nothing where there is none of these."""
    both = [(case, case.deployed) for case in cases if case.deployed is not None]
    if not both:
        return []
    lines: list[Line] = []
    same = 0
    for case, deployed in both:
        found = list(_of_case(case, deployed, look))
        same += not found
        if found:
            lines += [line("  ", Span(f"{case.assistant}/{case.id}", Style.STRONG), _ends(case, deployed)), *found]
    if not lines:
        return [line(f"Replies: the candidate says what is deployed says, in {counted(same, 'conversation')}.")]
    legend = "[-deployed-]{+candidate+}"
    if same:
        lines.append(line(f"  the same replies in {counted(same, 'conversation')}"))
    return [line(f"Replies that differ, {legend}:"), *lines]


def _ends(case: CaseResult, deployed: CaseResult) -> str:
    if case.status is deployed.status:
        return ""
    return f"   {_said(deployed.status)} -> {_said(case.status)}"


def _said(status: Status) -> str:
    return str(status).replace("_", " ")


def _of_case(case: CaseResult, deployed: CaseResult, look: Look) -> Iterator[Line]:
    for old, new in zip(deployed.turns, case.turns, strict=False):
        if Status.NOT_RUN in {old.status, new.status}:
            if old.status is not new.status:
                who = "deployed assistant" if old.status is Status.NOT_RUN else "candidate"
                yield line(f"    turn {new.number}   not reached with the {who}")
            return
        if _calls(old) != _calls(new):
            yield line(f"    turn {new.number}   calls")
            yield from diff_lines(diff_texts(_calls(old), _calls(new)), look, _BELOW, _ROWS)
        if old.reply != new.reply:
            yield line(f"    turn {new.number}   assistant")
            yield from diff_lines(diff_texts(old.reply, new.reply), look, _BELOW, _ROWS)


def _calls(turn: TurnResult) -> str:
    return "\n".join(f"{call.name} {call.arguments}" for call in turn.calls) or "(none)"
