"""Which file system a folder lies on, where the system tells: on Linux."""

import re
from pathlib import Path

SHARED = frozenset(
    {"9p", "afs", "ceph", "cifs", "drvfs", "glusterfs", "lustre", "nfs", "nfs4", "smb3", "smbfs", "vboxsf"}
    | {f"fuse.{name}" for name in ("gcsfuse", "glusterfs", "grpcfuse", "osxfs", "rclone", "s3fs", "sshfs")}
)
"""Those that other machines, or the host of a virtual one, write to as well: locks and shared memory may not work."""

_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


def file_system_of(folder: Path) -> str:
    """The type of the file system that a folder lies on, or of the nearest one above that is there; nothing where the
    system does not tell."""
    try:
        mounts = _MOUNTS.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""
    return type_in(mounts, folder.resolve())


def type_in(mounts: str, folder: Path) -> str:
    """The same by what /proc/self/mountinfo says. Of several mounts on one place the last is seen."""
    found, depth = "", -1
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(" "), right.split(" ")[0]
        if len(fields) < 5:
            continue
        place = Path(_OCTAL.sub(lambda octal: chr(int(octal[1], 8)), fields[4]))
        if folder.is_relative_to(place) and len(place.parts) >= depth:
            found, depth = kind, len(place.parts)
    return found
