"""Forges: adapters to the hosts of repositories, one package each. This table is the list of them.

Each reads its runner's environment and speaks its API (`core.ports.Forge`). What a pull request means for a plan is
decided in `workspace.ci`.
"""
