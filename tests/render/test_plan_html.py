"""The pages of plans and drift without a browser: nothing is left out of them, and no text of others becomes a tag."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asstctl.core.pipeline import DriftReport, PlanReport
from asstctl.core.plan import Plan
from asstctl.render import view
from asstctl.render.markdown.folding import LIMIT
from tests.render import samples
from tests.render.report_samples import EVERY_REPORT, OUTDATED, PLACE, PLAN, REPORTS, RUN
from tests.render.showcase import HOSTILE
from tests.render.test_html import ATTRIBUTES, Page, with_text
from tests.render.test_markdown import changes

PAGES = {**samples.PLANS, **samples.DRIFTS, **samples.BESIDE, "report": REPORTS["report-plan-outdated"]}
OURS = ATTRIBUTES | {"data-target"}
SHAPES = tuple(report for report in EVERY_REPORT if isinstance(report, PlanReport | DriftReport))


def page_of(result: object) -> Page:
    return Page(view(result, "html")(result))


TAGS = {tag for result in PAGES.values() for tag in page_of(result).tags}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(name: str) -> None:
    """One of each that there may be one of, ids that lead somewhere, no attribute that fetches."""
    page = page_of(PAGES[name])

    assert (page.tags.count("main"), page.tags.count("h1"), page.tags.count("header")) == (1, 1, 1)
    assert {key for key, _ in page.attributes} <= OURS
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {link["href"] for link in page.of["a"]} <= {f"#{id}" for id in ids} | {RUN}


@pytest.mark.parametrize("name", PAGES)
def test_every_change_is_there_with_all_that_it_says(name: str) -> None:
    """Each address, each field by its name, each way on."""
    page, found = page_of(PAGES[name]), PAGES[name]
    plans = [found.plan] if isinstance(found, PlanReport) else [found]
    plans = [one.found for one in found.targets if one.found] if name in samples.BESIDE else plans  # type: ignore[attr-defined]
    for change in (c for plan in plans for c in plan.changes if c.pending or c.block):
        assert str(change.address) in page.text
        assert all(field.name in page.text for field in change.fields)
        assert all(file.path in page.text for file in change.files)
        assert all(way.command in page.text for way in (change.block.ways if change.block else ()))


@pytest.mark.parametrize("shape", range(len(SHAPES)))
@settings(max_examples=15)
@given(text=st.text(st.characters(exclude_categories=()), max_size=30))
@example(text=HOSTILE)
@example(text='" onfocus=alert(1) autofocus x="')
@example(text="\ud800 \u202e &amp; &#60;b> \r\n\t")
@example(text="javascript:alert(1)")
def test_no_text_makes_it_another_page(shape: int, text: str) -> None:
    """Any text, in every place that a text can reach."""
    hostile: Any = with_text(SHAPES[shape], text)
    page = page_of(hostile)

    assert {key for key, _ in page.attributes} <= OURS
    assert set(page.tags) <= TAGS
    assert (page.tags.count("script"), page.tags.count("style"), page.tags.count("meta")) == (1, 1, 5)
    assert all(str(link["href"]).startswith(("#", "https://", "http://")) for link in page.of["a"])
    shown = page.text.partition("</style>")[2] or page.text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x1b\x00]", shown)


def test_what_a_comment_folds_is_in_the_page() -> None:
    """Every character of every long text, however long."""
    plan = Plan(samples.STAGING, changes([90_000, 40_000, 30_000, 9], "word 你 "))
    report = PlanReport(plan, PLACE)
    page, document = page_of(report), view(report, "markdown")(report)

    assert "Folded" in document
    assert len(document) <= LIMIT
    shown = page.text.replace("\n", "")
    texts = [field.after for change in plan.changes for field in change.fields if isinstance(field.after, str)]
    assert max(map(len, texts)) > 90_000
    assert [text for text in texts if text not in shown] == []


def test_an_outdated_approval_is_told_with_both_digests() -> None:
    page = page_of(PlanReport(PLAN, PLACE, OUTDATED))

    assert f"anna approved {OUTDATED[0].digest}; the plan is now {PLAN.digest}." in page.text
    assert f"ben approved commit {OUTDATED[1].commit}, of which no plan is known" in page.text


@pytest.mark.parametrize("url, linked", [(RUN, True), ("javascript:alert(1)", False), ("https://x y", False)])
def test_a_run_is_linked_to_at_a_plain_address_alone(url: str, *, linked: bool) -> None:
    page = page_of(PlanReport(PLAN, replace(PLACE, run_url=url)))

    assert (url in page.values("href")) is linked
    assert url in page.text


def test_several_targets_can_be_chosen_among() -> None:
    """Two objects of one address have links of their own."""
    twice = replace(samples.BESIDE["plans"], targets=samples.BESIDE["plans"].targets[:1] * 2)
    twice = replace(twice, targets=(twice.targets[0], replace(twice.targets[1], name="other")))
    page = page_of(twice)

    assert {"staging/assistant.guagua", "other/assistant.guagua"} <= set(page.values("id"))
    assert {"staging", "other"} <= set(page.values("data-target"))
