"""Shapes that several objects share: tools, their resources, response formats, metadata."""

from asstctl.emulator.objects.vector_store_file import CHUNKING
from asstctl.emulator.shapes import (
    AnyObject,
    Array,
    Choice,
    Decimal,
    Either,
    Flag,
    Id,
    Member,
    Null,
    Pairs,
    Record,
    Text,
    Variants,
    Whole,
)

METADATA = Pairs(Text(512))
NAME_PATTERN = "[a-zA-Z0-9_-]+"
EFFORTS = Choice(("none", "minimal", "low", "medium", "high", "xhigh", "max"))
TEMPERATURE = Decimal(0, 2)
TOP_P = Decimal(0, 1)

_FUNCTION = Record(
    (
        Member("name", Text(64, NAME_PATTERN), required=True),
        Member("description", Text(1024), null=Null.IGNORED),
        Member("parameters", AnyObject(), default={"type": "object", "properties": {}}, null=Null.IGNORED),
        Member("strict", Flag(), default=False, null=Null.IGNORED),
    )
)
_RANKER = "default_2024_08_21"
_RANKING = Record(
    (
        Member("ranker", Choice(("auto", _RANKER)), default=_RANKER, null=Null.IGNORED),
        Member("score_threshold", Decimal(0, 1), required=True),
        Member("hybrid_search", AnyObject(), default=None, null=Null.KEPT),
    )
)
_DEFAULT_RANKING = {"ranker": _RANKER, "score_threshold": 0.0, "hybrid_search": None}
_FILE_SEARCH = Record(
    (
        Member("max_num_results", Whole(1, 50), null=Null.IGNORED),
        Member("ranking_options", _RANKING, default=_DEFAULT_RANKING, null=Null.IGNORED),
    )
)
TOOL = Variants(
    {
        "code_interpreter": Record(()),
        "file_search": Record(
            (Member("file_search", _FILE_SEARCH, default={"ranking_options": _DEFAULT_RANKING}, null=Null.IGNORED),)
        ),
        "function": Record((Member("function", _FUNCTION, required=True),)),
    }
)
RESPONSE_FORMAT = Either(
    Choice(("auto",)),
    Variants(
        {
            "text": Record(()),
            "json_object": Record(()),
            "json_schema": Record(
                (
                    Member(
                        "json_schema",
                        Record(
                            (
                                Member("name", Text(64, NAME_PATTERN), required=True),
                                Member("description", Text(), null=Null.IGNORED),
                                Member("schema", AnyObject(), null=Null.IGNORED),
                                Member("strict", Flag(), null=Null.KEPT),
                            )
                        ),
                        required=True,
                    ),
                )
            ),
        }
    ),
)


MAX_CODE_FILES = 20  # A3
_MAX_HELPER_FILES = 10_000

_STORE_HELPER = Record(
    (
        Member("file_ids", Array(Text(), _MAX_HELPER_FILES), null=Null.IGNORED),
        Member("chunking_strategy", CHUNKING, null=Null.IGNORED),
        Member("metadata", METADATA, null=Null.IGNORED),
    )
)
"""A vector store that is made on the way."""


def resources(*, with_stores: bool) -> Record:
    """`tool_resources`; only creates of assistants and threads take the helper `vector_stores`."""
    stores: tuple[Member, ...] = (Member("vector_store_ids", Array(Id("vs"), 1), null=Null.IGNORED),)
    if with_stores:
        stores += (Member("vector_stores", Array(_STORE_HELPER, 1), null=Null.IGNORED),)
    code = Record((Member("file_ids", Array(Text(), MAX_CODE_FILES), null=Null.IGNORED),))
    # Several clients send back what they read, which has null for the tool that is not used.
    return Record(
        (
            Member("code_interpreter", code, null=Null.IGNORED),
            Member("file_search", Record(stores), null=Null.IGNORED),
        )
    )
