"""The objects of the Agents API, each described once: one file per collection."""
