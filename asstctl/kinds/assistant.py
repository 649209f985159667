"""What a user writes for an assistant: the Assistants v2 object, plus references to files and keys.

Shapes and closed sets of words only; how large things may be differs by wire and is in its capabilities.
The field table (codes, defaults, compare rules) is in `assistant_fields`.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Tag, WithJsonSchema, model_validator

from asstctl.core.base_url import broken_rule
from asstctl.core.resource import EXTENSION
from asstctl.core.suggest import nearest, shortened
from asstctl.documents.models import Many, Model, by_key, by_shape, problem
from asstctl.kinds.assistant_fields import ASSISTANT
from asstctl.kinds.function import FUNCTION_NAME, InlineFunction
from asstctl.kinds.shared import Metadata, field_of, field_schema

FIELD_NAMES = tuple(ASSISTANT.fields)
"""The fields of an assistant, as `ignore_changes` names them."""

CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a manifest may call a credential; its id differs by target."""


class TextFile(Model):
    """`instructions: {file: prompt.md}`: verbatim."""

    file: str
    """The file whose text is taken verbatim; relative to this file, or to the project by a leading `/`.
    Example: `guagua.prompt.md`"""


class TextTemplate(Model):
    """`instructions: {template: prompt.md.j2}`: rendered."""

    template: str
    """The file that is rendered as a template; relative to this file, or to the project by a leading `/`.
    Example: `guagua.prompt.md.j2`"""


def _text_shape(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "text"
    return "template" if "template" in value else "file"


Text = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[TextFile, Tag("<file>")] | Annotated[TextTemplate, Tag("<template>")],
    by_shape(_text_shape),
]


class _Tool(Model):
    model_config = ConfigDict(json_schema_extra={"not": {"required": ["only", "except"]}})

    only: Many[str] | None = None
    """The targets on which the assistant has this tool; every other goes without. Example: `[prod]`"""
    except_: Many[str] | None = Field(default=None, alias="except")
    """The targets on which the assistant does not have this tool; its tool_resources stay away with it.
    Example: `[local]`"""

    @model_validator(mode="after")
    def _one_of_both(self) -> "_Tool":
        if self.only is not None and self.except_ is not None:
            raise problem("only-and-except", "a tool has both `only` and `except`", "keep one of them")
        return self


class CodeInterpreterTool(_Tool):
    type: Literal["code_interpreter"]
    """Runs Python in a sandbox of the provider."""


class RankingOptions(Model):
    score_threshold: float
    """The least score of a passage that the assistant is given, from 0 to 1. Example: `0.5`"""
    ranker: Literal["auto", "default_2024_08_21"] | None = None
    """What ranks the passages."""


class FileSearchOptions(Model):
    max_num_results: int | None = None
    """How many passages the assistant is given at most. Example: `8`"""
    ranking_options: RankingOptions | None = None
    """How passages are ranked. Example: `{score_threshold: 0.5}`"""


class FileSearchTool(_Tool):
    type: Literal["file_search"]
    """Searches the vector stores of the assistant."""
    file_search: FileSearchOptions | None = None
    """How the search is done. Example: `{max_num_results: 8}`"""


class FunctionTool(_Tool):
    """`function` is the key of a `kind: function`, or the function itself."""

    type: Literal["function"]
    """Calls a function of yours."""
    function: Annotated[
        Annotated[str, Tag("<key>")] | Annotated[InlineFunction, Tag("<inline>")],
        by_shape(lambda value: "inline" if isinstance(value, Mapping) else "key"),
    ]
    """The key of a `kind: function`, or the function itself: name, description, parameters, strict.
    Example: `get_order`"""


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


CredentialName = Annotated[
    str, AfterValidator(_credential), WithJsonSchema({"type": "string", "pattern": f"^{CREDENTIAL_NAME.pattern}$"})
]


class McpTool(_Tool):
    """A server that speaks the Model Context Protocol. `credential` is a name: no secret stands in a manifest."""

    type: Literal["mcp"]
    """Uses the tools of a server that speaks the Model Context Protocol."""
    server_label: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    """What the server is called in the calls of the assistant. Example: `crm`"""
    server_url: Annotated[str, AfterValidator(_server_url)]
    """The address of the server: https, or one on this machine. Example: `https://mcp.example.com/sse`"""
    allowed_tools: Many[str] | None = None
    """The tools of the server that may be used; all of them where nothing is said. Example: `[find_customer]`"""
    credential: CredentialName | None = None
    """The name of a credential; `credentials` of each target says which one it is. No secret stands in a
    manifest. Example: `crm`"""


class Location(Model):
    city: str | None = None
    """The city, in words. Example: `Berlin`"""
    country: str | None = None
    """The two letters of the country, such as `DE`. Example: `DE`"""
    region: str | None = None
    """The region or state, in words. Example: `Bavaria`"""
    timezone: str | None = None
    """The IANA name of the time zone, such as `Europe/Berlin`. Example: `Europe/Berlin`"""


