"""`python -m asstctl` and the `asstctl` command."""

import gc
import io
import sys

_MADE_BETWEEN = 100_000
"""Objects made between two looks of the garbage collector. Python's own figure is for programs that stay."""


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(_MADE_BETWEEN)  # modules and trees live to the end: looking at them again and again frees nothing
    from asstctl.cli import run

    # texts are UTF-8 whatever the locale says; what a terminal cannot show must not end a command
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
