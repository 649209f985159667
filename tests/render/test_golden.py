"""What every result looks like, as text, in colour, in ASCII and as JSON; the files are in golden/."""

import json
import re
from collections.abc import Callable, Mapping

import pytest

from asstctl._version import __version__
from asstctl.core.errors import AsstctlError, InvalidInput, Refused, Unreachable
from asstctl.core.inventory import Ids, Inventory
from asstctl.core.outcome import Applied, ApplyReport
from asstctl.core.plans import PlanChanged
from asstctl.core.pull import Pulled
from asstctl.core.runs import Runs
from asstctl.core.suite import SuiteResult
from asstctl.render import TEXT, view
from asstctl.render.apply import address_column, applied_text, outcome_text
from asstctl.render.coverage import coverage_lines
from asstctl.render.diagnostics import problems_text
from asstctl.render.env import ids_env
from asstctl.render.plan import apply_question
from asstctl.render.pull import found_text, pulled_text
from asstctl.render.style import ASCII, PLAIN, Look
from asstctl.render.test import suite_text
from asstctl.render.text import cells, written
from tests.render import samples
from tests.render.compared_samples import COMPARED
from tests.render.coverage_samples import COVERAGES
from tests.render.doctor_samples import EXAMINATIONS
from tests.render.explain_samples import EXPLANATIONS
from tests.render.golden import FOLDER, expected
from tests.render.migrate_samples import MIGRATIONS
from tests.render.pull_samples import PULLS
from tests.render.report_samples import REPORTS

COLOR = Look(color=True)

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
    "error-plan-changed": PlanChanged(
        samples.CONTRASTS,
        detail="nothing was changed",
        hint="look at the plan of now and approve that: asstctl plan --target staging --out plan.json",
    ),
}


RESULTS: Mapping[str, object] = {
    **samples.PLANS,
    **samples.DRIFTS,
    **samples.BESIDE,
    **samples.REPORTS,
    **samples.SUITES,
    **COMPARED,
    **samples.VALIDATIONS,
    **ERRORS,
    **PULLS,
    **MIGRATIONS,
    **EXAMINATIONS,
    **EXPLANATIONS,
    "list": samples.LISTED,
    "list-empty": Inventory(samples.STAGING, ()),
    "list-ids": samples.IDS,
    "runs": samples.RUNS,
    "runs-none": Runs(()),
    "show": samples.SHOWN,
    "show-store": samples.SHOWN_STORE,
    "show-short": samples.SHOWN_SHORT,
    "show-losses": samples.SHOWN_LOSSES,
    "show-differs": samples.SHOWN_DIFFERS,
}
"""Every sample by the name of its golden files."""


def text_of(result: object, look: Look) -> str:
    """All that is printed of a result, what is told while it comes about included."""
    match result:
        case Applied(report=ApplyReport(outcomes=outcomes)):
            column = address_column(samples.PLANS["plan-update"]) + 4
            return "".join(outcome_text(o, column, look) for o in outcomes) + applied_text(result, look)
        case SuiteResult():
            return suite_text(result, look)
        case Pulled():
            return found_text(result, look) + pulled_text(result, look)
    return view(result, TEXT)(result, look)


def texts(look: Look) -> dict[str, Callable[[], str]]:
    """Every text that there is, by the name of its golden file."""
    return {
        **{name: (lambda r=result: text_of(r, look)) for name, result in RESULTS.items()},
        **{name: (lambda c=coverage: written(coverage_lines(c, look), look)) for name, coverage in COVERAGES.items()},
        "problems-notes": lambda: problems_text(samples.DIAGNOSTICS[-1:], look),
    }


DOCUMENTS = [
    "plan-update",
    "plan-every-action",
    "plan-files",
    "plan-decisions",
    "plan-undo",
    "plan-losses",
    "validate-losses",
    "show-losses",
    "drift",
    "plans",
    "pull-troubled",
    "migrate-report",
    "doctor-troubled",
    "apply-troubled",
    "test-every-end",
    "test-compared-target",
    "validate-errors",
    "list",
    "list-ids",
    "runs",
    "show",
    "show-differs",
    "explain",
    "explain-unseen",
    "show-store",
    *ERRORS,
]


@pytest.mark.parametrize("name", texts(PLAIN))
def test_text(name: str) -> None:
    """Every result reads as its golden file says."""
    actual = texts(PLAIN)[name]()

    assert expected(f"{name}.txt", actual) == actual


@pytest.mark.parametrize(
    "name", ["plan-update", "apply-troubled", "test-every-end", "validate-errors", "list", "doctor-troubled"]
)
def test_text_in_colour(name: str) -> None:
    """On a terminal the same results carry colours where they mean something."""
    actual = texts(COLOR)[name]().replace("\x1b", "ESC")

    assert expected(f"{name}.color.txt", actual) == actual


@pytest.mark.parametrize("name", ["plan-knowledge", "plans"])
def test_text_in_full(name: str) -> None:
    """With -v nothing is folded: every file stands there, and every plan below the table."""
    actual = texts(Look(full=True))[name]()

    assert expected(f"{name}.full.txt", actual) == actual


@pytest.mark.parametrize("name", ["plan-update", "test-failed", "doctor-troubled"])
def test_text_in_ascii(name: str) -> None:
    """On a stream that has no ✓ our own signs are ASCII; what users wrote stays as it is."""
    actual = texts(Look(glyphs=ASCII))[name]()

    assert not set("✓✗·…") & set(actual)
    assert expected(f"{name}.ascii.txt", actual) == actual


