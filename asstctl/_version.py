"""The one place that holds the version; a constant because importlib.metadata costs 37 ms at start-up."""

__version__ = "0.1.0"
