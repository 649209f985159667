"""The pages of plans and drift as people see them: at every width, in both colours, and whatever others wrote."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.plan import Plan
from asstctl.render import view
from tests.browser.conftest import Open, expect
from tests.cli.conftest import TUTOR
from tests.render import samples
from tests.render.report_samples import EVERY_REPORT, REPORTS
from tests.render.showcase import HOSTILE
from tests.render.test_html import with_text
from tests.render.test_markdown import changes
from tests.repository.consoles import ROOT

pytestmark = pytest.mark.browser

PAGES: Mapping[str, Any] = {
    "plan": EVERY_REPORT[0],
    "plan-short": REPORTS["report-plan-outdated"],
    "plan-knowledge": samples.PLANS["plan-knowledge"],
    "plan-nothing": samples.PLANS["plan-nothing"],
    "drift": samples.DRIFTS["drift"],
    "drift-several": REPORTS["report-drift"],
    "plans": samples.BESIDE["plans"],
}
HOSTILE_PAGE = with_text(EVERY_REPORT[0], HOSTILE)


def page_of(result: object) -> str:
    return view(result, "html")(result)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(opened: Open, screenshots: Path, name: str, scheme: str) -> None:
    """At the width of a desk, a phone and a small one, with everything open; the pictures are for people."""
    for width in (1280, 380, 320):
        page = opened(page_of(PAGES[name]), width=width, scheme=scheme).page
        page.screenshot(path=screenshots / f"{name}-{width}-{scheme}.png", full_page=True)
        for details in page.locator("details").all():
            details.evaluate("e => { e.open = true }")
        # everything is laid out once it is on the screen
        height = page.evaluate("document.body.scrollHeight")
        page.set_viewport_size({"width": width, "height": min(12_000, 2 * int(height))})

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.screenshot(path=screenshots / f"{name}-{width}-{scheme}-open.png")


@pytest.mark.parametrize("width", [1280, 320])
def test_no_text_of_others_does_anything(opened: Open, width: int) -> None:
    """In every place that a text can reach, opened and searched: the page holds only what we made, and fits."""
    page = opened(page_of(HOSTILE_PAGE), width=width).page
    page.click("#open")
    page.fill("#search", HOSTILE.replace("\x00", ""))

    elements = page.evaluate("[...new Set([...document.querySelectorAll('*')].map(e => e.localName))].sort()")
    attributes = page.evaluate("[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).map(a => a.name)")
    assert not {"img", "iframe", "object", "embed", "base", "svg"} & set(elements)
    assert [name for name in attributes if name.startswith(("on", "src", "style", "form"))] == []
    assert (page.locator("script").count(), page.locator("style").count()) == (1, 1)
    assert page.evaluate("[...document.links].every(a => a.getAttribute('href').startsWith('#'))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_filters_leave_what_fits(opened: Open) -> None:
    """By what becomes of an object, by target, and by words in its values."""
    one = opened(page_of(samples.BESIDE["plans"]))
    page = one.page
    everything = ("assistant.guagua", "assistant.tutor", "assistant.math-tutor")
    everything += ("vector_store.policies", "assistant.helper", "assistant.old-bot")

    def shows(*ids: str) -> None:
        one.shows(*ids, of=len(everything))

    shows(*everything)
    page.locator("input[value=blocked]").check(force=True)
    shows("assistant.tutor", "assistant.helper")
    page.select_option("select[name=target]", "staging")
    shows("assistant.tutor")
    page.locator("input[value=blocked]").uncheck(force=True)
    shows("assistant.guagua", "assistant.tutor")
    page.select_option("select[name=target]", "")
    page.fill("#search", "智能助理 gpt-4.1")
    shows("assistant.guagua")
    page.fill("#search", "no such words")
    shows()
    assert page.locator("#none-fit").is_visible()


def test_what_is_blocked_is_open_and_its_way_on_is_copied(opened: Open) -> None:
    """Or selected, where there is no clipboard."""
    page = opened(page_of(samples.DRIFTS["drift"])).page

    assert page.locator(".case[open]").count() == 4
    page.locator(".copy").first.click()
    expect(page.locator(".copy").first).not_to_have_text("Copy")


def test_a_link_opens_its_change(opened: Open) -> None:
    page = opened(page_of(samples.PLANS["plan-knowledge"]), node="vector_store.policies").page

    assert page.locator(".case:target .body").is_visible()


def test_words_that_changed_are_marked(opened: Open) -> None:
    """What went and what came, as elements that say so."""
    page = opened(page_of(samples.PLANS["plan-update"])).page
    words = page.locator(".case", has_text="assistant.guagua").locator(".words")

    assert words.locator("del").all_inner_texts() == ["助手"]
    assert words.locator("ins").all_inner_texts() == ["智能助理"]


def test_it_works_without_its_script_and_prints(opened: Open, screenshots: Path) -> None:
    """Everything is there and opens; filters and buttons that would do nothing are not."""
    page = opened(page_of(PAGES["plan-knowledge"]), script=False).page
    assert page.locator("#filters, #theme, .copy").filter(visible=True).count() == 0
    page.locator(".case > summary").first.click()
    assert page.locator(".case .body").first.is_visible()

    printed = opened(page_of(PAGES["plan"]), scheme="dark", media="print").page
    assert printed.locator("#filters, #theme, .copy").filter(visible=True).count() == 0
    assert printed.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(26, 29, 35)"
    printed.pdf(path=screenshots / "plan.pdf")


def test_a_thousand_changes_are_usable(opened: Open) -> None:
    plan = Plan(samples.STAGING, changes([400] * 1000, "word "))
    one = opened(page_of(plan))
    one.page.fill("#search", "assistant.a777")
    one.shows("assistant.a777", of=1000)


def test_the_command_writes_a_page(opened: Open, tmp_path: Path) -> None:
    """`plan --format html`, of a project that nothing has been applied of."""
    root = tmp_path / "project"
    (root / "assistants").mkdir(parents=True)
    (root / "asstctl.yaml").write_text("version: 1\nproject: school\n", "utf-8")
    (root / "assistants/tutor.yaml").write_text(TUTOR.lstrip(), "utf-8")
    command = [sys.executable, "-m", "asstctl", "plan", "--format", "html"]
    environment = {"PATH": os.defpath, "HOME": str(root), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=60, check=True)

    page = opened(done.stdout).page
    assert page.locator("h1").inner_text() == "1 change"
    assert page.locator(".case .title > b").all_inner_texts() == ["assistant.tutor"]


def test_plans_of_one_look_are_the_same_twice() -> None:
    assert page_of(PAGES["plan"]) == page_of(replace(PAGES["plan"]))
