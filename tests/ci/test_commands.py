"""What each `ci` command leaves and tells: files, outputs, annotations; on runners of forges and without one."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from asstctl.cli import run as cli_run
from asstctl.core.exit_codes import ExitCode
from tests.ci.conftest import APPLY_WORKFLOW, KIND, TUTOR, Desk
from tests.ci.runner import outputs_in
from tests.forges.gitlab import GitLab
from tests.forges.gitlab import running as gitlab_running

FAILING = """\
assistant: tutor
turns:
  - user: What is 2 + 2?
    expect: {contains: "4 apples"}
"""

gitlab = pytest.fixture(gitlab_running)


def names(folder: str | Path) -> set[str]:
    return {one.name for one in Path(folder).iterdir()}


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (("validate",), {"validate.md", "validate.sarif"}),
        (("plan",), {"plan.json", "plan.md", "plan.html", "record.json"}),
        (("test",), {"test.md", "test.html", "junit.xml", "results.jsonl"}),
        (("drift",), {"drift.json", "drift.md", "drift.html"}),
        (("apply",), {"apply.json", "apply.md"}),
    ],
)
def test_a_command_leaves_its_files(desk: Desk, words: tuple[str, ...], left: set[str]) -> None:
    """In a folder of its own, with a forge and without one."""
    kept = "local" if words == ("plan",) else f"local.{words[0]}"

    assert desk.ci(None, *words).code == 0
    assert names(f".asstctl/ci/{kept}") == left
    ran = desk.ci(desk.repository.run("push"), *words, "--label", "school", "--out", "out")
    assert ran.code == 0
    assert names("out") == left
    assert ran.told["artifact"] == f"asstctl-{kept.replace('local', 'school')}"
    assert ran.told["folder"] == str(desk.git.path / "out")


def test_what_a_checkout_brought_is_not_kept_as_ours(desk: Desk) -> None:
    """Files of our names are gone before anything can go wrong; others stay."""
    pull = desk.proposed(
        {"out/record.json": "{}", "out/plan.md": "x", "out/mine.txt": "mine", "assistants/a.yaml": "a: ["}
    )

    ran = desk.ci(pull.run(), "plan", "--out", "out")

    assert ran.code == 1
    assert names("out") == {"mine.txt"}


@pytest.mark.parametrize("place", ["out/leak", "out/deeper/leak"])
def test_a_folder_with_a_link_in_it_is_refused(desk: Desk, tmp_path: Path, place: str) -> None:
    """What keeps the folder as an artifact would read what the link leads to, with the environment of the job."""
    link = desk.git.path / place
    link.parent.mkdir(parents=True)
    link.symlink_to("/proc/self/environ")
    run = desk.repository.run("schedule")

    ran = desk.ci(run, "drift", "--out", "out")

    assert ran.code == 1
    assert "leak is a link" in ran.said
    assert "artifact" not in ran.told


def test_a_folder_that_leads_elsewhere_is_refused(desk: Desk, tmp_path: Path) -> None:
    """A link in the checkout would have us write where it pleases."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (desk.git.path / "out").symlink_to(elsewhere)

    ran = desk.ci(None, "plan", "--out", "out/deeper")

    assert ran.code == 1
    assert "leads elsewhere" in ran.said
    assert names(elsewhere) == set()


def test_a_folder_above_is_told_without_dots(desk: Desk) -> None:
    """What keeps it as an artifact takes no path with `..` in it."""
    ran = desk.ci(desk.repository.run("push"), "plan", "--out", "out/../../beside")

    assert ran.told["folder"] == str(desk.git.path.parent / "beside")
    assert "plan.json" in names(desk.git.path.parent / "beside")


def test_a_folder_that_cannot_be_made_is_said(desk: Desk) -> None:
    (desk.git.path / "taken").write_text("a file")

    ran = desk.ci(None, "plan", "--out", "taken/deeper")

    assert ran.code == 1
    assert "nothing can be left in" in ran.said


