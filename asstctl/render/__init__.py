"""Results -> text and JSON. Decides nothing, prints nothing: every function takes values and returns a string.

One module per result (`plan`, `apply`, `test`, `diagnostics`, `errors`, `tables`), and `json` for all of
them. Text is built from spans that mean something (`style`), escaped where they are made (`escape`), and
becomes plain text or ANSI in one place (`text`). A returned text ends with a newline.
"""
