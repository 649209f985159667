"""Exit codes, one table for every command (DESIGN section 5)."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's end means to a script."""

    DONE = 0  # what was asked for is done, and nothing is in its way
    FAILED = 1  # invalid input, something blocked or failed, an expectation not met, nothing to test
    PENDING = 2  # changes or drift pending; only with --detailed-exitcode
    INCONCLUSIVE = 3  # provider unreachable, authentication, budget, timeout, an unknown outcome
    USAGE = 64  # the command line asks for what does not exist
    INTERRUPTED = 130  # Ctrl-C; what was done until then has been said
