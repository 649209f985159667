"""The site of docs/ in a browser: every page, on a phone and on a desk, in light and in dark."""

import http.server
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import LOCALE
from tests.repository.consoles import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PICTURED = ("index.html", "ownership-and-drift.html", "reference/commands.html", "faults.html")
"""The pages whose screenshots are worth to be looked at: one of each sort."""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Site:
    """The built site, and the address at which it is served."""

    root: Path
    url: str

    @property
    def pages(self) -> list[str]:
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*.html"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Built as `make docs` builds it, and served: a browser lets no search run on files."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "docs/site/zensical.toml", folder)
    subprocess.run([sys.executable, ROOT / "docs/site/assemble.py", folder / "docs"], check=True)
    built = [Path(sys.executable).with_name("zensical"), "build", "--strict", "--config-file", "zensical.toml"]
    subprocess.run(built, cwd=folder, check=True, capture_output=True, timeout=60)
    handler = partial(_Quiet, directory=str(folder / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Site(folder / "site", f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("width", [1280, 380])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_whole(site: Site, chromium: "Browser", screenshots: Path, width: int, scheme: str) -> None:
    """It asks nothing of other servers, complains of nothing, has one heading and fits the screen."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale=LOCALE,
        reduced_motion="reduce",
    )
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(f"{page.url}: {error}"))
    page.on("request", lambda asked: None if asked.url.startswith(site.url) else trouble.append(asked.url))
    page.on("response", lambda got: trouble.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    for name in site.pages:
        page.goto(site.url + name)
        if page.locator("h1").count() != 1:
            trouble.append(f"{name}: {page.locator('h1').count()} headings")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            trouble.append(f"{name}: wider than {width}")
        if name in PICTURED:
            page.screenshot(path=screenshots / f"site-{Path(name).stem}-{width}-{scheme}.png")
    context.close()

    assert len(site.pages) > 40
    assert trouble == []


def test_light_and_dark_are_what_the_system_says(site: Site, chromium: "Browser") -> None:
    """And the button turns them."""
    seen = {}
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme, locale=LOCALE)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(site.url)
        seen[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        if scheme == "light":
            page.locator("[data-md-component=palette] label:visible").click()
            seen["turned"] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        context.close()

    assert seen["light"] != seen["dark"]
    assert seen["turned"] == seen["dark"]


def test_the_search_finds_a_command(site: Site, chromium: "Browser") -> None:
    """Without any other server."""
    context = chromium.new_context(locale=LOCALE)
    page = context.new_page()
    page.goto(site.url)
    page.keyboard.press("Control+k")
    page.keyboard.type("overwrite-drift")
    page.get_by_text("ownership", exact=False).first.wait_for()
    found = page.locator("a[href*='ownership-and-drift']").filter(visible=True).count()
    context.close()

    assert found
