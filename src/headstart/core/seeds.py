"""One seed out of several numbers, so that all that is random is a function of where it happens."""

import hashlib


def fold(*numbers: int | str) -> int:
    """Mix numbers and names into one seed in [0, 2**56): the same input always gives the same seed.

    >>> fold(0, 1) == fold(0, 1), fold(0, 1) == fold(1, 0)
    (True, False)
    """
    return int.from_bytes(hashlib.blake2b(repr(numbers).encode(), digest_size=7).digest())
