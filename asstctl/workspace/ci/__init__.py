"""What `asstctl ci` does in a pipeline: use cases for pull requests, merges and nightly checks.

Pure decisions over frozen values: `modes` (what sort of run this is), `trust` (whether a record may be believed),
`outdated` (which approvals a plan went beyond), `comments` and `status` (what becomes of ours), `outputs` and
`annotations`. Thin ones that act: `surroundings` (the runner that this process is in), `out_folder` (what it leaves),
`records` (a plan's record as a file), `approval` (finds the approved plan), `posting` (the comment), `telling` (the
runner), `forks`. Use cases of their own are `plan` and `apply`; the other words are those of `workspace`, told here.
"""
