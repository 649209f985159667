"""The thread."""

from asstctl.emulator.objects.base import IDENTITY, Collection, Field
from asstctl.emulator.objects.message import POSTED
from asstctl.emulator.objects.shared import METADATA, resources
from asstctl.emulator.shapes import Array, Member, Null, Record

_MAX_INITIAL_MESSAGES = 32
_RESOURCES = resources(with_stores=True)
_IDS = resources(with_stores=False)
_MESSAGES = Array(POSTED, _MAX_INITIAL_MESSAGES)

THREAD = Collection(
    noun="thread",
    prefix="thread_",
    object="thread",
    table="threads",
    id_param="thread_id",
    fields=(
        *IDENTITY,
        Field("metadata", METADATA, default={}, takes=("create", "modify"), null=Null.DEFAULT),
        Field("tool_resources", _RESOURCES, default={}, takes=("create",), null=Null.DEFAULT),
        Field("tool_resources", _IDS, takes=("modify",), null=Null.KEPT, shown=False),
        Field("messages", _MESSAGES, takes=("create",), null=Null.IGNORED, shown=False),
    ),
)

NEW_THREAD = Record(
    (
        Member("messages", _MESSAGES, null=Null.IGNORED),
        Member("tool_resources", _RESOURCES, null=Null.IGNORED),
        Member("metadata", METADATA, null=Null.IGNORED),
    )
)
"""A thread inside the request that also runs it."""
