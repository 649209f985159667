"""Use cases of conversations: `test` and what it is made of, `chat`, `import_thread`, `gc`, `merge` and a gate."""
