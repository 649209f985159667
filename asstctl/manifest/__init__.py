"""From files to Desired: the project file, discovery, overlays, templates, references, limits.

Nothing here opens a connection or runs anything a file says; every user's mistake is a diagnostic, and all
of them come at once. `open_project` and `load` are the way in.
"""

from asstctl.manifest.load import Loaded, load
from asstctl.manifest.project import Project, Target
from asstctl.manifest.project_file import open_project
from asstctl.manifest.secrets import Secret, masked

__all__ = ["Loaded", "Project", "Secret", "Target", "load", "masked", "open_project"]
