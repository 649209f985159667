"""GitLab: what its runner says (`pipeline`), what it is told (`runner`), and its REST API (`forge`).

Runs keep nothing here that GitLab would vouch for, so that an approved plan goes to its merge by `--expect`.
"""
