"""The table behind the stubs of docs/checks.md and their tests: for each kind how it is written, calls, and what comes
of them. To add a row is to document it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conversation.operators import yaml_value

FILES: Mapping[str, str] = {
    "stubs/money.py": (
        "def convert(amount, to):\n"
        "    return {'amount': round(amount * {'EUR': 1, 'USD': 1.25}[to], 2), 'currency': to}\n"
    ),
    "bin/stock": (
        '#!/bin/sh\ncat > /dev/null\ntest "$1" = --json || { echo "no format" >&2; exit 2; }\necho \'{"stock": 3}\'\n'
    ),
}
"""What lies in the project of the samples."""

VALUES: Mapping[str, Any] = {"vars": {"shop": "Berlin"}, "matrix": {"lang": "de"}}
"""What templates of the conversation may name."""

RETURNS: Mapping[str, Any] = {"refund": {"type": "object", "required": ["id"]}}
"""What functions say that they return, in the samples."""


@dataclass(frozen=True)
class Answered:
    """One call: the arguments, and the output or else what the failure says."""

    arguments: str
    output: str | None = None
    failure: str = ""
    differs: tuple[str, str, str] | None = None  # path, expected, actual


@dataclass(frozen=True)
class StubSample:
    """One way to answer `function`: what it means, how it is written, and its calls in the order they are made."""

    title: str
    kind: str
    means: str
    yaml: str
    function: str
    calls: tuple[Answered, ...]

    @property
    def value(self) -> Any:
        return yaml_value(self.yaml)

    def lines(self) -> list[str]:
        """The calls as the page shows them."""
        told = []
        for call in self.calls:
            told.append(f"{self.function} {call.arguments}")
            told += (
                [f"  answers {call.output or '(nothing)'}"]
                if call.output is not None
                else [f"  fails   {call.failure}"]
            )
            told += ["            {}   expected {}    got {}".format(*call.differs)] if call.differs else []
        return told


def write_files(root: Path) -> None:
    """Make the project of the samples."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if text.startswith("#!") else 0o644)


SAMPLES: tuple[StubSample, ...] = (
    StubSample(
        "`return`",
        "return",
        "Always the same: a text as it stands, anything else as JSON.",
        "get_order:\n  - when: {id: A-17}\n    return: {status: delivered}\n  - return: no such order",
        "get_order",
        (
            Answered('{"id": "A-17"}', '{"status": "delivered"}'),
            Answered('{"id": "B-1"}', "no such order"),
        ),
    ),
    StubSample(
        "`when` that nothing fits",
        "return",
        "A call that no rule answers fails the turn, and shows the rule that it misses by least.",
        "get_order: {when: {id: A-17}, return: {status: delivered}}",
        "get_order",
        (
            Answered(
                '{"id": "B-1"}',
                failure="`get_order` was called, and none of its stubs answers these arguments",
                differs=("id", '"A-17"', '"B-1"'),
            ),
        ),
    ),
    StubSample(
        "`template`",
        "template",
        "Rendered in the sandbox with the arguments of the call as `args`, beside `vars`, `matrix` and `saved`.",
        'search: {template: \'{"q": {{ args.q | tojson }}, "shop": "{{ vars.shop }}", "hits": []}\'}',
        "search",
        (
            Answered('{"q": "\\"red\\" shoes"}', '{"q": "\\"red\\" shoes", "shop": "Berlin", "hits": []}'),
            Answered(
                '{"text": "x"}',
                failure="the stub of `search` failed: "
                "the template names `q`, which the call does not have; choose from: text",
            ),
        ),
    ),
    StubSample(
        "`sequence`",
        "sequence",
        "The first call gets the first answer, and so on; each playing begins anew. "
        "A call after the last answer fails the turn; `then: last` beside it repeats the last instead.",
        "refund: {sequence: [{fault: timeout}, {return: {id: R-9}}]}",
        "refund",
        (
            Answered("{}", '{"error": {"type": "timeout", "message": "the request timed out; there is no result"}}'),
            Answered("{}", '{"id": "R-9"}'),
            Answered(
                "{}",
                failure="the stub of `refund` failed: its `sequence` holds 2 answers and it was called 3 times; "
                "`then: last` would repeat the last",
            ),
        ),
    ),
    StubSample(
        "`sequence` with `then`",
        "sequence",
        "For a function that is asked until something is done.",
        "poll: {sequence: [{return: pending}, {return: done}], then: last}",
        "poll",
        (Answered("{}", "pending"), Answered("{}", "done"), Answered("{}", "done")),
    ),
    StubSample(
        "`python`",
        "python",
        "`file.py:function` of the project, called with the arguments by name in a child process of its own. "
        "`timeout` beside it is in seconds, 10 without it.",
        'convert: {python: "/stubs/money.py:convert", timeout: 30}',
        "convert",
        (
            Answered('{"amount": 8, "to": "USD"}', '{"amount": 10.0, "currency": "USD"}'),
            Answered(
                '{"amount": 8, "to": "CHF"}',
                failure="the stub of `convert` failed: stubs/money.py:2: KeyError: 'CHF'",
            ),
        ),
    ),
    StubSample(
        "`command`",
        "command",
        "A program of the project, started directly: no shell, and nothing from a PATH. It gets the arguments as JSON "
        "on standard input; what it prints, less the last line break, is the output. `timeout` as with `python`.",
        "stock: {command: [/bin/stock, --json], timeout: 30}",
        "stock",
        (Answered('{"sku": "S-1"}', '{"stock": 3}'),),
    ),
    StubSample(
        "`command` that fails",
        "command",
        "A status other than 0 fails the turn, with the last line of standard error.",
        "stock: {command: [/bin/stock]}",
        "stock",
        (Answered("{}", failure="the stub of `stock` failed: ended with status 2: no format"),),
    ),
    *(
        StubSample(
            f"`fault: {word}`", "fault", means, f"search: {{fault: {word}}}", "search", (Answered("{}", output),)
        )
        for word, means, output in (
            (
                "timeout",
                "What a tool says that had no answer in time. Nothing is waited for.",
                '{"error": {"type": "timeout", "message": "the request timed out; there is no result"}}',
            ),
            ("malformed", "JSON that was cut off.", '{"result": [{"id": 1, "na'),
            ("empty", "No output at all.", ""),
            (
                "rate_limit",
                "What a tool says that was asked too often.",
                '{"error": {"type": "rate_limit", "message": "too many requests; try again in 30 seconds"}}',
            ),
        )
    ),
    StubSample(
        "`fault: {slow: …}`",
        "fault",
        "Another answer, after so many seconds; the limits of the turn go on counting.",
        "search: {fault: {slow: 0.01, return: late}}",
        "search",
        (Answered("{}", "late"),),
    ),
    StubSample(
        '`"*"`',
        "return",
        "Stands for every function: its rules, or the word `empty`, answer what no rule of the function itself does. "
        "`fail` is what happens without it.",
        'get_order: {when: {id: A-17}, return: delivered}\n"*": empty',
        "get_order",
        (Answered('{"id": "A-17"}', "delivered"), Answered('{"id": "B-1"}', "")),
    ),
    StubSample(
        "`returns` of the function",
        "template",
        "Where the manifest of a function says what it `returns`, answers are held to it; a `fault` is not.",
        'refund: {template: \'{"ref": "R-9"}\'}',
        "refund",
        (
            Answered(
                "{}",
                failure="the stub of `refund` answered what its `returns` does not allow",
                differs=("id", "present", "missing"),
            ),
        ),
    ),
)