@pytest.mark.parametrize("name", DOCUMENTS)
def test_json(name: str) -> None:
    """Every result as JSON is as its golden file says, and is JSON with a schema first."""
    actual = view(RESULTS[name], "json")(RESULTS[name])

    assert next(iter(json.loads(actual).items()))[0] == "schema"
    assert expected(f"{name}.json", actual) == actual


@pytest.mark.parametrize("name", texts(PLAIN))
def test_eighty_columns_hold(name: str) -> None:
    """No line is wider than 80 columns, apart from a closing line and from a name, JSON or a command, to be copied."""
    for text in texts(PLAIN)[name]().splitlines()[:-1]:
        longest = max((cells(word) for word in re.split(r"\s+", text)), default=0)
        is_json = re.match(r' +"[a-z_]+": "', text)

        is_command = text.strip().startswith("asstctl ")

        assert cells(text) <= 80 or longest > 40 or is_json or is_command, text


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


MARKDOWN: Mapping[str, object] = {
    **MIGRATIONS,
    **REPORTS,
    **{
        name: RESULTS[name]
        for name in (
            *("plan-update", "plan-every-action", "plan-files", "plan-undo", "plan-decisions", "plan-nothing"),
            *("drift", "drift-none", "plans", "plans-nothing", "apply-done", "apply-troubled", "apply-interrupted"),
            *("test-every-end", "test-stale", "test-nothing", "test-compared-target"),
            *("validate-errors", "validate-losses", "validate-valid"),
        )
    },
}


@pytest.mark.parametrize("name", MARKDOWN)
def test_markdown(name: str) -> None:
    """What goes into a pull request reads as its golden file says."""
    actual = view(MARKDOWN[name], "markdown")(MARKDOWN[name])

    assert expected(f"{name}.md", actual) == actual


def test_sarif() -> None:
    """What code scanning reads is as its golden file says."""
    actual = view(RESULTS["validate-errors"], "sarif")(RESULTS["validate-errors"])

    assert expected("validate-errors.sarif", actual) == actual


_PAGES = ("plan-update", "report-plan-outdated", "drift", "test-every-end")
HTML = {name: {**RESULTS, **REPORTS}[name] for name in _PAGES}


@pytest.mark.parametrize("name", HTML)
def test_html(name: str) -> None:
    """What a page holds is as its golden file says; how it looks, and which version made it, is not in that."""
    page = re.sub(r"(?s)(<style>|<script>).*?(</style>|</script>)", r"\1\2", view(HTML[name], "html")(HTML[name]))
    actual = re.sub(r"sha256-[\w+/=]+", "sha256-…", page).replace(f"asstctl {__version__}", "asstctl")

    assert expected(f"{name}.html", actual) == actual


def test_every_golden_file_is_used() -> None:
    """No golden file outlives its sample."""
    used = {f"{name}.txt" for name in texts(PLAIN)} | {f"{name}.json" for name in DOCUMENTS}
    used |= {f"{name}.md" for name in MARKDOWN} | {f"{name}.html" for name in HTML} | {"validate-errors.sarif"}
    kept = {path.name for path in FOLDER.iterdir() if not path.name.endswith((".color.txt", ".ascii.txt", ".full.txt"))}

    assert kept == used


def test_env_lines() -> None:
    """`list --ids --format env` gives lines for shells and .env files; what is not there is not in them."""
    assert ids_env(samples.IDS) == (
        "ASSTCTL_GUAGUA_ID=asst_xi4KpQ8rTz2VdmzkWv3LdmzK\n"
        "ASSTCTL_MATH_TUTOR_ID=asst_7fK2aaaaaaaaaaaaaaaabbbb\n"
        "ASSTCTL_OLD_BOT_ID=asst_oldbot0000000000000000\n"
        "ASSTCTL_VECTOR_STORE_HANDBOOK_ID=vs_1\n"
    )


def test_env_ids_cannot_run_anything() -> None:
    """An id is the provider's text: in a line that a shell may read it is quoted."""
    ids = Ids(samples.STAGING, {samples.GUAGUA: "a b\n$(reboot)"})

    assert ids_env(ids) == "ASSTCTL_GUAGUA_ID='a b\\n$(reboot)'\n"


@pytest.mark.parametrize("report", [None, ApplyReport(())])
def test_an_apply_that_did_nothing_says_nothing(report: ApplyReport | None) -> None:
    """The plan above has said it all."""
    assert applied_text(Applied(samples.PLANS["plan-empty"], report)) == ""


@pytest.mark.parametrize("name", ["plan-update", "apply-troubled", "test-every-end", "list", "list-ids", "show"])
def test_every_document_names_its_target_alike(name: str) -> None:
    """`target` is the same object everywhere."""
    document = json.loads(view(RESULTS[name], "json")(RESULTS[name]))

    assert document["target"] == {
        "name": "staging",
        "provider": "assistants",
        "wire": "assistants-v2",
        "dialect": "full wire",
        "place": "127.0.0.1:8000",
        "project": "agiclass",
        "local": False,
    }


@pytest.mark.parametrize(
    "name, question",
    [
        ("plan-create", "Apply 1 change to local? Only 'yes' is accepted: "),
        (
            "plan-every-action",
            "Apply 7 changes (1 delete) to production-eu and refresh 1 mark? Only 'yes' is accepted: ",
        ),
    ],
)
def test_apply_question(name: str, question: str) -> None:
    """What apply asks names the number of changes and the target."""
    assert apply_question(samples.PLANS[name]) == question
