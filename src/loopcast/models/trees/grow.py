"""Gradient-boosted trees by scikit-learn, grown and taken apart: the only file that knows it."""

from importlib.util import find_spec

import numpy as np

from loopcast.errors import OptionError
from loopcast.models.trees.ensemble import TreeEnsemble

RATE, LEAVES = 0.1, 31


def installed() -> bool:
    """Whether scikit-learn is there."""
    return find_spec("sklearn") is not None


def require_installed() -> None:
    """OptionError where scikit-learn is missing, which names what installs it."""
    if not installed():
        raise OptionError('Trees are grown by scikit-learn: pip install "loopcast[trees]"')


def grow(rows: np.ndarray, targets: np.ndarray, weights: np.ndarray, count: int, seed: int) -> TreeEnsemble:
    """So many trees that say the mean of `targets` `[row]` from `rows` `[row, feature]`, each row with its weight."""
    require_installed()
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    plan = HistGradientBoostingRegressor(
        max_iter=count, learning_rate=RATE, max_leaf_nodes=LEAVES, early_stopping=False, random_state=seed
    )
    with threadpool_limits(1):  # where others work too, threads wait for one another: ten times as long was measured
        grown = plan.fit(rows, targets, sample_weight=weights)
    trees = [tree.nodes for [tree] in grown._predictors]
    starts = np.cumsum([0, *(len(nodes) for nodes in trees)])
    nodes, own = np.concatenate(trees), np.repeat(starts[:-1], [len(nodes) for nodes in trees])
    inner = nodes["is_leaf"] == 0
    return TreeEnsemble(
        features=rows.shape[1],
        base=float(np.ravel(grown._baseline_prediction)[0]),
        feature=np.where(inner, nodes["feature_idx"], -1).astype(np.int64),
        threshold=np.where(inner, nodes["num_threshold"], 0.0),
        left=np.where(inner, own + nodes["left"], 0).astype(np.int64),
        right=np.where(inner, own + nodes["right"], 0).astype(np.int64),
        value=nodes["value"].astype(np.float64),
        roots=starts[:-1].astype(np.int64),
    )