@pytest.mark.parametrize(
    ("files", "words", "reason", "annotation"),
    [
        ({"asstctl.yaml": "version: 1\nproject: [\n"}, ("plan",), "invalid-input", "::error file=asstctl.yaml,line=2,"),
        ({"assistants/tutor.yaml": "a: ["}, ("plan",), "invalid-input", "::error file=assistants/tutor.yaml,line=1,"),
        ({}, ("plan", "--target", "nowhere"), "usage", "::error title=there is no target"),
        ({}, ("plan", "--label", "a.b"), "refused", "::error title='a.b' cannot be a label"),
        ({}, ("plan", "--expect", "x"), "usage", "::error title=--expect"),
        ({}, ("apply", "--expect", "x"), "usage", "::error title=--expect"),
        ({}, ("test", "--list"), "usage", "::error title=--list"),
        ({}, ("drift", "--all-targets", "--target", "local"), "usage", "::error title=--all-targets"),
    ],
)
def test_what_stops_a_command_before_it_begins_is_told_too(
    desk: Desk, files: dict[str, str | None], words: tuple[str, ...], reason: str, annotation: str
) -> None:
    """As everything else is that stops one: to later steps, to the page of the run, and at the lines."""
    desk.git.commit({**files, "README.md": "A school"})

    ran = desk.ci(desk.repository.run("push"), *words)

    assert ran.code in {1, 64}
    assert ran.told["failure-reason"] == reason
    assert annotation in ran.out
    assert ran.summary.startswith("### Stopped")


