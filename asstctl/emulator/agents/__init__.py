"""The Agents API: saved agents, and the sessions in which they work, over the same store, files and replies.

Loaded only where it is asked for. What an agent is called here and what the real service does is in the facts of the
`agents=v1` beta; where those are silent, a comment says what was chosen.
"""
