"""Regression trees as arrays: what a fit left, without the library that grew them."""

from dataclasses import dataclass

import numpy as np

from loopcast.errors import OptionError

CHUNK = 4096  # rows at once: memory does not grow with their number
MOST_BENT = 6.0  # of what is said, as an arcsinh: two hundred units


@dataclass(frozen=True, kw_only=True, eq=False)
class TreeEnsemble:
    """The sum of what trees say of a row, and of `base`.

    feature: int64 `[node]`, which number a node asks, -1 in a leaf. threshold: float64 `[node]`: a row goes left with a
    number of at most that. left, right: int64 `[node]`. value: float64 `[node]`, of a leaf. roots: int64 `[tree]`.
    """

    features: int
    base: float
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    roots: np.ndarray

    def __post_init__(self) -> None:
        nodes = np.arange(len(self.feature))
        shapes = {part.shape for part in (self.feature, self.threshold, self.left, self.right, self.value)}
        if shapes != {nodes.shape} or not len(self.roots):
            raise OptionError("trees are arrays of one length, and at least one tree")
        inner, count = self.feature >= 0, len(nodes)
        forward = all(((part > nodes) & (part < count))[inner].all() for part in (self.left, self.right))
        there = (self.feature < self.features).all() and (self.roots >= 0).all() and (self.roots < count).all()
        if not (forward and there):
            raise OptionError("the nodes of a tree lead on to later ones, and ask for numbers that there are")

    def said(self, rows: np.ndarray) -> np.ndarray:
        """What trees that learned an arcsinh say of `rows` float32 `[row, feature]`, float32 `[row]`."""
        bent = np.clip(self.predict(rows), -MOST_BENT, MOST_BENT)
        return np.sinh(bent).astype(np.float32)

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Of `rows` `[row, feature]`, float64 `[row]`."""
        parts = [self._sums(rows[first : first + CHUNK]) for first in range(0, len(rows), CHUNK)]
        return self.base + np.concatenate(parts) if parts else np.zeros(0)

    def _sums(self, rows: np.ndarray) -> np.ndarray:
        """One tree after the other, as the kernels have it."""
        own, nodes = np.arange(len(rows))[:, None], np.tile(self.roots, (len(rows), 1))
        inner = self.feature[nodes] >= 0
        while inner.any():  # nodes lead on to later ones: it ends
            asked = np.maximum(self.feature[nodes], 0)
            goes_left = rows[own, asked] <= self.threshold[nodes]
            nodes = np.where(inner, np.where(goes_left, self.left[nodes], self.right[nodes]), nodes)
            inner = self.feature[nodes] >= 0
        sums: np.ndarray = np.cumsum(self.value[nodes], axis=1)[:, -1]
        return sums
