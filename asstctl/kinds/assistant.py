"""What a user writes for an assistant: the Assistants v2 object, plus references to files and keys.

Shapes and closed sets of words only; how large things may be differs by wire and is in its capabilities.
The field table (codes, defaults, compare rules) is in `assistant_fields`.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Tag, model_validator

from asstctl.core.base_url import broken_rule
from asstctl.core.resource import EXTENSION
from asstctl.core.suggest import nearest, shortened
from asstctl.documents.models import Many, Model, by_key, by_shape, problem
from asstctl.kinds.assistant_fields import ASSISTANT
from asstctl.kinds.function import FUNCTION_NAME, InlineFunction
from asstctl.kinds.shared import Metadata, field_of

FIELD_NAMES = tuple(ASSISTANT.fields)
"""The fields of an assistant, as `ignore_changes` names them."""

CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a manifest may call a credential; its id differs by target."""


class TextFile(Model):
    """`instructions: {file: prompt.md}`: verbatim."""

    file: str


class TextTemplate(Model):
    """`instructions: {template: prompt.md.j2}`: rendered."""

    template: str


def _text_shape(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "text"
    return "template" if "template" in value else "file"


Text = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[TextFile, Tag("<file>")] | Annotated[TextTemplate, Tag("<template>")],
    by_shape(_text_shape),
]


class _Tool(Model):
    only: Many[str] | None = None
    except_: Many[str] | None = Field(default=None, alias="except")

    @model_validator(mode="after")
    def _one_of_both(self) -> "_Tool":
        if self.only is not None and self.except_ is not None:
            raise problem("only-and-except", "a tool has both `only` and `except`", "keep one of them")
        return self


class CodeInterpreterTool(_Tool):
    type: Literal["code_interpreter"]


class RankingOptions(Model):
    score_threshold: float
    ranker: Literal["auto", "default_2024_08_21"] | None = None


class FileSearchOptions(Model):
    max_num_results: int | None = None
    ranking_options: RankingOptions | None = None


class FileSearchTool(_Tool):
    type: Literal["file_search"]
    file_search: FileSearchOptions | None = None


class FunctionTool(_Tool):
    """`function` is the key of a `kind: function`, or the function itself."""

    type: Literal["function"]
    function: Annotated[
        Annotated[str, Tag("<key>")] | Annotated[InlineFunction, Tag("<inline>")],
        by_shape(lambda value: "inline" if isinstance(value, Mapping) else "key"),
    ]


def _server_url(url: str) -> str:
    if broken := broken_rule(url, has_key=True):
        summary = "`server_url` is neither an https URL nor one on this machine"
        hint = "write https://HOST/PATH; what is secret belongs into a `credential`"
        raise problem("bad-url", summary, hint, secret=broken.secret)
    return url


def _credential(name: str) -> str:
    if not CREDENTIAL_NAME.fullmatch(name):
        hint = "write a name: `credentials` of each target says which credential it is"
        raise problem("bad-name", "`credential` is not the name of a credential", hint, secret=True)
    return name


class McpTool(_Tool):
    """A server that speaks the Model Context Protocol. `credential` is a name: no secret stands in a manifest."""

    type: Literal["mcp"]
    server_label: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    server_url: Annotated[str, AfterValidator(_server_url)]
    allowed_tools: Many[str] | None = None
    credential: Annotated[str, AfterValidator(_credential)] | None = None


class Location(Model):
    city: str | None = None
    country: str | None = None
    region: str | None = None
    timezone: str | None = None


class WebSearchTool(_Tool):
    type: Literal["web_search"]
    mode: Literal["disabled", "cached", "live"] | None = None
    context_size: Literal["low", "medium", "high"] | None = None
    allowed_domains: Many[str] | None = None
    location: Location | None = None


Tool = Annotated[
    Annotated[CodeInterpreterTool, Tag("<code_interpreter>")]
    | Annotated[FileSearchTool, Tag("<file_search>")]
    | Annotated[FunctionTool, Tag("<function>")]
    | Annotated[McpTool, Tag("<mcp>")]
    | Annotated[WebSearchTool, Tag("<web_search>")],
    by_key("type"),
]


class CodeInterpreterResources(Model):
    """`files` are paths and globs of the project; ids of uploads are taken beside them."""

    file_ids: Many[str] = ()
    files: Many[str] = ()


class FileSearchResources(Model):
    """`vector_stores` are keys; ids are taken beside them."""

    vector_store_ids: Many[str] = ()
    vector_stores: Many[str] = ()


class ToolResources(Model):
    """Each key is a field of its own: what is not written is not declared."""

    code_interpreter: CodeInterpreterResources | None = None
    file_search: FileSearchResources | None = None


class TextFormat(Model):
    type: Literal["text"]


class JsonObjectFormat(Model):
    type: Literal["json_object"]


class NamedSchema(Model):
    name: str = Field(pattern=FUNCTION_NAME)
    description: str | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None


class JsonSchemaFormat(Model):
    type: Literal["json_schema"]
    json_schema: NamedSchema


def _auto(value: Any) -> Any:
    if value == "auto":
        return value
    types = ("text", "json_object", "json_schema")
    summary = f"`response_format` cannot be {_quoted(value)}"
    meant = nearest(value, ("auto", *types)) if isinstance(value, str) else None
    choice = f"write `auto`, or a map with `type:` {', '.join(types[:-1])} or {types[-1]}"
    hint = "did you mean `auto`?" if meant == "auto" else f"write `{{type: {meant}}}`" if meant else choice
    raise problem("unknown-value", summary, hint)


def _quoted(value: Any) -> str:
    return f"`{shortened(value)}`" if isinstance(value, str) else "a list or a number"


ResponseFormat = Annotated[
    Annotated[Literal["auto"], BeforeValidator(_auto), Tag("<auto>")]
    | Annotated[TextFormat, Tag("<text>")]
    | Annotated[JsonObjectFormat, Tag("<json_object>")]
    | Annotated[JsonSchemaFormat, Tag("<json_schema>")],
    by_key("type", text="auto"),
]


_field_name = field_of("an assistant", (*FIELD_NAMES, "tool_resources"), beginning=(EXTENSION,))


class AssistantManifest(Model):
    """`kind: assistant`, after defaults, overlay and templates."""

    kind: Literal["assistant"]
    key: str | None = None
    name: str | None = None
    description: str | None = None
    model: str
    instructions: Text | None = None
    tools: Many[Tool] | None = None
    tool_resources: ToolResources | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    response_format: ResponseFormat | None = None
    metadata: Metadata | None = None
    protect: bool = False
    ignore_changes: Many[Annotated[str, AfterValidator(_field_name)]] = ()
    targets: dict[str, dict[str, Any]] = Field(default_factory=dict)
    extensions: dict[str, dict[str, Any]] = Field(default_factory=dict)
