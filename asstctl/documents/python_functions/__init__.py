"""Python functions as an assistant's functions: a signature and a docstring in, a JSON Schema of the arguments out.

Nothing is imported and nothing is run: the source is parsed. `signature` is the way in; `annotations` reads types,
`classes` those that the same file defines, `docstrings` what is said of each parameter. What cannot be told from the
source is a diagnostic at its line, and all of them come at once.
"""

from asstctl.documents.python_functions.signature import PythonFunction, read_python_function

__all__ = ["PythonFunction", "read_python_function"]