def test_a_job_that_is_cancelled_says_so(desk: Desk, tmp_path: Path) -> None:
    """While the target is asked and does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        target = f"{{provider: assistants, base_url: '{url}', api_key: {{env: K}}}}"
        desk.git.commit({"asstctl.yaml": f"version: 1\nproject: school\ntargets: {{prod: {target}}}\n"})
        told = desk.repository.run("push").environ(tmp_path / "runner")
        environ = {**told, "PATH": os.environ["PATH"], "K": "k", "ASSTCTL_ALLOW_ENV": "K"}
        command = [sys.executable, "-m", "asstctl", "ci", "plan", "--target", "prod"]
        planning = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with server.accept()[0]:
            planning.send_signal(signal.SIGINT)
            said = planning.communicate(timeout=30)[0].decode()

    assert planning.returncode == ExitCode.INTERRUPTED, said
    outputs = dict(outputs_in(Path(told["GITHUB_OUTPUT"]).read_text("utf-8")))
    assert (outputs["failure-reason"], outputs["artifact"]) == ("interrupted", "asstctl-prod")


@pytest.mark.parametrize("name", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
def test_a_file_of_the_runner_that_takes_nothing_keeps_nobody_else_from_being_told(desk: Desk, name: str) -> None:
    """What was done stays done, and what it left is kept: by the outputs that say where."""
    pull = desk.proposed({"assistants/tutor.yaml": TUTOR.replace("patient", "kind")})
    desk.planned(pull)
    desk.merged(pull)
    run = desk.repository.run("push", workflow=APPLY_WORKFLOW)

    ran = desk.ci(run, "apply", **{name: "/nowhere/at-all"})

    assert ran.code == 0
    assert "warning: the runner cannot be told: /nowhere/at-all: no such file or directory" in ran.said
    assert ("artifact" in ran.told, bool(ran.summary)) == (name != "GITHUB_OUTPUT", name == "GITHUB_OUTPUT")
    assert "became of its plan" not in ran.said
    assert "journal.jsonl" in names(".asstctl/ci/local.apply")
    assert "kind" in desk.instructions


@pytest.mark.parametrize("label", ["", "a b", "a.b", "a/b", "-->", "x" * 65])
def test_a_label_that_could_be_anything_is_refused(desk: Desk, label: str) -> None:
    """It stands in the names of artifacts and in comments."""
    assert desk.ci(None, "plan", "--label", label or " ").code == 1


def test_annotations_stand_at_lines_of_the_repository(desk: Desk) -> None:
    """A project may lie in a folder of it; SARIF says so too."""
    files = {"asstctl.yaml": None, "assistants/tutor.yaml": None, "assistants/tutor.convo.yaml": None}
    project = "version: 1\nproject: school\n"
    pull = desk.proposed(
        {**files, "bots/asstctl.yaml": project, "bots/assistants/tutor.yaml": KIND.replace("key:", "kye:")}
    )

    ran = desk.ci(pull.run(), "validate", "-C", "bots")

    assert "::error file=bots/assistants/tutor.yaml,line=2,col=1" in ran.out
    desk.monkeypatch.chdir(desk.git.path)
    (sarif,) = desk.git.path.rglob("validate.sarif")
    (result,) = json.loads(sarif.read_text("utf-8"))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "bots/assistants/tutor.yaml"


def test_an_expectation_that_is_not_met_is_shown_at_its_line(desk: Desk) -> None:
    """With its reports, and with a comment that says so."""
    pull = desk.proposed({"assistants/tutor.convo.yaml": FAILING})

    ran = desk.ci(pull.run(), "test", "--comment", "changes")

    assert (ran.code, ran.told["failure-reason"]) == (1, "test-failed")
    assert "::error file=assistants/tutor.convo.yaml,line=4" in ran.out
    (comment,) = pull.comments
    assert comment["body"].startswith("<!-- asstctl:test:local -->\n")
    assert "1 failed" in comment["body"]
    assert "1 failed" in ran.summary
    assert names(ran.told["folder"]) == {"test.md", "test.html", "junit.xml", "results.jsonl"}


def test_options_of_test_are_options_of_ci_test(desk: Desk) -> None:
    """A report can go elsewhere, and what plays nothing is refused."""
    assert desk.ci(None, "test", "-k", "tutor", "--junit", "mine.xml", "--no-skips").code == 0
    assert Path("mine.xml").exists()
    listing = desk.ci(None, "test", "--list")
    assert (listing.code, "asstctl test --list" in listing.said) == (64, True)


def test_a_plan_that_is_not_the_expected_one_fails(desk: Desk) -> None:
    """It is left and told all the same."""
    pull = desk.proposed({"assistants/tutor.yaml": KIND})
    first = desk.ci(pull.run(), "plan")

    same = desk.ci(pull.run(), "plan", "--expect", first.told["plan-digest"])
    other = desk.ci(pull.run(), "plan", "--expect", f"sha256:{'0' * 64}")

    assert (same.code, other.code) == (0, 1)
    assert other.told["failure-reason"] == "plan-changed"
    assert other.told["plan-digest"] == first.told["plan-digest"]
    assert "record.json" in names(other.told["folder"])
    assert "1 to update" in pull.comments[0]["body"]


def test_a_blocked_object_is_a_warning_and_is_counted(desk: Desk) -> None:
    """A name that is taken blocks a create."""
    pull = desk.proposed({"assistants/twin.yaml": TUTOR.replace("key: tutor", "key: twin")})
    _without_mark(desk)

    ran = desk.ci(pull.run(), "plan")

    assert ran.told["blocked"] != "0"
    assert "::warning file=assistants/t" in ran.out


def _without_mark(desk: Desk) -> None:
    import sqlite3

    with sqlite3.connect(desk.git.path / ".asstctl/local.db") as store:
        ((id, body),) = store.execute("select id, body from assistants").fetchall()
        store.execute(
            "update assistants set body = ? where id = ?", (json.dumps({**json.loads(body), "metadata": {}}), id)
        )


def test_drift_of_several_targets_is_told_by_target(desk: Desk) -> None:
    """One that gives no answer is not taken for one without drift."""
    targets = "{local: {provider: local}, far: {provider: assistants, base_url: 'http://127.0.0.1:9/v1'}}"
    desk.git.commit({"asstctl.yaml": f"version: 1\nproject: school\ntargets: {targets}\n"})

    ran = desk.ci(desk.repository.run("schedule"), "drift", "--all-targets")

    assert (ran.code, ran.told["failure-reason"]) == (3, "no-answer")
    assert "No drift." in ran.out
    assert "unreachable" in ran.said
    assert ran.told["artifact"] == "asstctl-all.drift"
    assert desk.ci(None, "drift", "--target", "local", "--target", "local").code == 0
    assert desk.ci(None, "drift", "--target", "local", "--all-targets").code == 64


def test_ci_alone_explains_itself(desk: Desk) -> None:
    """And what is no word of it is met with the nearest that is."""
    assert "asstctl ci plan" in desk.ci(None).out
    near = desk.ci(None, "plam")
    assert (near.code, "did you mean ci plan?" in near.said) == (64, True)


def test_json_stands_alone_on_stdout(desk: Desk) -> None:
    """What is for the runner goes where it looks, too."""
    pull = desk.proposed({"assistants/tutor.yaml": KIND})

    ran = desk.ci(pull.run(), "plan", "--format", "json")

    assert json.loads(ran.out)["digest"] == ran.told["plan-digest"]
    assert "::notice file=assistants/tutor.yaml" in ran.err


def test_gitlab_is_told_by_files(desk: Desk, gitlab: GitLab) -> None:
    """The same command leaves variables for later jobs and a code quality report, and comments."""
    project = gitlab.project("octo/desk", desk.git)
    pull_request = desk.proposed({"assistants/tutor.yaml": KIND})
    request = project.pull("change")

    ran = desk.ci(None, "plan", "--out", "ci", **request.environ())

    assert ran.code == 0, ran
    assert pull_request.comments == []
    assert "ASSTCTL_CHANGES=true" in Path("ci/asstctl.env").read_text("utf-8").splitlines()
    (finding,) = json.loads(Path("ci/gl-code-quality-report.json").read_text("utf-8"))
    assert finding["location"]["path"] == "assistants/tutor.yaml"
    assert request.comments[0]["body"].startswith("<!-- asstctl:plan:local -->")


def test_gitlab_vouches_for_no_plan_and_says_so(desk: Desk, gitlab: GitLab) -> None:
    """The digest is named there."""
    project = gitlab.project("octo/desk", desk.git)
    desk.git.commit({"assistants/tutor.yaml": KIND}, branch="change")
    request = project.pull("change")
    request.merge()
    desk.git.git("checkout", "-q", "main")
    environ = project.environ("push", branch="main")

    ran = desk.ci(None, "apply", **environ)

    assert ran.code == 1
    assert "no run of this forge leaves anything that it vouches for" in ran.said
    named = ran.said.rpartition("--expect ")[2].split()[0]
    assert desk.ci(None, "apply", "--expect", named, **environ).code == 0
    assert cli_run(["plan", "--detailed-exitcode"]) == 0


def test_an_approval_on_gitlab_is_not_called_outdated(desk: Desk, gitlab: GitLab) -> None:
    """Nobody can say of which plan it was."""
    project = gitlab.project("octo/desk", desk.git)
    desk.git.commit({"assistants/tutor.yaml": KIND}, branch="change")
    request = project.pull("change")
    request.approved.append("ada")

    desk.ci(None, "plan", **request.environ())

    assert "outdated" not in request.comments[0]["body"]


def test_a_digest_needs_no_token_on_gitlab(desk: Desk, gitlab: GitLab) -> None:
    """The token is for the comment, and for whether the branch has moved on."""
    project = gitlab.project("octo/desk", desk.git)
    desk.git.commit({"assistants/tutor.yaml": KIND})
    early = project.environ("push", branch="main")
    digest = json.loads(desk.ci(None, "plan", "--format", "json").out)["digest"]
    desk.git.commit({"README.md": "A school"})
    late = project.environ("push", branch="main")

    moved = desk.ci(None, "apply", "--expect", digest, **early)
    assert (moved.code, "came later" in moved.said) == (1, True)
    assert desk.ci(None, "apply", "--expect", digest, **{**late, "GITLAB_TOKEN": ""}).code == 0
    assert cli_run(["plan", "--detailed-exitcode"]) == 0


ACTING = """\
::error::one
##[error]two
  ::add-mask::three
