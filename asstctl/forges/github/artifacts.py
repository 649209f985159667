"""One file out of an artifact's zip, within bounds. Pure: bytes to bytes.

A zip says of itself how large its content is, and may lie; names in it may lead anywhere, or come twice. Nothing is
unpacked: the one entry with exactly the wanted name is read, and no further than its bound. A ValueError says why not.
"""

import io
import struct
import zipfile
import zlib

LARGEST_ZIP = 64 * 1024 * 1024

_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, UnicodeError, IndexError)
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def file_in_zip(archive: bytes, path: str, *, at_most: int) -> bytes:
    """The content of one file."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            found = [entry for entry in opened.infolist() if entry.filename == path]
            if not found:
                raise ValueError(f"{path} is not in it")
            if len(found) > 1:
                raise ValueError(f"{path} is in it more than once")
            if found[0].flag_bits & _ENCRYPTED or found[0].compress_type not in _METHODS:
                raise ValueError(f"{path} is packed in a way that nobody here uses")
            with opened.open(found[0]) as file:
                content = file.read(at_most + 1)
    except _BROKEN as error:
        raise ValueError("it is not a zip that can be read") from error
    if len(content) > at_most:
        raise ValueError(f"{path} is larger than {at_most} bytes")
    return content
