"""Results as JSON: the same facts as the text, for programs. One module per result, each with its shape.

Every document is an object whose first key is `schema`, `asstctl/NAME/v1`; keys are only ever added under
a version. Keys stand in a fixed order. A value that is absent (at its default, not declared) has no key,
so that it can be told from null. Acting characters are written in JSON's escapes. No document holds what
`apply` sends or how the mark is written: only what a person would see. JSON Lines are several documents, the first of
which names the schema.

What several documents hold is in `shared`, and has one shape everywhere:

    target      {name provider wire dialect place project local}
    where       {path line column length} | null
    diagnostic  {severity code summary detail hint where}
"""
