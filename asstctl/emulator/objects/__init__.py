"""The objects of the wire, each described once: one file per collection.

A field is added in its collection's table; validation, defaults and serialisation derive from it.
"""

from asstctl.emulator.objects.assistant import ASSISTANT
from asstctl.emulator.objects.message import MESSAGE
from asstctl.emulator.objects.run import RUN
from asstctl.emulator.objects.step import STEP
from asstctl.emulator.objects.thread import THREAD

__all__ = ["ASSISTANT", "MESSAGE", "RUN", "STEP", "THREAD"]
