"""A batch of files that were put into a vector store by one request."""

from dataclasses import replace

from asstctl.emulator.objects.base import IDENTITY, Collection, Field
from asstctl.emulator.objects.vector_store_file import ATTACHED, ATTRIBUTES, CHUNKING, STORE_FILE
from asstctl.emulator.shapes import Array, Null, Text

_MAX_FILES = 2000  # A3

FILE_BATCH = Collection(
    noun="vector store file batch",
    prefix="vsfb_",
    # Recordings show `vector_store.file_batch`; the SDKs' types know only this one.
    object="vector_store.files_batch",
    table="file_batches",
    columns=("vector_store_id",),
    id_param="batch_id",
    hex_ids=True,
    fields=(
        *IDENTITY,
        Field("status", default="in_progress"),
        Field("vector_store_id"),
        Field("file_counts"),
        Field("file_ids", Array(Text(), _MAX_FILES, 1), takes=("create",), null=Null.IGNORED, shown=False),
        Field("files", Array(ATTACHED, _MAX_FILES, 1), takes=("create",), null=Null.IGNORED, shown=False),
        Field("chunking_strategy", CHUNKING, takes=("create",), null=Null.IGNORED, shown=False),
        Field("attributes", ATTRIBUTES, takes=("create",), null=Null.IGNORED, shown=False),
    ),
)

# Crossed, since SQLite keeps to that order: it would read the whole store to list a few of its files.
FILE_OF_BATCH = replace(STORE_FILE, table="batch_files CROSS JOIN store_files ON seq = file_seq")
"""The files of batches, to be listed by `batch_id`."""
