"""Models that files name, against the days on which models end: what is said, at which line, of which targets."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from asstctl.core.address import Address
from asstctl.core.diagnostic import Severity, Where
from asstctl.core.models import ModelUse, Offered
from asstctl.manifest import Target
from asstctl.manifest.model_lint import HORIZON, ending_of, lint, notes, vendor_of
from tests.manifest.conftest import Write, loaded

TODAY = date(2026, 11, 22)
END = date(2027, 1, 14)
OWN = "https://api.openai.com/v1"


def use(key: str, model: str, line: int = 3) -> ModelUse:
    return ModelUse(Address("assistant", key), model, Where(f"assistants/{key}.yaml", line))


@pytest.mark.parametrize(
    "day, code, said",
    [
        (TODAY, "model-retires", "gpt-4o is retired by OpenAI on 2027-01-14, in 53 days; known as of 2026-11-22"),
        (END - timedelta(1), "model-retires", "gpt-4o is retired by OpenAI on 2027-01-14, in 1 day; known as"),
        (END, "model-retired", "gpt-4o is retired by OpenAI on 2027-01-14, today; known as"),
        (END + timedelta(1), "model-retired", "gpt-4o was retired by OpenAI on 2027-01-14, 1 day ago; known as"),
        (END + timedelta(400), "model-retired", "gpt-4o was retired by OpenAI on 2027-01-14, 400 days ago; known as"),
        (END - timedelta(HORIZON), "model-retires", f"gpt-4o is retired by OpenAI on 2027-01-14, in {HORIZON} days"),
        (END - timedelta(HORIZON + 1), "", ""),
    ],
)
def test_the_days_that_are_left_are_counted(day: date, code: str, said: str) -> None:
    ending = ending_of("gpt-4o", day)
    assert (ending.code if ending else "") == code
    assert str(ending or "").startswith(said)


@pytest.mark.parametrize(
    "offered, said",
    [
        (None, "2027-01-14, in 53 days; known as of 2026-11-22"),
        ({}, "2027-01-14, in 53 days; known as of 2026-11-22"),
        ({"other": None}, "2027-01-14, in 53 days; known as of 2026-11-22"),
        ({"gpt-4o": None}, "2027-01-14, in 53 days; known as of 2026-11-22"),
        ({"gpt-4o": date(2027, 2, 1)}, "2027-02-01, in 71 days; its own list of models says so"),
        ({"gpt-4o": date(2028, 2, 1)}, None),
    ],
    ids=str,
)
def test_what_the_account_announces_is_newer_than_the_file(offered: Offered | None, said: str | None) -> None:
    ending = ending_of("gpt-4o", TODAY, offered)
    assert str(ending).endswith(said) if said else ending is None


@pytest.mark.parametrize("offered, ended", [(None, True), ({"other": None}, True), ({"gpt-4o": None}, False)])
def test_a_model_that_the_account_still_lists_has_not_ended(offered: Offered | None, ended: bool) -> None:
    """The file is out of date then."""
    assert (ending_of("gpt-4o", END + timedelta(1), offered) is not None) is ended


@pytest.mark.parametrize(
    "target, own, vendor",
    [
        (Target("a", "openai"), OWN, "OpenAI"),
        (Target("a", "openai", "https://eu.api.openai.com/v1"), OWN, "OpenAI"),
        (Target("a", "openai", "http://127.0.0.1:8642/v1"), OWN, ""),
        (Target("a", "openai", "http://localhost:8642/v1"), OWN, ""),
        (Target("a", "openai", "https://api.openai.com.example/v1"), OWN, ""),
        (Target("a", "openai", "https://notapi.openai.com/v1"), OWN, ""),
        (Target("a", "assistants", "https://x.services.ai.azure.com/api/projects/p"), "", "Azure"),
        (Target("a", "assistants", "https://x.openai.azure.com/openai"), "", "Azure"),
        (Target("a", "assistants", "https://assistants.example.com/v1"), "", ""),
        (Target("a", "assistants", "https://x.openai.azure.com/v1", dialect="litellm"), "", ""),
        (Target("a", "assistants", "https://x.openai.azure.com/v1", passthrough_url="https://x/openai"), "", ""),
        (Target("a", "assistants", "http://[broken"), "", ""),
        (Target("a", "local"), "", ""),
    ],
    ids=str,
)
def test_only_what_a_vendor_hosts_has_days(target: Target, own: str, vendor: str) -> None:
    assert vendor_of(target, own) == vendor


BY_AZURE = "target `azure` is hosted by Azure (on Azure this names a deployment, and Microsoft has days of its own)"
SOON = "gpt-4o is retired by OpenAI on 2027-01-14, in 53 days; known as of 2026-11-22."
VENDORS = {"prod": "OpenAI", "eu": "OpenAI", "azure": "Azure", "local": ""}


@pytest.mark.parametrize(
    "uses, said",
    [
        ({}, []),
        ({"local": [use("a", "gpt-4o")]}, []),
        ({"prod": [use("a", "gpt-6")]}, []),
        ({"prod": [use("a", "gpt-4o")]}, [("assistants/a.yaml:3:1", "target `prod` is hosted by OpenAI")]),
        (
            {"prod": [use("a", "gpt-4o")], "eu": [use("a", "gpt-4o")]},
            [("assistants/a.yaml:3:1", "targets `prod`, `eu` are hosted by OpenAI")],
        ),
        # a default that two assistants have is one line
        (
            {"prod": [use("a", "o3"), ModelUse(Address("assistant", "b"), "o3", use("a", "o3").where)]},
            [("assistants/a.yaml:3:1", "target `prod` is hosted by OpenAI")],
        ),
        (
            {"prod": [use("a", "gpt-4o")], "eu": [use("a", "gpt-5", 9)]},
            [
                ("assistants/a.yaml:3:1", "target `prod` is hosted by OpenAI"),
                ("assistants/a.yaml:9:1", "target `eu` is hosted by OpenAI"),
            ],
        ),
        (
            {"azure": [use("a", "gpt-4o")]},
            [
                (
                    "assistants/a.yaml:3:1",
                    BY_AZURE,
                )
            ],
        ),
    ],
    ids=str,
)
def test_a_line_is_warned_of_once(uses: Mapping[str, list[ModelUse]], said: list[tuple[str, str]]) -> None:
    found = lint(uses, VENDORS, TODAY)
    assert [(str(one.where), one.detail) for one in found] == said
    assert {one.severity for one in found} <= {Severity.WARNING}


@pytest.mark.parametrize(
    "uses, vendor, offered, said",
    [
        ([use("a", "gpt-4o")], "", None, []),
        (
            [use("a", "gpt-4o"), use("b", "gpt-4o")],
            "OpenAI",
            None,
            [f"assistant.a, assistant.b: {SOON}"],
        ),
        (
            [use(key, "gpt-9") for key in "abcde"],
            "OpenAI",
            {"gpt-6": None},
            ["assistant.a, assistant.b, assistant.c and 2 more: gpt-9 is not among the models that api.openai.com"],
        ),
        ([use("a", "gpt-9")], "", {"gpt-6": None}, ["assistant.a: gpt-9 is not among the models that api.openai.com"]),
        ([use("a", "gpt-9")], "OpenAI", {}, []),
        ([use("a", "gpt-6")], "OpenAI", {"gpt-6": None}, []),
    ],
    ids=str,
)
def test_a_plan_is_told_in_sentences(
    uses: list[ModelUse], vendor: str, offered: Offered | None, said: list[str]
) -> None:
    found = list(notes(uses, vendor, "api.openai.com", TODAY, offered))
    assert len(found) == len(said)
    assert [one for one, start in zip(found, said, strict=True) if not one.startswith(start)] == []


def test_every_target_has_the_models_of_its_own_overlays(write: Write) -> None:
    """Where they are written: in the body, in an overlay, or among the defaults."""
    from asstctl.providers import capabilities

    root = write(
        {
            "asstctl.yaml": "project: p\n"
            "defaults: {assistant: {model: gpt-5}}\n"
            "targets: {prod: {provider: openai, api_key: {env: K}}, far: {provider: assistants, base_url: http://x/v1}}\n",
            "assistants/a.yaml": "kind: assistant\nkey: a\nmodel: gpt-4o\ntargets:\n  prod: {model: o3}\n",
            "assistants/b.yaml": "kind: assistant\nkey: b\n",
        }
    )
    wires = {"prod": capabilities("openai"), "far": capabilities("assistants")}

    models = loaded(root, "far", capabilities=wires).models

    assert {
        name: [(one.address.key, one.model, one.where.path, one.where.line) for one in uses]
        for name, uses in models.items()
    } == {
        "prod": [("a", "o3", "assistants/a.yaml", 5), ("b", "gpt-5", "asstctl.yaml", 2)],
        "far": [("a", "gpt-4o", "assistants/a.yaml", 3), ("b", "gpt-5", "asstctl.yaml", 2)],
    }
