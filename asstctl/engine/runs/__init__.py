"""Runs: what applies wrote down, and the way back.

journal        the notes of a run on disk; `journals` reads those of earlier runs
history        what one run did
undo           the plan that takes it back; `restoring` one object, `undo_files` the files of a store
"""
