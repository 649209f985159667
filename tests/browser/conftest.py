"""Pages in headless Chromium that may neither fetch anything nor complain; `make test-browser` brings what it takes."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # `make test` collects these tests, leaves them out, and has no playwright
    from playwright.sync_api import Browser, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# read now: tests run in a clean environment
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
SCREENSHOTS = os.environ.get("ASSTCTL_SCREENSHOTS")
LOCALE = "en-GB"


def expect(locator: Any) -> Any:
    """What playwright's `expect` makes of a locator."""
    from playwright.sync_api import expect as expecting

    return expecting(locator)


@dataclass
class Opened:
    """A page and what it did: requests, what stood on its console, dialogs and errors."""

    page: "Page"
    requests: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def shows(self, *ids: str, of: int) -> None:
        """The filters leave these conversations, in this order, and say how many of all they are."""
        # a page that forbids eval forbids to wait for a function of ours: these wait by themselves
        expect(self.page.locator(".case:not([hidden]) > summary .title > b")).to_have_text(list(ids))
        expect(self.page.locator("#shown")).to_have_text(f"{len(ids):,} of {of:,}")


Open = Callable[..., Opened]


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """One browser, with a profile of its own that goes with it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), headless=True)
        yield browser
        browser.close()


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """Where pictures go: to be looked at, where ASSTCTL_SCREENSHOTS names a folder."""
    folder = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def opened(chromium: "Browser", tmp_path: Path) -> Iterator[Open]:
    """Opens a page from a file. In the end nothing but files was asked for, and nothing was complained of."""
    pages: list[Opened] = []

    def made(
        html: str,
        *,
        width: int = 1280,
        scheme: str = "light",
        node: str = "",
        script: bool = True,
        media: str = "screen",
    ) -> Opened:
        path = tmp_path / f"report-{len(pages)}.html"
        path.write_text(html, encoding="utf-8")
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=script,
            locale=LOCALE,
            reduced_motion="reduce",
        )
        one = Opened(context.new_page())
        pages.append(one)
        one.page.on("request", lambda request: one.requests.append(request.url))
        one.page.on("console", lambda message: one.trouble.append(f"console: {message.text}"))
        one.page.on("pageerror", lambda error: one.trouble.append(f"error: {error}"))

        def dismissed(dialog: object) -> None:
            one.trouble.append("a dialog")
            dialog.dismiss()  # type: ignore[attr-defined]

        one.page.on("dialog", dismissed)
        one.page.emulate_media(media=media)  # type: ignore[arg-type]
        one.page.goto(path.as_uri() + (f"#{node}" if node else ""))
        return one

    yield made
    for one in pages:
        assert {url.partition("#")[0] for url in one.requests} == {one.page.url.partition("#")[0]}
        assert one.trouble == []
        one.page.context.close()
