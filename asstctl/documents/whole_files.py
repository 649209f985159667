"""Files that are written whole or not at all: the new one takes the place of the old one once it is complete."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes, *, mode: int | None = None, lasting: bool = False) -> None:
    """Write a file, for its owner alone unless a `mode` is given; a link is replaced, and not followed. `lasting`: what
    was written survives a power cut. Raises OSError.
    """
    # mkstemp: 0600 from its first moment, under a name that nothing else has
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        if mode is not None:
            made.chmod(mode)
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
