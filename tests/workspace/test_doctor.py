"""`doctor`: what each check finds, what it leaves to the others, and that nothing but reads is sent."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from asstctl.core.doctor import Examination, Finding, Standing
from asstctl.core.errors import AsstctlError, AuthFailed, NotFound, RateLimited, WrongUsage
from asstctl.core.exit_codes import ExitCode
from asstctl.core.models import Offered
from asstctl.core.ports import Provider
from asstctl.core.resource import Listing
from asstctl.workspace.doctor.checks import OF_TARGET, models
from asstctl.workspace.doctor.examine import examine
from asstctl.workspace.doctor.patient import Patient
from asstctl.workspace.model_list import remembered
from asstctl.workspace.workspace import Workspace
from tests.workspace.model_server import ModelServer, model_server

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AGENTS = "{provider: openai, base_url: 'URL'}"
KEYED = "{provider: openai, base_url: 'URL', api_key: {env: KEY}}"
ASSISTANTS = "{provider: assistants, base_url: 'URL'}"
FINE, NOTE, WARNING, UNKNOWN, WRONG = Standing

Project = Callable[..., Workspace]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path, server: ModelServer) -> Project:
    """One target, `far`, and one assistant."""

    def make(target: str = AGENTS, model: str = "gpt-6", environ: Mapping[str, str] | None = None) -> Workspace:
        head = "project: shop\ndefault_target: far\n"
        (tmp_path / "asstctl.yaml").write_text(f"{head}targets:\n  far: {target.replace('URL', server.url)}\n", "utf-8")
        (tmp_path / "assistants").mkdir(exist_ok=True)
        (tmp_path / "assistants/clerk.yaml").write_text(f"kind: assistant\nmodel: {model}\n", "utf-8")
        return Workspace(tmp_path, environ=environ or {}, now=lambda: NOW)

    return make


def found_by(examination: Examination) -> list[tuple[str, Standing, str]]:
    (target,) = examination.targets
    return [(one.check, one.standing, one.summary) for one in target.findings]


def check_said(found: list[tuple[str, Standing, str]], expected: list[tuple[str, Standing, str]]) -> None:
    assert [(check, standing) for check, standing, _ in found] == [(check, standing) for check, standing, _ in expected]
    assert [said for (*_, said), (*_, part) in zip(found, expected, strict=True) if part not in said] == []


DIALECT = (("dialect", FINE, "Agents API (agents-v1)"), ("dialect", NOTE, ""))
LISTED = ("reachability", FINE, "answers, and lists 0 assistants")
NO_KEY = ("key", FINE, "none is configured")
HOLDS = ("capabilities", FINE, "it holds and does all that the files say")
ABSENT = ("objects", FINE, "0 of 1 declared object there")

Row = tuple[dict[str, Any], dict[str, Any], list[tuple[str, Standing, str]], ExitCode]
TABLE: dict[str, Row] = {
    "all is well": (
        {},
        {},
        [NO_KEY, LISTED, *DIALECT, HOLDS, ABSENT, ("models", FINE, "gpt-6 is listed")],
        ExitCode.DONE,
    ),
    "a key that is set": (
        {"target": KEYED, "environ": {"KEY": "sk-x"}},
        {},
        [("key", FINE, "KEY is set"), LISTED, *DIALECT, HOLDS, ABSENT, ("models", FINE, "gpt-6 is listed")],
        ExitCode.DONE,
    ),
    "a key that is not set: nothing else is claimed": (
        {"target": KEYED},
        {},
        [("key", WRONG, "KEY is not set")],
        ExitCode.FAILED,
    ),
    "a key that ASSTCTL_ALLOW_ENV withholds": (
        {"target": KEYED, "environ": {"KEY": "sk-x", "ASSTCTL_ALLOW_ENV": "OTHER"}},
        {},
        [("key", WRONG, "KEY counts as not set")],
        ExitCode.FAILED,
    ),
    "a key that must not go there": (
        {
            "target": "{provider: assistants, base_url: 'https://far.example/v1', api_key: {env: KEY}}",
            "environ": {"KEY": "sk-x", "CI": "true"},
        },
        {},
        [("key", WRONG, "no key goes to far.example from here")],
        ExitCode.FAILED,
    ),
    "nobody there": (
        {"target": "{provider: openai, base_url: 'http://127.0.0.1:9/v1'}"},
        {},
        [NO_KEY, ("reachability", UNKNOWN, "cannot reach 127.0.0.1:9")],
        ExitCode.INCONCLUSIVE,
    ),
    "a key that is refused": (
        {},
        {"everything": 401},
        [NO_KEY, ("reachability", UNKNOWN, "")],
        ExitCode.INCONCLUSIVE,
    ),
    "a request that is refused": ({}, {"everything": 400}, [NO_KEY, ("reachability", WRONG, "")], ExitCode.FAILED),
    "no list of models": (
        {},
        {"status": 403},
        [NO_KEY, LISTED, *DIALECT, HOLDS, ABSENT, ("models", NOTE, "which models there are cannot be told: ")],
        ExitCode.DONE,
    ),
    "a list of models that fails": (
        {},
        {"status": 500},
        [NO_KEY, LISTED, *DIALECT, HOLDS, ABSENT, ("models", UNKNOWN, "")],
        ExitCode.INCONCLUSIVE,
    ),
    "a model that a server of one's own does not list": (
        {"model": "mine"},
        {},
        [NO_KEY, LISTED, *DIALECT, HOLDS, ABSENT, ("models", NOTE, "mine is not among the models that 127.0.0.1:")],
        ExitCode.DONE,
    ),
    "a server of the other wire, where no models are asked for": (
        {"target": ASSISTANTS},
        {},
        [NO_KEY, LISTED, ("dialect", FINE, "full wire (assistants-v2)"), HOLDS, ABSENT],
        ExitCode.DONE,
    ),
    "a server that speaks a part of it": (
        {"target": ASSISTANTS},
        {"headers": {"x-litellm-version": "1"}},
        [NO_KEY, ("reachability", FINE, "answers"), ("dialect", WRONG, "speaks only LiteLLM's own routes")],
        ExitCode.FAILED,
    ),
}


@pytest.mark.parametrize("name", TABLE)
async def test_each_check_says_what_it_looked_at(project: Project, server: ModelServer, name: str) -> None:
    """And what is wrong, or could not be looked at, is said with a way on."""
    made, told, expected, code = TABLE[name]
    for attribute, value in told.items():
        setattr(server, attribute, value)

    examination = await examine(project(**made), ["far"])

    check_said(found_by(examination), expected)
    assert [one for one in examination.every if one.standing in {WRONG, UNKNOWN} and not one.hint] == []
    assert examination.exit_code is code
    assert {method for method, _ in server.asked} <= {"GET"}


async def test_a_local_target_that_is_not_there_yet_is_not_made(project: Project) -> None:
    workspace = project()
    examination = await examine(workspace, ["local"])

    assert found_by(examination) == [
        ("reachability", FINE, f"nothing is there yet: {examination.targets[0].target.place} is made by the first plan")
    ]
    assert not (workspace.project.root / ".asstctl").exists()


async def test_every_target_is_looked_at_where_none_is_named(project: Project) -> None:
    assert [one.target.name for one in (await examine(project())).targets] == ["far", "local"]


async def test_a_target_that_is_not_there_is_wrong_usage(project: Project) -> None:
    with pytest.raises(WrongUsage):
        await examine(project(), ["fra"])


@pytest.mark.parametrize(
    "file, text, targets",
    [
        ("asstctl.yaml", "targets: {far: {provider: openai, base_url: 'http://[x', api_key: {env: K}}}\n", 0),
        ("asstctl.yaml", "project: p\ntargets: {far: {provider: openai}}\n", 0),
        ("assistants/clerk.yaml", "kind: assistant\nmodel: gpt-6\ntemprature: 1\n", 1),
    ],
    ids=["no address", "no key", "a manifest"],
)
async def test_errors_of_files_are_counted_and_left_to_validate(
    project: Project, server: ModelServer, file: str, text: str, targets: int
) -> None:
    """A manifest with errors hides nothing of a target; a project file with errors does, and nothing is sent."""
    workspace = project()
    (workspace.directory / file).write_text(text, "utf-8")
    examination = await examine(workspace, ["far"])
    (found,) = [one for one in examination.findings if one.check == "configuration"]

    assert (found.check, found.standing, found.hint) == ("configuration", WRONG, "See all of it: asstctl validate")
    assert found.where is not None
    assert found.where.path == file
    assert len(examination.targets) == targets
    assert bool(server.asked) is bool(targets)
    assert examination.exit_code is ExitCode.FAILED


async def test_of_a_file_that_says_nothing_the_rest_is_told(project: Project) -> None:
    """Its first error, and how the machine stands; no target is claimed to be known."""
    workspace = project()
    (workspace.directory / "asstctl.yaml").write_text("targets: [\n", "utf-8")
    examination = await examine(workspace)
    found = {one.check: one for one in examination.findings}

    assert found["configuration"].standing is WRONG
    assert found["configuration"].detail == "no target was looked at"
    assert found["sqlite"].standing is FINE
    assert (examination.targets, examination.settings, examination.exit_code) == ((), (), ExitCode.FAILED)


async def test_warnings_of_files_are_no_failure(project: Project) -> None:
    workspace = project()
    (workspace.directory / "assistants/f.yaml").write_text("kind: function\nname: f\ndescription: x\n", "utf-8")
    examination = await examine(workspace, ["far"])

    assert [(one.standing, one.summary) for one in examination.findings if one.check == "configuration"] == [
        (WARNING, "warning[unused-function]: no assistant uses `function.f`")
    ]
    assert examination.exit_code is ExitCode.DONE


class Hosted:
    """A provider at OpenAI, as far as a doctor sees it."""

    def __init__(self, answer: Offered | AsstctlError) -> None:
        self.answer = answer
        self.store = self.models = self

    async def list(self, kind: str) -> Listing:
        return Listing(kind, ())

    async def offered(self) -> Offered:
        if isinstance(self.answer, AsstctlError):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    "model, answer, expected",
    [
        ("gpt-6", {"gpt-6": None}, [(FINE, "gpt-6 is listed; no end within 120 days is known")]),
        ("gpt-6", {}, [(FINE, "gpt-6 is not known to end within 120 days")]),
        ("gpt-9", {"gpt-6": None}, [(WRONG, "gpt-9 is not among the models that api.openai.com lists")]),
        (
            "gpt-4o",
            {"gpt-4o": None},
            [(WARNING, "gpt-4o is retired by OpenAI on 2027-01-14, in 53 days; known as of 2026-11-22")],
        ),
        (
            "gpt-6",
            {"gpt-6": date(2026, 12, 1)},
            [(WARNING, "gpt-6 is retired by OpenAI on 2026-12-01, in 9 days; its own list of models says so")],
        ),
        ("gpt-6", AuthFailed("no"), [(NOTE, "which models there are cannot be told: no")]),
        ("gpt-6", NotFound("none"), [(NOTE, "which models there are cannot be told: none")]),
        (
            "gpt-4o",
            RateLimited("later"),
            [
                (UNKNOWN, "later"),
                (WARNING, "gpt-4o is retired by OpenAI on 2027-01-14, in 53 days; known as of 2026-11-22"),
            ],
        ),
    ],
    ids=str,
)
async def test_models_at_openai_are_held_against_its_list_and_the_dated_file(
    project: Project, model: str, answer: Offered | AsstctlError, expected: list[tuple[Standing, str]]
) -> None:
    workspace = project("{provider: openai, api_key: {env: KEY}}", model, {"KEY": "sk-x"})
    patient = Patient(workspace, workspace.loaded, _provider=cast(Provider, Hosted(answer)))

    found: list[Finding] = [*await models.check(patient)]

    assert [(one.standing, one.summary) for one in found] == expected
    assert remembered(workspace) is None, "a doctor writes nothing"


async def test_a_check_that_cannot_look_says_nothing_of_what_it_would_have_seen(project: Project) -> None:
    """An empty project file's target: no models are named, so nothing is said of any."""
    workspace = project(KEYED)
    (workspace.directory / "assistants/clerk.yaml").unlink()
    patient = Patient(workspace, workspace.loaded)

    assert [[one.check for one in await check(patient)] for check in OF_TARGET] == [[], ["key"], *([],) * 7]
