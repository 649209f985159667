"""From what happened to failures: `verdict` for what can be decided, `judging` for what a model has to say."""
