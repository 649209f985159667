"""`python -m asstctl` and the `asstctl` command."""

import io
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from asstctl.cli import run

    # texts are UTF-8 whatever the locale says; what a terminal cannot show must not end a command
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
