"""Which rows training does not see, and how long the pieces are that it is judged on."""

from itertools import pairwise

import numpy as np

SHARE, FEW_SHARE = 10, 5  # one stretch in so many is held back, where one network is trained, and where several are
STRETCHES = 4  # at least that are held back


def held_back(offsets: np.ndarray, window: int, members: int, rng: np.random.Generator) -> np.ndarray:
    """Rows that training does not see, bool `[member, row]`: stretches of a window, here and there.

    A tenth, or a fifth for each of several members, which see others and of which there are several because values are
    few. Gaps come anywhere, so what they are judged by comes from anywhere. Short series are cut into shorter
    stretches, so that there are four at least of the longest, and four are held back.
    """
    share = SHARE if members == 1 else FEW_SHARE
    least = min(int(np.diff(offsets).max()) // 4, int(offsets[-1]) // (share * STRETCHES))
    width = max(min(window, least), 1)
    begin = np.repeat(offsets[:-1], np.diff(offsets))
    stretch = (np.arange(offsets[-1]) - begin) // width + begin  # a number of its own for each stretch
    drawn = rng.permutation(np.unique(stretch))
    count = max(len(drawn) // share, 1)
    return np.stack([np.isin(stretch, drawn[k * count : (k + 1) * count]) for k in range(members)])


def fold_ids(held: np.ndarray) -> np.ndarray:
    """Rows of every other stretch of those that are held, bool `[held row]`.

    >>> fold_ids(np.array([True, True, False, True, False, True])).tolist()
    [False, False, True, False]
    """
    begins = held & ~np.append(False, held[:-1])
    return (np.cumsum(begins) % 2 == 0)[held]


def split_pieces(offsets: np.ndarray, longest: int) -> np.ndarray:
    """Series in pieces of no more rows than what will be filled has: a short series has less to be filled from.

    >>> split_pieces(np.array([0, 5, 7]), 2).tolist()
    [0, 2, 4, 5, 7]
    """
    begins = [np.arange(a, b, longest) for a, b in pairwise(offsets)]
    return np.append(np.concatenate(begins), offsets[-1])
