"""The run step, which only the server writes."""

from asstctl.emulator.objects.base import IDENTITY, Collection, Field

STEP = Collection(
    noun="run step",
    prefix="step_",
    object="thread.run.step",
    table="steps",
    columns=("thread_id", "run_id"),
    id_param="step_id",
    fields=(
        *IDENTITY,
        Field("run_id"),
        Field("assistant_id"),
        Field("thread_id"),
        Field("type"),
        Field("status", default="in_progress"),
        Field("cancelled_at"),
        Field("completed_at"),
        Field("expires_at"),
        Field("expired_at"),
        Field("failed_at"),
        Field("last_error"),
        Field("step_details"),
        Field("usage"),
        Field("metadata", default={}),
    ),
)
