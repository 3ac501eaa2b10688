"""Columns of text that a look proposes as covariates: yes and no, a few words, and what a series keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from loopcast.data.covariates import CATEGORIES, bool_to_float

MOST_WORDS = 20  # of a column that is proposed: each becomes a number
LEAST_ROWS = 5  # in which a word has to stand, on average, for anything to be learned of it


@dataclass(frozen=True, kw_only=True)
class WordColumns:
    """Names of columns. truths: of yes and no; categories: of a few words; static: of one word for each series."""

    truths: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    static: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.truths or self.categories or self.static)

    def said(self, name: str) -> str | None:
        """What a column is, in words."""
        kinds = {"yes or no": self.truths, "categories": self.categories, "one for each series": self.static}
        return next((kind for kind, names in kinds.items() if name in names), None)


NO_WORDS = WordColumns()


def word_columns(frame: pl.DataFrame, names: Sequence[str], key: str) -> WordColumns:
    """Those of the named columns from which something can be learned; the column `key` tells series apart.

    >>> table = {"shop": list("aabbcc"), "open": ["yes", "no"] * 3, "city": list("xxxxyy"), "owner": list("ffgghh")}
    >>> word_columns(pl.DataFrame(table), ["open", "city", "owner"], "shop")
    WordColumns(truths=('open',), categories=(), static=('city',))
    """
    usable = [name for name in names if frame[name].dtype in CATEGORIES and "," not in name]
    varied = [name for name in usable if frame[name].drop_nulls().n_unique() > 1]
    kept = [name for name in varied if key in frame.columns and _is_kept(frame, name, key)]
    others = [name for name in varied if name not in kept]
    truths = [name for name in others if bool_to_float(frame[name]).dtype.is_numeric()]
    few = [name for name in others if name not in truths and _are_few(frame[name])]
    shared = [name for name in kept if frame[name].n_unique() < frame[key].n_unique()]  # and no other id
    return WordColumns(truths=tuple(truths), categories=tuple(few), static=tuple(shared))


def _is_kept(frame: pl.DataFrame, name: str, key: str) -> bool:
    """Whether no series changes its word."""
    return frame.group_by(key).agg(pl.col(name).n_unique())[name].max() == 1


def _are_few(column: pl.Series) -> bool:
    """Whether a column has few words, each often enough."""
    there = column.drop_nulls()
    return there.n_unique() <= min(MOST_WORDS, len(there) // LEAST_ROWS)
