"""Projects in a folder of their own, as the command line's tests have them."""

from tests.cli.conftest import empty

__all__ = ["empty"]
