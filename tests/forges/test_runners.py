"""What runners are told: outputs, summaries, annotations."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.diagnostic import Diagnostic, Severity, Where
from asstctl.core.forge import ToRunner
from asstctl.forges import annotations, outputs, summary
from asstctl.forges.gitlab.runner import CODE_QUALITY, DOTENV, DOTENV_LIMIT

GITHUB = {"GITHUB_OUTPUT": "/runner/output", "GITHUB_STEP_SUMMARY": "/runner/summary"}
MIB = 1024 * 1024


def outputs_of(text: str) -> Iterator[tuple[str, str]]:
    """The outputs that GitHub's runner reads in its file."""
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, mark, end = line.partition("<<")
        assert mark, line
        value = []
        for inner in lines:
            if inner == end:
                break
            value.append(inner)
        yield name, "\n".join(value)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z-]{0,9}", fullmatch=True), st.text() | st.just("a\nb<<c\nx=1\nc")))
def test_an_output_is_read_back_as_it_was_and_forges_no_other(values: dict[str, str]) -> None:
    [written] = outputs("github", GITHUB, values).files

    assert (written.path, written.add) == ("/runner/output", True)
    assert dict(outputs_of(written.text)) == values


def test_the_word_at_which_an_output_ends_is_never_the_same() -> None:
    one, two = (outputs("github", GITHUB, {"a": "1"}).files[0].text for _ in range(2))

    assert one != two


@pytest.mark.parametrize("told", [outputs("github", {}, {"a": "1"}), summary("github", {}, "text")])
def test_a_runner_that_names_no_file_is_said_not_to(told: ToRunner) -> None:
    assert told.files == ()
    assert "is not set" in told.notes[0]


def test_a_summary_is_added_to_the_page_of_the_run() -> None:
    told = summary("github", GITHUB, "# Plan")

    [written] = told.files
    assert (written.path, written.text, written.add, told.notes) == ("/runner/summary", "# Plan\n", True, ())


