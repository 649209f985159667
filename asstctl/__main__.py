"""`python -m asstctl` and the `asstctl` command."""

import gc
import io
import os
import sys

_MADE_BETWEEN = 100_000
"""Objects made between two looks of the garbage collector. Python's own figure is for programs that stay."""


_STREAMS = (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w"))


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(_MADE_BETWEEN)  # modules and trees live to the end: looking at them again and again frees nothing
    _stand_in()
    from asstctl.cli import run

    # texts are UTF-8 whatever the locale says; what a terminal cannot show must not end a command
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def _stand_in() -> None:
    """Open what this process was started without, or files that it opens later would take the places of its streams.

    Nothing can be written to what stands in for stdout, so that a result that nobody gets is noticed.
    """
    for number, (name, flags, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            try:
                opened = os.open(os.devnull, flags)
            except OSError:
                continue
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - open to the end
            setattr(sys, name, stream)


if __name__ == "__main__":
    main()
