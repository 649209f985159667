"""The sources of the site, out of what the repository holds: its README, the pages of docs/, those of the examples.

    python docs/site/assemble.py build/docs

Everything stays readable where it lies; here it is copied to where the site wants it, and links follow. A link to a
sample leads to the file as the site carries it, one into the code is its text alone. `zensical.toml` beside this
module says what the site looks like; `make docs` builds it.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]

_LINK = re.compile(r"\[(?P<text>[^\]\n]*)\]\((?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")
_FENCE = re.compile(r"^(`{3,})[^\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)


_EXAMPLES = PurePosixPath("examples")
_PAGE_OF_EXAMPLES = _EXAMPLES / "README.md"


def pages() -> Iterator[tuple[PurePosixPath, PurePosixPath]]:
    """Each page's path in the repository, and in the site."""
    yield PurePosixPath("README.md"), PurePosixPath("index.md")
    yield PurePosixPath("CHANGELOG.md"), PurePosixPath("changelog.md")
    yield PurePosixPath(".github/CONTRIBUTING.md"), PurePosixPath("contributing.md")
    yield PurePosixPath(".github/SECURITY.md"), PurePosixPath("security.md")
    yield PurePosixPath(".github/actions/asstctl/README.md"), PurePosixPath("github-action.md")
    yield PurePosixPath("asstctl/README.md"), PurePosixPath("code-map.md")
    for path in sorted((ROOT / "docs").rglob("*.md")):
        yield _relative(path), PurePosixPath(path.relative_to(ROOT / "docs").as_posix())
    yield _EXAMPLES, PurePosixPath("examples/index.md")
    for path in sorted((ROOT / "examples").glob("*/README.md")):
        yield _relative(path), PurePosixPath("examples") / f"{path.parent.name}.md"


def assemble(folder: Path) -> None:
    """Write the sources of the site into an empty folder. Raises FileNotFoundError for a link that leads nowhere."""
    placed = dict(pages())
    carried: dict[PurePosixPath, PurePosixPath] = {}
    for source, place in placed.items():
        written = _listed() if source == _EXAMPLES else (ROOT / source).read_text("utf-8")
        text = _linked(written, _PAGE_OF_EXAMPLES if source == _EXAMPLES else source, place, placed, carried)
        _written(folder / place, text.encode())
    for source, place in carried.items():
        _written(folder / place, (ROOT / source).read_bytes())
    for path in (ROOT / "docs" / "site").glob("*.css"):
        shutil.copy(path, folder)


def _listed() -> str:
    """The page of all examples, which the repository shows as a folder."""
    lines = ["# Examples", "", "Each is a folder of the repository; every command on its page is executed.", ""]
    for path in sorted((ROOT / _EXAMPLES).glob("*/README.md")):
        title = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
        lines.append(f"- [{title}]({path.parent.name}/README.md)")
    return "\n".join(lines) + "\n"


def _linked(
    text: str,
    source: PurePosixPath,
    place: PurePosixPath,
    placed: dict[PurePosixPath, PurePosixPath],
    carried: dict[PurePosixPath, PurePosixPath],
) -> str:
    """The text with its links as they are from its place in the site. Code is left as it is."""

    def moved(found: re.Match[str]) -> str:
        target = _relative((ROOT / source.parent / found["path"]).resolve(strict=True))
        if (ROOT / target / "README.md").is_file():
            target /= "README.md"
        if target not in placed:
            if (ROOT / target).is_dir() or target.parts[0] not in _CARRIED:
                return found["text"]
            carried[target] = PurePosixPath("files") / target.with_name(target.name + _SHOWN.get(target.suffix, ""))
        there = placed.get(target) or carried[target]
        up = "../" * len(place.parent.parts)
        return f"[{found['text']}]({up}{there}{found['anchor'] or ''})"

    parts, end = [], 0
    for fence in _FENCE.finditer(text):
        parts += [_LINK.sub(moved, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, _LINK.sub(moved, text[end:])])


_CARRIED = {"docs", "examples", "assistants"}
"""The folders whose files the site carries where a page names them."""

_SHOWN = {".yaml": ".txt", ".yml": ".txt", ".toml": ".txt", ".py": ".txt", "": ".txt"}
"""What a browser shows as text only under another name."""


def _relative(path: Path) -> PurePosixPath:
    return PurePosixPath(path.relative_to(ROOT).as_posix())


def _written(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    assemble(Path(sys.argv[1]))
