"""Unified social credit codes of firms that cannot exist: valid check characters, an impossible region."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from minxin.demo.draw import Ints

#: GB 32100: 31 characters, without I, O, Z, S, V.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
#: No county has this number.
REGION = "999999"
_WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28])
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_CHARACTERS = np.array(list(ALPHABET))
_VALUE = {c: i for i, c in enumerate(ALPHABET)}
#: GB 11714 counts letters by their place in the whole alphabet.
_ORGANISATION_VALUE = np.array([int(c) if c.isdigit() else ord(c) - 55 for c in ALPHABET])
_ORGANISATION_CHECK = "0123456789X"


def codes(numbers: Ints, kinds: NDArray[np.str_], seed: int) -> pa.Array:
    """One code per number (below 31 to the power of 5), different for different numbers.

    ``kinds`` are the two characters in front: 91 a company, 93 a cooperative, N2 a rural collective,
    11 an office of the state. GB 32100-2015 and GB 11714-1997 for the check characters.
    """
    size = len(numbers)
    mixed = (numbers * 48271 + seed % 1_000_003) % 31**5
    digits = np.zeros((size, 17), dtype=np.int64)
    for place in (0, 1):
        digits[:, place] = [_VALUE[k[place]] for k in kinds]
    digits[:, 2:8] = [_VALUE[c] for c in REGION]
    digits[:, 8], digits[:, 9], digits[:, 10] = _VALUE["M"], _VALUE["A"], _VALUE["9"]
    for place in range(5):
        digits[:, 15 - place] = mixed // 31**place % 31
    organisation = (_ORGANISATION_VALUE[digits[:, 8:16]] * _ORGANISATION_WEIGHTS).sum(axis=1)
    check = (11 - organisation % 11) % 11
    digits[:, 16] = np.array([_VALUE[c] for c in _ORGANISATION_CHECK])[check]
    last = (31 - (digits * _WEIGHTS).sum(axis=1) % 31) % 31
    whole = np.concatenate([digits, last[:, None]], axis=1)
    letters = _CHARACTERS[whole]
    return pa.array(np.ascontiguousarray(letters).view("<U18").ravel())
