"""Complaints: what Python and libraries would write to stderr by themselves, said through the talk of the run."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


class _Complaints(logging.Handler):
    def __init__(self, warn: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._warn = warn

    def emit(self, record: logging.LogRecord) -> None:
        self._warn(record.getMessage())


@contextmanager
def heard_by(warn: Callable[[str], None]) -> Iterator[None]:
    """While this lasts, `warn` gets what is logged for nobody, and every warning of Python's."""
    last, show = logging.lastResort, warnings.showwarning

    def shown(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        warn(f"{category.__name__}: {message}")

    logging.lastResort, warnings.showwarning = _Complaints(warn), shown
    try:
        yield
    finally:
        logging.lastResort, warnings.showwarning = last, show
