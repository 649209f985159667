"""The objects of the wire, each described once: one file per collection.

A field is added in its collection's table; validation, defaults and serialisation derive from it.
"""

from asstctl.emulator.objects.assistant import ASSISTANT
from asstctl.emulator.objects.file import FILE
from asstctl.emulator.objects.file_batch import FILE_BATCH
from asstctl.emulator.objects.message import MESSAGE
from asstctl.emulator.objects.run import RUN
from asstctl.emulator.objects.step import STEP
from asstctl.emulator.objects.thread import THREAD
from asstctl.emulator.objects.upload import PART, UPLOAD
from asstctl.emulator.objects.vector_store import VECTOR_STORE
from asstctl.emulator.objects.vector_store_file import STORE_FILE

__all__ = [
    "ASSISTANT",
    "FILE",
    "FILE_BATCH",
    "MESSAGE",
    "PART",
    "RUN",
    "STEP",
    "STORE_FILE",
    "THREAD",
    "UPLOAD",
    "VECTOR_STORE",
]
