"""The project and the account of the fault suite."""

from tests.faults.conftest import scene

__all__ = ["scene"]
