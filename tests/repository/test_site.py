"""The site leads to all that it is made of."""

import runpy
import tomllib
from typing import Any

from tests.repository.consoles import ROOT


def _leaves(nav: Any) -> set[str]:
    if isinstance(nav, str):
        return {nav}
    return {leaf for one in (nav if isinstance(nav, list) else nav.values()) for leaf in _leaves(one)}


def test_every_page_of_the_site_is_in_its_navigation() -> None:
    """But examples, which have a page of their own, and decisions, which pages name where they matter."""
    pages = {str(place) for _, place in runpy.run_path(str(ROOT / "docs/site/assemble.py"))["pages"]()}
    listed = _leaves(tomllib.loads((ROOT / "docs/site/zensical.toml").read_text("utf-8"))["project"]["nav"])

    assert {one for one in pages - listed if not one.startswith(("examples/", "decisions/"))} == set()
    assert listed - pages == set()