@pytest.mark.parametrize("text, whole", [("a" * MIB, True), ("a" * (MIB + 1), False), ("é" * (MIB // 2 + 1), False)])
def test_a_summary_that_is_too_large_says_so_in_its_place(text: str, whole: bool) -> None:
    told = summary("github", GITHUB, text)

    [written] = told.files
    assert (text in written.text, told.notes == ()) == (whole, whole)
    assert whole or str(MIB) in written.text


WHERE = Where("bots/tutor.yaml", 3, 5, 7)


def diagnostic(severity: Severity = Severity.ERROR, where: Where | None = WHERE, **said: str) -> Diagnostic:
    return Diagnostic(
        severity, said.get("code", "bad-type"), said.get("summary", "no"), where, detail="why", hint="how"
    )


@pytest.mark.parametrize(
    "one, line",
    [
        (diagnostic(), "::error file=bots/tutor.yaml,line=3,col=5,endColumn=12,title=no::why%0Ahow"),
        (diagnostic(Severity.WARNING), "::warning file=bots/tutor.yaml,line=3,col=5,endColumn=12,title=no::why%0Ahow"),
        (diagnostic(Severity.NOTE), "::notice file=bots/tutor.yaml,line=3,col=5,endColumn=12,title=no::why%0Ahow"),
        (diagnostic(where=Where("a.yaml")), "::error file=a.yaml,line=1,col=1,title=no::why%0Ahow"),
        (diagnostic(where=None), "::error title=no::why%0Ahow"),
        (
            Diagnostic(Severity.ERROR, "x", "50% of a: b, c\r\nd"),
            "::error title=50%25 of a%3A b%2C c%0D%0Ad::50%25 of a: b, c%0D%0Ad",
        ),
        (diagnostic(where=Where("a,b:c.yaml")), "::error file=a%2Cb%3Ac.yaml,line=1,col=1,title=no::why%0Ahow"),
    ],
)
def test_a_diagnostic_is_one_workflow_command(one: Diagnostic, line: str) -> None:
    assert annotations("github", {}, [one]).lines == (line,)


@given(st.text(), st.text(), st.text())
def test_no_text_begins_another_command_or_property(summary: str, detail: str, path: str) -> None:
    [line] = annotations("github", {}, [Diagnostic(Severity.ERROR, "x", summary, Where(path), detail=detail)]).lines
    about, _, said = line.removeprefix("::error ").partition("::")

    assert not {"\n", "\r"} & set(line)
    assert [one.partition("=")[0] for one in about.split(",")] == ["file", "line", "col", "title"]
    unescaped = said.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    assert unescaped == (detail or summary)


def test_of_each_level_as_many_are_shown_as_the_host_keeps_and_the_rest_is_counted() -> None:
    errors = [diagnostic(summary=str(n)) for n in range(13)]
    warnings = [diagnostic(Severity.WARNING) for _ in range(10)]
    notes = [diagnostic(Severity.NOTE) for _ in range(11)]

    told = annotations("github", {}, [*notes, *errors, *warnings])

    assert len(told.lines) == 30
    assert [line for line in told.lines if line.startswith("::error")][-1].endswith("title=9::why%0Ahow")
    assert told.notes == (
        "GitHub shows 10 annotations of each level: 3 more of level error, 1 more of level notice are not shown",
    )


# GitLab


def test_outputs_are_variables_of_later_jobs() -> None:
    [written] = outputs("gitlab", {}, {"plan-digest": "sha256:1", "changes": "true"}).files

    assert (written.path, written.add) == (DOTENV, False)
    assert written.text == "ASSTCTL_CHANGES=true\nASSTCTL_PLAN_DIGEST=sha256:1\n"


@pytest.mark.parametrize(
    "value", ["a\nASSTCTL_CHANGES=false", "a\r\nb", "a\x85b", "a\u2028b", " a", "a\n", "x" * DOTENV_LIMIT]
)
def test_a_value_that_a_dotenv_report_cannot_hold_is_left_out_and_named(value: str) -> None:
    told = outputs("gitlab", {}, {"ids": value, "changes": "true"})

    assert told.files[0].text == "ASSTCTL_CHANGES=true\n"
    assert told.notes[0].startswith("ids: ")


def test_a_dotenv_report_stays_below_what_the_host_takes() -> None:
    told = outputs("gitlab", {}, {f"v{n}": "x" * 1000 for n in range(9)})

    assert 4000 < len(told.files[0].text.encode()) <= DOTENV_LIMIT
    assert told.files[0].text.count("=") + told.notes[0].split(":")[0].count("v") == 9


def test_a_value_that_has_no_place_takes_none_of_another() -> None:
    told = outputs("gitlab", {}, {"ids": "\n" * 3000, "digests": "x" * 4000})

    assert told.files[0].text == f"ASSTCTL_DIGESTS={'x' * 4000}\n"


def test_annotations_are_a_code_quality_report() -> None:
    told = annotations("gitlab", {}, [diagnostic(), diagnostic(Severity.WARNING), diagnostic(where=None)])

    [written] = told.files
    found = json.loads(written.text)
    assert (written.path, written.add, told.lines) == (CODE_QUALITY, False, ())
    assert [one["severity"] for one in found] == ["major", "minor"]
    assert found[0]["location"] == {"path": "bots/tutor.yaml", "lines": {"begin": 3}}
    assert (found[0]["check_name"], found[0]["description"]) == ("bad-type", "no: why")


def test_a_finding_keeps_its_fingerprint_and_shares_it_with_no_other() -> None:
    def fingerprints(*found: Diagnostic) -> list[str]:
        [written] = annotations("gitlab", {}, found).files
        return [one["fingerprint"] for one in json.loads(written.text)]

    one, two = diagnostic(), diagnostic(summary="other")
    assert fingerprints(one) == fingerprints(one)
    assert len({*fingerprints(one, two)}) == 2


def test_a_job_has_no_page_of_its_own() -> None:
    assert summary("gitlab", {}, "# Plan") == ToRunner()
