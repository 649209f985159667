"""From files to cases: what a `*.convo.yaml` and a `*.stubs.yaml` say, checked offline, all problems at once.

`cases` is the way in; `listing` is a quicker one, for names alone.
"""
