"""The HTML report as people see it: what its script does, and that nothing of others does anything."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from asstctl.core.json_text import json_text
from asstctl.render.html.page import suite_html
from tests.browser.conftest import Open, expect
from tests.cli.conftest import TUTOR
from tests.render.showcase import HOSTILE, SHOWCASE, WRONG_ARGUMENT, many
from tests.repository.consoles import ROOT

pytestmark = pytest.mark.browser

PAGE = suite_html(SHOWCASE)

CONVERSATIONS = f"""
assistant: tutor
defaults: {{tags: [smoke]}}
conversations:
  - id: greets
    turns:
      - user: hello there
        expect: {{icontains: hello}}
  - id: 打招呼
    tags: [cjk]
    turns:
      - user: 你好,世界!📚
        expect: {{contains: 你好}}
  - id: fails
    turns:
      - user: what is 2 + 2?
        expect: {{contains: the answer is four}}
      - user: never said
  - id: hostile
    turns:
      - user: {json_text(HOSTILE)}
        expect: {{contains: nothing of the kind}}
  - id: long
    turns:
      - user: '{"All of it. " * 2000}'
        expect: {{contains: All}}
  - id: often
    repeat: {{runs: 3, pass: 2}}
    turns:
      - user: again
        expect: {{contains: again}}