class WebSearchTool(_Tool):
    type: Literal["web_search"]
    """Searches the web."""
    mode: Literal["disabled", "cached", "live"] | None = None
    """Whether it is off, answered from a cache, or live."""
    context_size: Literal["low", "medium", "high"] | None = None
    """How much of what is found the assistant is given."""
    allowed_domains: Many[str] | None = None
    """The domains that are searched; all where nothing is said. Example: `[docs.python.org]`"""
    location: Location | None = None
    """Where the person who asks is taken to be. Example: `{country: DE, city: Berlin}`"""


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
    """Ids of files that the provider holds already. Example: `[file-abc123]`"""
    files: Many[str] = ()
    """Paths and globs of files of the project, which are uploaded. Example: `[data/*.csv]`"""


class FileSearchResources(Model):
    """`vector_stores` are keys; ids are taken beside them."""

    vector_store_ids: Many[str] = ()
    """Ids of vector stores that the provider holds already. Example: `[vs_abc123]`"""
    vector_stores: Many[str] = ()
    """Keys of `kind: vector_store`. Example: `[handbook]`"""


class ToolResources(Model):
    """Each key is a field of its own: what is not written is not declared."""

    code_interpreter: CodeInterpreterResources | None = None
    """The files that code may read. Example: `{files: [data/*.csv]}`"""
    file_search: FileSearchResources | None = None
    """The vector stores that are searched. Example: `{vector_stores: [handbook]}`"""


class TextFormat(Model):
    type: Literal["text"]
    """Free text."""


class JsonObjectFormat(Model):
    type: Literal["json_object"]
    """Any JSON object."""


class NamedSchema(Model):
    name: str = Field(pattern=FUNCTION_NAME)
    """What the format is called. Example: `order`"""
    description: str | None = None
    """What the format is for, for the model. Example: `An order, as the shop takes it.`"""
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    """The JSON Schema of the reply.
    Example: `{type: object, properties: {id: {type: string}}, required: [id], additionalProperties: false}`"""
    strict: bool | None = None
    """Whether the model has to follow the schema exactly; OpenAI's strict subset is checked then."""


class JsonSchemaFormat(Model):
    type: Literal["json_schema"]
    """JSON that follows a schema."""
    json_schema: NamedSchema
    """The schema, with its name.
    Example: `{name: order, strict: true, schema: {type: object, properties: {}, additionalProperties: false}}`"""


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


_IGNORABLE = (*FIELD_NAMES, "tool_resources")
FieldName = Annotated[
    str,
    AfterValidator(field_of("an assistant", _IGNORABLE, beginning=(EXTENSION,))),
    field_schema(_IGNORABLE, beginning=(EXTENSION,)),
]


class AssistantManifest(Model):
    """`kind: assistant`, after defaults, overlay and templates."""

    kind: Literal["assistant"]
    """An assistant."""
    key: str | None = None
    """The stable identity; the stem of the file's name where nothing is said. Renaming the assistant does not
    change it. Example: `guagua`"""
    name: str | None = None
    """What people see. May be a template. Example: `Guagua`"""
    description: str | None = None
    """What the assistant is for. May be a template. Example: `Helps people learn Spanish.`"""
    model: str
    """The model that answers. May be a template, such as `"{{ vars.model }}"`. Required, here or in `defaults` of
    the project file. Example: `gpt-4o`"""
    instructions: Text | None = None
    """The system prompt: a text, which is rendered; `{file: prompt.md}`, verbatim; or `{template: prompt.md.j2}`,
    rendered. Example: `{file: guagua.prompt.md}`"""
    tools: Many[Tool] | None = None
    """What the assistant may use. Any tool can say `only` or `except` with targets.
    Example: `[{type: code_interpreter}, {type: function, function: get_order}]`"""
    tool_resources: ToolResources | None = None
    """What the tools work on; each key is a field of its own. Example: `{file_search: {vector_stores: [handbook]}}`"""
    temperature: float | None = None
    """Sampling temperature, or one `{{ expression }}` that gives it. Example: `0.2`"""
    top_p: float | None = None
    """Nucleus sampling, or one `{{ expression }}` that gives it. Example: `0.9`"""
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    """How much a reasoning model thinks before it answers. May be a template. Example: `low`"""
    response_format: ResponseFormat | None = None
    """What replies have to be: `auto`, or a map with `type`. Example: `{type: json_object}`"""
    metadata: Metadata | None = None
    """Pairs of text that the provider keeps with the assistant. Three of its sixteen are ours, and keys with
    `asstctl_` are refused. Example: `{team: support}`"""
    protect: bool = False
    """Never delete or replace it."""
    ignore_changes: Many[FieldName] = ()
    """Fields that are not managed any more, and are not reset. Example: `[temperature]`"""
    targets: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Overlays: what is different on one target, by its name. Maps merge, lists and scalars replace, `null` means
    not declared there. Example: `{prod: {model: gpt-4o, temperature: 0}}`"""
    extensions: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Fields for one provider, by its name, sent as they stand and each compared like any declared field.
    Example: `{openai: {store: true}}`"""
