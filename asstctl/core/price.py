"""Price: what the tokens of a model cost, as a project says it. What was used is a `core.thread.Usage`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, of the prompt and of the answer."""

    input: float
    output: float
