"""A project on the command line, for tests of what nobody may see or bring about."""

from tests.cli.conftest import empty, project

__all__ = ["empty", "project"]
