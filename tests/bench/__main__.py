"""`python -m tests.bench [NAME...]`: how long things take, beside a bare script that does the same.

A name is a bench or a group of them: `commands`, `conversations`, `server`, and `scale`, which takes a quarter of an
hour; without a name all of these run. `newcomer` installs, and runs only where it is named. Several runs each, every
run a process of its own; median, spread and peak memory, and the requests of one run as the server counted them.
Nothing is asserted here: counts are, in test_counts.py, and times never.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench import commands, conversations, newcomer, scale, serving

BENCHES = {
    "start-up": commands.start_up,
    "validate": commands.validate,
    "plan": commands.plan,
    "create": commands.create,
    "test": commands.converse,
    "socket": commands.converse_over_a_socket,
    "live-200": conversations.live_200,
    "live-2000": conversations.live_2000,
    "replay": conversations.replay,
    "check": conversations.check,
    "collect": conversations.collect,
    "serve": serving.serve,
    "stream": serving.stream,
    "long": serving.long_thread,
    "knowledge": serving.knowledge,
    "newcomer": newcomer.newcomer,
    "scale-plan": scale.plan,
    "scale-create": scale.create,
    "scale-change": scale.change,
    "scale-upload": scale.upload,
    "scale-large-file": scale.large_file,
    "scale-memory": scale.memory,
}
GROUPS = {
    "commands": ("start-up", "validate", "plan", "create", "test", "socket"),
    "conversations": ("live-200", "live-2000", "replay", "check", "collect"),
    "server": ("serve", "stream", "long", "knowledge"),
    "scale": tuple(name for name in BENCHES if name.startswith("scale-")),
}


def main(names: Sequence[str]) -> None:
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    print("median of several runs (spread), time on a processor, peak memory")
    for name in names or GROUPS:
        for one in GROUPS.get(name, (name,)):
            with tempfile.TemporaryDirectory() as folder:
                BENCHES[one](Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