::stop-commands::four
##vso[task.setvariable variable=five]six
\x1b[31m\u202eseven\u2028::error::eight"""


@pytest.mark.parametrize("word", ["validate", "plan", "test"])
def test_nothing_that_a_file_says_acts_on_the_runner(desk: Desk, word: str) -> None:
    """Names, texts, replies, diagnostics and names of files: the only commands in the log are annotations of ours."""
    talk = f"assistant: tutor\nturns: [{{user: {json.dumps(ACTING)}, expect: {{equals: {json.dumps(ACTING)}}}}}]\n"
    files = {
        "assistants/tutor.yaml": KIND.replace("You are a kind tutor.", json.dumps(ACTING)),
        "assistants/tutor.convo.yaml": talk.replace("equals", "contains") + f"---\n{talk}".replace("equals", "iequals"),
    }
    named = {
        "assistants/::error file=x::y.yaml": f"kind: assistant\nkey: {json.dumps(ACTING)}\n{json.dumps(ACTING)}: 1\n"
    }

    for more in ({}, named):
        pull = desk.proposed({**files, **more})
        ran = desk.ci(pull.run(), word)
        lines = (ran.out + ran.err).split("\n")
        assert len(ran.out) > 100
        acting = [one for one in lines if one.lstrip().startswith("::") or "##[" in one or "##vso[" in one.lower()]
        assert [
            one for one in acting if not one.startswith(("::error file=", "::notice file=", "::error title="))
        ] == []
        assert not {"\x1b", "\u202e", "\u2028", "\r"} & set(ran.out + ran.err)
