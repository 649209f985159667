"""OpenAI's Agents wire: saved agents, their sessions and turns. What it holds (`capabilities`), the codec of
agents, store, thread host, front. Vector stores and files are those of `providers.assistants`, on the same host."""
