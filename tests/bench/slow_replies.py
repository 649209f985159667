"""`python -m tests.bench.slow_replies ARGUMENTS...`: asstctl, with an embedded server whose replies take 50 ms.

The program has no option for that, so the workspace of the command is replaced by one that opens its target so;
all the rest is the command as a user runs it.
"""

import sys

import asstctl.workspace.workspace as home
from asstctl.cli import run
from asstctl.providers import opener
from asstctl.providers.assistants.provider import Provider
from asstctl.providers.settings import LocalSettings

REPLY_DELAY = 0.05


class SlowWorkspace(home.Workspace):
    """A workspace on a local target whose model takes its time."""

    def open(self) -> Provider:
        settings = LocalSettings(self.database, replies=self.target.replies, reply_delay=REPLY_DELAY)
        return opener("local")(settings, observer=self.observer)


if __name__ == "__main__":
    home.Workspace = SlowWorkspace
    sys.exit(run(sys.argv[1:]))
