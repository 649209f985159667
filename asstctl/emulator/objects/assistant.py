"""The assistant."""

from asstctl.emulator.objects.base import IDENTITY, Collection, Field
from asstctl.emulator.objects.model import Model
from asstctl.emulator.objects.shared import (
    EFFORTS,
    METADATA,
    RESPONSE_FORMAT,
    TEMPERATURE,
    TOOL,
    TOP_P,
    resources,
)
from asstctl.emulator.shapes import Array, Null, Text

_WRITES = ("create", "modify")

_IDS = resources(with_stores=False)

ASSISTANT = Collection(
    noun="assistant",
    prefix="asst_",
    object="assistant",
    table="assistants",
    id_param="assistant_id",
    fields=(
        *IDENTITY,
        Field("name", Text(256), takes=_WRITES, null=Null.KEPT),
        Field("description", Text(512), takes=_WRITES, null=Null.KEPT),
        Field("model", Model(), takes=_WRITES, required=("create",)),
        Field("instructions", Text(256_000), takes=_WRITES, null=Null.KEPT),
        Field("tools", Array(TOOL, 128), default=[], takes=_WRITES),
        Field("top_p", TOP_P, default=1.0, takes=_WRITES, null=Null.DEFAULT),
        Field("temperature", TEMPERATURE, default=1.0, takes=_WRITES, null=Null.DEFAULT),
        Field("reasoning_effort", EFFORTS, takes=_WRITES, null=Null.KEPT),
        Field("tool_resources", resources(with_stores=True), default={}, takes=("create",), null=Null.DEFAULT),
        Field("tool_resources", _IDS, takes=("modify",), null=Null.KEPT, shown=False),
        Field("metadata", METADATA, default={}, takes=_WRITES, null=Null.DEFAULT),
        Field("response_format", RESPONSE_FORMAT, default="auto", takes=_WRITES, null=Null.DEFAULT),
    ),
)
