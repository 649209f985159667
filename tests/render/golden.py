"""Golden files: what a renderer says, kept beside the tests and compared exactly.

`ASSTCTL_UPDATE_GOLDEN=1 pytest tests/render` writes them anew; read the difference before you commit it.
"""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
UPDATE = bool(os.environ.get("ASSTCTL_UPDATE_GOLDEN"))  # read now: tests run in a clean environment


def expected(name: str, actual: str, folder: Path = FOLDER) -> str:
    """What the golden file says; with the variable set, it says `actual` from now on."""
    path = folder / name
    if UPDATE:
        path.write_text(actual, encoding="utf-8")
    return path.read_text(encoding="utf-8")
