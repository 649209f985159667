"""Results as Markdown, for pull requests and wikis: one module per result, and `text` for what others wrote."""
