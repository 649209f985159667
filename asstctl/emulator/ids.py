"""Ids as the wire spells them: a prefix and random letters and digits."""

import os
import string

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def new_id(prefix: str, length: int = 24) -> str:
    number = int.from_bytes(os.urandom(length), "big")
    letters = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        letters.append(_BASE62[digit])
    return prefix + "".join(letters)


def new_hex_id(prefix: str) -> str:
    return prefix + os.urandom(16).hex()


def new_request_id() -> str:
    return new_hex_id("req_")
