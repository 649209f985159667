"""runs: what earlier commands did, the newest first.

runs  runs[{run command target started revision | null done{action: number} uploads failed unknown}] unreadable[]

`done` counts objects; `uploads`, `failed` and `unknown` count writes.
"""

from asstctl.core.runs import Runs, RunSummary
from asstctl.render.json.shared import Object, document


def runs_json(runs: Runs) -> str:
    """A row per run."""
    return document("runs", runs=[_row(run) for run in runs.runs], unreadable=list(runs.unreadable))


def _row(run: RunSummary) -> Object:
    return {
        "run": run.run,
        "command": run.command,
        "target": run.target,
        "started": run.started,
        "revision": run.revision,
        "done": {str(action): number for action, number in sorted(run.done.items())},
        "uploads": run.uploads,
        "failed": run.failed,
        "unknown": run.unknown,
    }
