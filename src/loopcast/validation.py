"""Checks of options that forecasters share."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from loopcast.errors import OptionError

LARGEST = 1_000_000  # of any horizon, season or context: past it a typing slip is likelier than a wish


def check_positive(name: str, value: int) -> int:
    """`value`, if it is a whole number from 1 to LARGEST; OptionError otherwise.

    >>> check_positive("horizon", 12)
    12
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= LARGEST:
        raise OptionError(f"{name} is a whole number from 1 to {LARGEST:,}, got {value!r}")
    return int(value)


def check_seed(value: int) -> int:
    """`value`, if it is a whole number that random numbers can start from; OptionError otherwise.

    >>> check_seed(0)
    0
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise OptionError(f"seed is a whole number from 0 to {2**31 - 1}, got {value!r}")
    return value


def check_show_progress(value: bool | None) -> bool | None:
    """`value`, if it says whether a bar is shown (None: on a terminal alone); OptionError otherwise.

    >>> check_show_progress(False)
    False
    """
    if not isinstance(value, bool | None):
        raise OptionError(f"show_progress is True or False, or None, got {value!r}")
    return value


def check_cutoffs(cutoffs: Sequence[int]) -> tuple[int, ...]:
    """`cutoffs`, if it is whole numbers of at least 0, each less than the one before; OptionError otherwise."""
    rows = tuple(cutoffs)
    whole = all(isinstance(each, int | np.integer) and not isinstance(each, bool) for each in rows)
    if not rows or not whole or rows[-1] < 0 or any(after >= before for before, after in pairwise(rows)):
        raise OptionError(f"cutoffs are rows to come after each cutoff, fewer from one to the next, got {rows}")
    return rows
