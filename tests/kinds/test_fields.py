"""The field table: codes are part of the mark's format and never change."""

import pytest

from asstctl.kinds import KINDS
from asstctl.kinds.canonical import plain
from asstctl.kinds.field import Field, extension_code, is_extension_code, table
from asstctl.providers.assistants.capabilities import ASSISTANT_FIELDS

ASSISTANT = KINDS["assistant"]


def test_the_codes_of_an_assistant_never_change() -> None:
    """They stand in the marks of live objects."""
    codes = {name: field.code for name, field in ASSISTANT.fields.items()}

    assert codes == {
        "name": "na",
        "description": "de",
        "model": "mo",
        "instructions": "in",
        "tools": "to",
        "tool_resources.code_interpreter": "tc",
        "tool_resources.file_search": "tf",
        "metadata": "me",
        "temperature": "te",
        "top_p": "tp",
        "reasoning_effort": "re",
        "response_format": "rf",
    }


def test_the_wire_and_the_table_know_the_same_fields() -> None:
    """Every field has a place on the wire, and every place a field."""
    assert set(ASSISTANT_FIELDS) == set(ASSISTANT.fields)


@pytest.mark.parametrize(
    "name, code", [("extensions.text", "VA"), ("extensions.verbosity", "U0"), ("extensions.x", "ZU")]
)
def test_the_code_of_an_extension_never_changes(name: str, code: str) -> None:
    """It is derived from the name."""
    assert extension_code(name) == code
    assert ASSISTANT.field(name).code == code


def test_no_code_of_the_table_is_like_that_of_an_extension() -> None:
    """An upper-case letter begins those of extensions alone."""
    assert [is_extension_code(field.code) for field in ASSISTANT.fields.values()] == [False] * len(ASSISTANT.fields)
    assert all(is_extension_code(extension_code(f"extensions.{number}")) for number in range(500))


def test_an_unknown_field_is_an_error() -> None:
    """Only entries of `extensions` are taken without a row."""
    with pytest.raises(KeyError):
        ASSISTANT.field("colour")


def test_two_rows_with_one_code_are_our_bug() -> None:
    """The table refuses them at import."""
    with pytest.raises(AssertionError):
        table(Field("a", "aa", plain), Field("b", "aa", plain))