"""


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a run on the embedded provider, written by the command line."""
    root = tmp_path_factory.mktemp("project")
    (root / "assistants").mkdir()
    (root / "asstctl.yaml").write_text("version: 1\nproject: school\n", "utf-8")
    (root / "assistants/tutor.yaml").write_text(TUTOR.lstrip(), "utf-8")
    (root / "assistants/tutor.convo.yaml").write_text(CONVERSATIONS.lstrip(), "utf-8")
    command = [sys.executable, "-m", "asstctl", "test", "--html", "report.html"]
    environment = {"PATH": os.defpath, "HOME": str(root), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done
    return (root / "report.html").read_text("utf-8")


def test_a_real_run_is_shown(played: str, opened: Open, screenshots: Path) -> None:
    """Every conversation, those that did not pass open, and where replies came from."""
    page = opened(played).page

    assert page.locator("h1").inner_text() == "2 of 6 conversations failed"
    assert sorted(page.locator(".case[open] > summary .title > b").all_inner_texts()) == ["fails", "hostile"]
    assert "NOT exercised" in page.locator(".notices").inner_text()
    assert "你好,世界!📚" in page.locator(".bubble.user").all_text_contents()[-1] + page.content()
    page.screenshot(path=screenshots / "real-run.png", full_page=True)


def test_no_text_of_others_does_anything(opened: Open) -> None:
    """Not where it stands, not when everything is opened, used and searched; the page holds only what we made."""
    page = opened(PAGE).page
    page.click("#open")
    page.locator(".bubble", has_text="onmouseover").first.hover()
    page.fill("#search", HOSTILE.replace("\x00", ""))

    elements = page.evaluate("[...new Set([...document.querySelectorAll('*')].map(e => e.localName))].sort()")
    attributes = page.evaluate("[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).map(a => a.name)")
    acting = [name for name in attributes if name.startswith(("on", "src", "style", "form"))]
    assert not {"img", "iframe", "object", "embed", "base"} & set(elements)
    assert (page.locator("script").count(), page.locator("style").count(), acting) == (1, 1, [])
    assert page.evaluate("[...document.links].every(a => (a.getAttribute('href')).startsWith('#'))")


def test_filters_leave_what_fits(opened: Open) -> None:
    """By status, assistant, tag and text, alone and together."""
    one = opened(PAGE)
    page = one.page

    def shows(*ids: str) -> None:
        one.shows(*ids, of=len(SHOWCASE.cases))

    page.locator("input[value=stale]").check(force=True)
    shows("introduces-itself")
    page.locator("input[value=error]").check(force=True)
    shows("answers-within-the-limit", "introduces-itself")
    page.select_option("select[name=assistant]", "瓜瓜")
    shows("introduces-itself")
    page.locator("input[value=stale]").uncheck(force=True)
    page.locator("input[value=error]").uncheck(force=True)
    shows("课程表", "introduces-itself")
    page.select_option("select[name=tag]", "smoke")
    shows("课程表")
    page.select_option("select[name=assistant]", "")
    page.fill("#search", "MUGS photo")
    shows("refund-of-a-broken-mug")
    page.fill("#search", "no such words")
    shows()
    assert page.locator("#none-fit").is_visible()
    page.fill("#search", "")
    page.select_option("select[name=tag]", "")
    page.locator("input[name=differs]").check(force=True)
    shows("opening-hours")


def test_filters_are_reached_by_the_keyboard(opened: Open) -> None:
    """Tab comes to the search, and to a status that the space bar picks; its focus is seen."""
    one = opened(PAGE)
    one.page.locator("#search").focus()
    one.page.keyboard.type("parcel")
    one.shows("answers-within-the-limit", of=len(SHOWCASE.cases))
    for _ in range(20):
        one.page.keyboard.press("Tab")
        if one.page.evaluate("document.activeElement.value") == "passed":
            break
    one.page.keyboard.press("Space")
    one.shows(of=len(SHOWCASE.cases))
    outline = "getComputedStyle(document.querySelector('input[value=passed] + span')).outlineStyle"
    assert one.page.evaluate(outline) == "solid"


@pytest.mark.parametrize("id, node", [
    ("opening-hours", "assistants/hours.convo.yaml::opening-hours"),
    ("课程表", "assistants/schedule.convo.yaml::课程表"),
    ("greets[formal]", "assistants/greets.convo.yaml::greets[formal]"),
])  # fmt: skip
def test_a_link_opens_its_conversation(opened: Open, id: str, node: str) -> None:
    """As it is typed: node id behind `#`; and again when the hash changes."""
    page = opened(PAGE, node=node).page

    def is_there(name: str) -> bool:
        found = page.locator(".case[open]", has=page.locator("summary b", has_text=name)).last
        return bool(found.locator(".body").is_visible() and found.evaluate("e => e.matches(':target')"))

    assert is_there(id)
    page.evaluate("location.hash = 'assistants/tutor.convo.yaml::tells-all'")
    expect(page.locator(".case:target")).to_have_attribute("open", "")
    assert is_there("tells-all")


def test_a_bar_leads_to_its_conversation(opened: Open) -> None:
    """Charts are there, with a bar for each that was played, and a table with the same."""
    page = opened(PAGE).page

    assert page.locator("#timing rect.bar").count() == 8
    assert page.locator("#tokens rect.prompt").count() == 7
    assert page.locator("#charts tbody tr").count() == len(SHOWCASE.cases)
    boxes = page.locator("#timing rect.bar").evaluate_all("all => all.map(e => e.getBoundingClientRect().width)")
    assert min(boxes) > 1
    page.locator("#timing a", has_text="tutor/tells-all").click()
    expect(page.locator(".case:target")).to_have_attribute("open", "")


def test_light_and_dark_differ_and_the_button_turns_them(opened: Open) -> None:
    """The system decides until the button is used."""
    background = "getComputedStyle(document.body).backgroundColor"
    light, dark = (opened(PAGE, scheme=scheme).page for scheme in ("light", "dark"))
    colours = (light.evaluate(background), dark.evaluate(background))
    assert colours[0] != colours[1]

    light.click("#theme")
    dark.click("#theme")

    assert (dark.evaluate(background), light.evaluate(background)) == colours


@pytest.mark.parametrize("width", [1280, 380, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(opened: Open, screenshots: Path, width: int, scheme: str) -> None:
    """With every conversation open; the pictures are for people."""
    page = opened(PAGE, width=width, scheme=scheme).page
    page.screenshot(path=screenshots / f"report-{width}-{scheme}.png", full_page=False)
    page.click("#open")
    for details in page.locator("details.table").all():
        details.evaluate("e => { e.open = true }")
    # everything is laid out once it is on the screen
    height = page.evaluate("document.body.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(16_000, 2 * int(height))})

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=screenshots / f"report-{width}-{scheme}-open.png", full_page=False)


def test_it_works_without_its_script(opened: Open) -> None:
    """Everything is there and opens; filters and buttons that would do nothing are not."""
    page = opened(PAGE, script=False).page

    assert page.locator(".case").count() == len(SHOWCASE.cases)
    assert page.locator("#filters, #theme, .copy").filter(visible=True).count() == 0
    passed = page.locator(".case.passed").first
    passed.locator("> summary").click()
    assert passed.locator(".body").is_visible()


def test_it_prints_on_white_without_its_buttons(opened: Open, screenshots: Path) -> None:
    """Whatever the screen shows."""
    page = opened(PAGE, scheme="dark", media="print").page

    assert page.locator("#filters, #theme, .copy").filter(visible=True).count() == 0
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(26, 29, 35)"
    page.pdf(path=screenshots / "report.pdf")


def test_two_thousand_conversations_are_usable(opened: Open) -> None:
    """The page opens, and its search finds one of them."""
    one = opened(suite_html(many(2000)))
    one.page.fill("#search", "case-1447")
    one.shows("case-1447", of=2000)


def test_the_command_is_copied_or_selected(opened: Open) -> None:
    """Where there is no clipboard it is at least selected."""
    page = opened(PAGE).page
    command = page.locator(".again code").first.inner_text()
    page.locator(".case[open] .copy").first.click()

    assert WRONG_ARGUMENT.id in command
    expect(page.locator(".copy").first).to_have_text(re.compile("Copied|Selected"))
    if page.locator(".copy").first.inner_text() == "Selected":
        assert page.evaluate("getSelection().toString()") == command
