"""Use case: how much of what the files declare the conversations of a run exercised."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from asstctl.core.address import Address
from asstctl.core.conversation import CaseResult
from asstctl.core.coverage import Coverage, Subject
from asstctl.core.reference import address_of, path_of
from asstctl.core.resource import Desired
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.coverage import Declared

_FILES = {"tool_resources.file_search": "vector_store_ids", "tool_resources.code_interpreter": "file_ids"}


def coverage_of(workspace: Workspace, results: Iterable[CaseResult], minimum: float | None = None) -> Coverage:
    """The coverage of every assistant that the project declares, whichever conversations were chosen.

    `minimum` is the percentage that is asked for. Raises InvalidInput for files with errors.
    """
    from asstctl.conversation.coverage import coverage

    desired = {one.address: one for one in workspace.desired()}
    assistants = (_declared(one, desired) for one in desired.values() if one.address.kind == "assistant")
    return coverage(assistants, results, minimum)


def _declared(assistant: Desired, desired: Mapping[Address, Desired]) -> "Declared":
    from asstctl.conversation.coverage import Declared

    tools: Any = assistant.fields.get("tools") or ()
    functions = [tool["function"] for tool in tools if tool.get("type") == "function"]
    places = {
        Subject.ASSISTANT: assistant.where,
        **dict.fromkeys((Subject.FUNCTION, Subject.PARAMETER, Subject.ENUM), assistant.places.get("tools")),
    }
    return Declared(
        assistant.address.key,
        {function["name"]: function.get("parameters") or {} for function in functions},
        tuple(_files(assistant, desired)),
        {subject: where for subject, where in places.items() if where is not None},
    )


def _files(assistant: Desired, desired: Mapping[Address, Desired]) -> Iterator[str]:
    """The files of the project that an assistant reads, of its own and of its stores."""
    for name, ids in _FILES.items():
        value: Any = assistant.fields.get(name) or {}
        for id in value.get(ids) or ():
            store = desired.get(address) if (address := address_of(id)) else None
            yield from (one.file.path for one in (store.files if store else None) or ())
            if path := path_of(id):
                yield path
