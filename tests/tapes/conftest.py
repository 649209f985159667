"""A project on the command line, with conversations that are recorded."""

from tests.cli.conftest import empty, project

__all__ = ["empty", "project"]
