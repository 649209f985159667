"""The Assistants v2 wire: what it holds (`capabilities`), one codec per kind, store, thread host, front."""
