"""What every result looks like, as text, in colour, in ASCII and as JSON; the files are in golden/."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from asstctl.core.errors import AsstctlError, InvalidInput, Refused, Unreachable
from asstctl.core.outcome import ApplyReport
from asstctl.core.plan import TargetInfo
from asstctl.render.apply import address_column, outcome_text, report_text
from asstctl.render.diagnostics import problems_text, validation_text
from asstctl.render.errors import error_text
from asstctl.render.json import (
    apply_json,
    error_json,
    ids_json,
    list_json,
    plan_json,
    show_json,
    suite_json,
    validation_json,
)
from asstctl.render.plan import apply_question, plan_text
from asstctl.render.style import ASCII, PLAIN, Look
from asstctl.render.tables import ids_env, ids_text, list_text, show_text
from asstctl.render.test import suite_text
from asstctl.render.text import cells
from tests.render import samples
from tests.render.golden import FOLDER, expected

COLOR = Look(color=True)
FOUND = {"assistant": 2, "function": 1, "conversation": 4}

ERRORS: Mapping[str, AsstctlError] = {
    "error-unreachable": Unreachable(
        "cannot reach 127.0.0.1:8000 (target staging)",
        detail="connection refused, 3 tries in 1.2 s",
        hint="Is the server running? Check with: asstctl doctor --target staging",
        request_id="req_1",
    ),
    "error-refused": Refused(
        "two things are in the way of what you asked for, and this sentence about them takes more than one line",
        detail="first\nsecond",
    ),
    "error-invalid": InvalidInput(samples.DIAGNOSTICS[2:4]),
}


def applied(target: TargetInfo, report: ApplyReport, look: Look = PLAIN) -> str:
    plan = samples.PLANS["plan-update"]
    lines = [outcome_text(outcome, address_column(plan) + 4, look) for outcome in report.outcomes]
    return "".join(lines) + report_text(report, target, look)


def texts(look: Look) -> dict[str, Callable[[], str]]:
    """Every text that there is, by the name of its golden file."""
    return {
        **{name: (lambda p=plan: plan_text(p, look)) for name, plan in samples.PLANS.items()},
        **{name: (lambda r=report: applied(*r, look)) for name, report in samples.REPORTS.items()},
        **{name: (lambda s=suite: suite_text(s, look)) for name, suite in samples.SUITES.items()},
        **{name: (lambda e=error: error_text(e, look)) for name, error in ERRORS.items()},
        "validate-errors": lambda: validation_text(samples.DIAGNOSTICS, 7, FOUND, look),
        "validate-warnings": lambda: validation_text(samples.DIAGNOSTICS[4:5], 7, FOUND, look),
        "validate-valid": lambda: validation_text((), 7, {**FOUND, "function": 0}, look),
        "validate-one-file": lambda: validation_text((), 1, {}, look),
        "problems-notes": lambda: problems_text(samples.DIAGNOSTICS[-1:], look),
        "list": lambda: list_text(samples.ROWS, "staging", look),
        "list-empty": lambda: list_text((), "staging", look),
        "list-ids": lambda: ids_text(samples.ROWS, look),
        "show": lambda: show_text(samples.SHOWN, look),
        "show-short": lambda: show_text(
            replace(samples.SHOWN, id="", status="not created", created_at=None, fields={"top_p": 1}), look
        ),
    }


DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "plan-update": lambda: plan_json(samples.PLANS["plan-update"]),
    "plan-every-action": lambda: plan_json(samples.PLANS["plan-every-action"]),
    "apply-troubled": lambda: apply_json(samples.REPORTS["apply-troubled"][1], samples.STAGING),
    "test-every-end": lambda: suite_json(samples.SUITES["test-every-end"]),
    "validate-errors": lambda: validation_json(samples.DIAGNOSTICS, 7, FOUND),
    "list": lambda: list_json(samples.ROWS, "staging"),
    "list-ids": lambda: ids_json(samples.ROWS, "staging"),
    "show": lambda: show_json(samples.SHOWN),
    **{name: (lambda e=error: error_json(e)) for name, error in ERRORS.items()},
}


@pytest.mark.parametrize("name", texts(PLAIN))
def test_text(name: str) -> None:
    """Every result reads as its golden file says."""
    actual = texts(PLAIN)[name]()

    assert expected(f"{name}.txt", actual) == actual


@pytest.mark.parametrize("name", ["plan-update", "apply-troubled", "test-every-end", "validate-errors", "list"])
def test_text_in_colour(name: str) -> None:
    """On a terminal the same results carry colours where they mean something."""
    actual = texts(COLOR)[name]().replace("\x1b", "ESC")

    assert expected(f"{name}.color.txt", actual) == actual


@pytest.mark.parametrize("name", ["plan-update", "test-failed"])
def test_text_in_ascii(name: str) -> None:
    """On a stream that has no ✓ our own signs are ASCII; what users wrote stays as it is."""
    actual = texts(Look(glyphs=ASCII))[name]()

    assert not set("✓✗·…") & set(actual)
    assert expected(f"{name}.ascii.txt", actual) == actual


@pytest.mark.parametrize("name", DOCUMENTS)
def test_json(name: str) -> None:
    """Every result as JSON is as its golden file says, and is JSON with a schema first."""
    actual = DOCUMENTS[name]()

    assert next(iter(json.loads(actual).items()))[0] == "schema"
    assert expected(f"{name}.json", actual) == actual


@pytest.mark.parametrize("name", texts(PLAIN))
def test_eighty_columns_hold(name: str) -> None:
    """No line is wider than 80 columns, apart from a closing line and from a name or JSON that cannot break."""
    for text in texts(PLAIN)[name]().splitlines()[:-1]:
        longest = max((cells(word) for word in re.split(r"\s+", text)), default=0)
        is_json = re.match(r' +"[a-z_]+": "', text)

        assert cells(text) <= 80 or longest > 40 or is_json, text


@pytest.mark.parametrize("name", texts(PLAIN))
def test_a_text_is_clean(name: str) -> None:
    """A text ends with one newline, its lines have no blanks at the end, and nothing in it acts."""
    text = texts(PLAIN)[name]()

    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    for row in text.splitlines():
        assert row == row.rstrip()
        assert row.isprintable()


@pytest.mark.parametrize("name", texts(PLAIN))
def test_colour_changes_no_word(name: str) -> None:
    """Without its escape sequences a coloured text is the plain one, the marks around changed words aside."""

    def bare(text: str) -> str:
        return re.sub(r"\s+", "", re.sub(r"\x1b\[\d*m|\[-|-\]|\{\+|\+\}|\|", "", text))

    colored, plain = texts(COLOR)[name](), texts(PLAIN)[name]()

    assert bare(colored) == bare(plain)


def test_every_golden_file_is_used() -> None:
    """No golden file outlives its sample."""
    used = {f"{name}.txt" for name in texts(PLAIN)} | {f"{name}.json" for name in DOCUMENTS}
    kept = {path.name for path in FOLDER.iterdir() if not path.name.endswith((".color.txt", ".ascii.txt"))}

    assert kept == used


def test_env_lines() -> None:
    """`list --ids --format env` gives lines for shells and .env files; what is not ours is not in them."""
    assert ids_env(samples.ROWS) == (
        "ASSTCTL_GUAGUA_ID=asst_xi4KpQ8rTz2VdmzkWv3LdmzK\n"
        "ASSTCTL_MATH_TUTOR_ID=asst_7fK2aaaaaaaaaaaaaaaabbbb\n"
        "ASSTCTL_VECTOR_STORE_HANDBOOK_ID=vs_1\n"
    )


def test_env_ids_cannot_run_anything() -> None:
    """An id is the provider's text: in a line that a shell may read it is quoted."""
    row = replace(samples.ROWS[0], id="a b\n$(reboot)")

    assert ids_env([row]) == "ASSTCTL_GUAGUA_ID='a b\\n$(reboot)'\n"


def test_two_keys_of_one_env_name_are_refused() -> None:
    """`a-b` and `a_b` would both be ASSTCTL_A_B_ID, and the second would win in silence."""
    rows = [replace(samples.ROWS[0], address=samples.Address("assistant", key)) for key in ("a-b", "a_b")]

    with pytest.raises(Refused, match="ASSTCTL_A_B_ID"):
        ids_env(rows)


@pytest.mark.parametrize(
    "name, question",
    [
        ("plan-create", "Apply 1 change to local? Only 'yes' is accepted: "),
        ("plan-every-action", "Apply 7 changes to production-eu and refresh 1 mark? Only 'yes' is accepted: "),
    ],
)
def test_apply_question(name: str, question: str) -> None:
    """What apply asks names the number of changes and the target."""
    assert apply_question(samples.PLANS[name]) == question
