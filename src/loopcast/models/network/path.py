"""Integrated gradients without gradients: a way from a baseline to the inputs, walked in small moves of one group each.

What moves of a group change, summed along the way, tends to the integral of the gradient over the straight line as
moves become small (Aumann & Shapley, 1974, *Values of non-atomic games*; Sundararajan, Taly & Yan, 2017, "Axiomatic
attribution for deep networks", equation 1). However large they are, all of it sums to the whole difference, and a
group that changes nothing has nothing.
"""

import numpy as np

MOVES = 16  # of each group, in each order


def way(groups: int) -> np.ndarray:
    """How far each group has come, `[point, group]`, from 0 to 1: the groups in turn, and then all of it in reverse.

    In both orders, so that which group moves first makes no difference to second order.
    """
    there = np.cumsum(np.tile(np.eye(groups), (MOVES, 1)), axis=0) / MOVES
    one = np.concatenate([np.zeros((1, groups)), there])
    return np.concatenate([one, one[:, ::-1]])


def contributions(said: np.ndarray, groups: int) -> np.ndarray:
    """What each group adds, `[group, ...]`, of what is said at each point of the way `[point, ...]`."""
    half = len(said) // 2
    changes = [np.diff(part, axis=0) for part in (said[:half], said[half:])]
    there, back = (each.reshape(MOVES, groups, *said.shape[1:]).sum(axis=0) for each in changes)
    return np.asarray((there + back[::-1]) / 2)
