"""docs/checks.md, written from the table in `operators` and from what the stubs say of themselves."""

import sys
from collections.abc import Iterable

from asstctl.conversation.checks import CHECKS
from asstctl.conversation.checks.check import NOT
from asstctl.conversation.observed import COMPLETED, Observed
from asstctl.conversation.stubs import STUBS
from asstctl.core.change import ABSENT
from asstctl.core.conversation import CallMade
from asstctl.core.json_text import json_text
from asstctl.core.thread import Need
from tests.conversation.operators import (
    CALLS,
    INTRO,
    MATCHERS,
    OPERATORS,
    CallsSample,
    MatcherSample,
    OperatorSample,
)
from tests.conversation.stub_samples import SAMPLES, StubSample

OPENING = """\
# Checks, matchers, calls and stubs

What may stand under `expect`, `calls` and `stubs` of a `*.convo.yaml`, each with an example that passes, one that
fails, and what the failure says. This page is written by the tests that execute these examples.

- `expect` is a map of operators, or a list of such maps where an operator repeats. All of them have to hold.
- `not-` before a name turns an operator round; which of them have such a twin is said with each.
- `finally` takes what speaks of a whole conversation: the text of all replies, and the sums of all numbers.
- All failures of a turn are shown at once. Operators that a model judges are asked last, if everything else holds.
"""

CALLS_OPENING = """\
## Calls

`calls` lists the functions that a turn has to call. The short form is `- function: {argument: value}` and its value is
always the arguments; the long form is told by its key `call` and takes `args`, `match`, `ignore`, `defaults`, `where`
and `times`. Each call counts for one expectation. `call_mode` stands beside `calls` and says what else may happen.
Under `finally` the calls of all turns count.
"""

MATCHERS_OPENING = """\
## Matchers

Wherever an argument or a value is expected, an object whose keys begin with `$` says what it has to be like; all of its
keys have to hold. Any other object is compared key by key, and keys that are not named may be anything. A matcher never
holds for what is not there, `$absent` and `$any` apart.

| Matcher | Holds for | Example | Fits | Does not fit | A failure says `expected` |
|---|---|---|---|---|---|
"""

STUBS_OPENING = """\
## Stubs

`stubs` answers the functions that the assistant calls: for each function a rule or a list of rules, each with `when` (a
pattern for the arguments) and one of the following. The first rule that fits answers; a call that none answers fails
the turn.

| Key | What it is |
|---|---|
"""


def page() -> str:
    """The whole page."""
    groups = dict.fromkeys(sample.group for sample in OPERATORS)
    parts = [
        OPENING,
        *(_group(group) for group in groups),
        MATCHERS_OPENING + "".join(map(_matcher, MATCHERS)),
        CALLS_OPENING,
        *map(_calls, CALLS),
        STUBS_OPENING + "".join(_stubs()),
        *map(_stub, SAMPLES),
    ]
    return "\n".join(parts)


def _group(group: str) -> str:
    samples = [sample for sample in OPERATORS if sample.group == group]
    return "\n".join([f"## {group}\n", f"{INTRO[group]}\n", *map(_operator, samples)])


def _operator(sample: OperatorSample) -> str:
    check = CHECKS[sample.name]
    notes = [f"Twin: `{NOT}{sample.name}`."] if check.has_twin else []
    notes += [] if check.closing else ["Not in `finally`."]
    notes += [f"Needs {_NEEDS[need]}." for need in sorted(check.needs(sample.value))]
    return _block(
        f"`{sample.name}`",
        " ".join([sample.means, *notes]),
        f"expect:\n  {sample.yaml}",
        told(sample.good),
        told(sample.bad),
        sample.failure,
    )


_NEEDS = {Need.STEPS: "a server that shows the steps of a run", Need.STREAM: "a server that streams"}


def _calls(sample: CallsSample) -> str:
    return _block(
        sample.title, sample.means, sample.yaml, _told_calls(sample.good), _told_calls(sample.bad), sample.failure
    )


def _block(title: str, means: str, yaml: str, passes: str, fails: str, failure: str) -> str:
    said = "\n".join(f"       {line}" for line in failure.splitlines())
    return f"### {title}\n\n{means}\n\n```yaml\n{yaml}\n```\n\n```text\npasses {passes}\nfails  {fails}\n{said}\n```\n"


def _matcher(sample: MatcherSample) -> str:
    cells = [
        f"`{sample.name}`",
        sample.means,
        f"`{sample.yaml}`",
        _values(sample.fits[:2]),
        _values(sample.misses[:2]),
        f"`{sample.shown}`",
    ]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _values(values: Iterable[object]) -> str:
    return ", ".join("nothing" if value is ABSENT else f"`{json_text(value)}`" for value in values)


def _stubs() -> Iterable[str]:
    for key, kind in STUBS.items():
        told = (sys.modules[kind.read.__module__].__doc__ or "").split("\n\n")[0].replace("\n", " ")
        yield f"| `{key}` | {told.replace('|', chr(92) + '|')} |\n"


def _stub(sample: StubSample) -> str:
    said = "\n".join(sample.lines())
    return f"### {sample.title}\n\n{sample.means}\n\n```yaml\n{sample.yaml}\n```\n\n```text\n{said}\n```\n"


def _told_calls(calls: Iterable[CallMade]) -> str:
    return ", ".join(f"{call.name} {call.arguments}" for call in calls) or "no call"


def told(observed: Observed) -> str:
    """What was observed, as far as it is worth mentioning."""
    parts = [observed.reply if observed.reply.startswith("{") else json_text(observed.reply)]
    if observed.calls:
        parts.append(_told_calls(observed.calls))
    if observed.status != COMPLETED:
        parts.append(f"the run ended as {observed.status}: {observed.error}")
    if observed.seconds:
        parts.append(f"{observed.seconds:g} s, the first text after {observed.first_token:g} s")
    if observed.usage:
        parts.append(f"{observed.usage.prompt_tokens} + {observed.usage.completion_tokens} tokens")
    if observed.cost is not None:
        parts.append(f"${observed.cost:g}")
    parts += [f"cites {citation.file}" for citation in observed.citations]
    parts += [f"found {p.file} ({p.score:.2f}) {json_text(p.text)}" for p in observed.passages]
    parts += [f"ran {run.input}, logs {json_text(run.logs)}, {run.images} images" for run in observed.code]
    return "; ".join(parts)
