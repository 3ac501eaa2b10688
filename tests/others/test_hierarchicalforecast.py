"""The page on hierarchies, run where hierarchicalforecast is installed."""

import numpy as np
import polars as pl
import pytest

from reference.pages import ROOT, blocks

pytest.importorskip("hierarchicalforecast", reason="hierarchicalforecast is not installed")
pytestmark = pytest.mark.filterwarnings("default")  # of that library's own

KEY = ["unique_id", "ds"]


@pytest.fixture(scope="module")
def names():
    """What the blocks of the page leave."""
    found = {}
    for block in blocks(ROOT / "docs/guides/hierarchies.md"):
        exec(block.text, found)
    return found


def missed(table, column):
    """By how much shops miss their regions, and those the total, at most."""
    level = table.with_columns(depth=pl.col("unique_id").str.count_matches("/"))
    sums = level.group_by("ds", "depth").agg(pl.col(column).sum())
    spread = sums.group_by("ds").agg((pl.col(column).max() - pl.col(column).min()).alias("miss"))
    return spread["miss"].max()


def test_forecasts_add_up_once_they_are_reconciled_and_not_before(names):
    assert missed(names["coherent"], "Pretrained") > 0.1
    for column in ("Pretrained/BottomUp", "Pretrained/MinTrace_method-wls_struct"):
        assert missed(names["coherent"], column) < 1e-6
    assert missed(names["weighed"], "Pretrained/MinTrace_method-mint_shrink") < 1e-6


def test_bottom_up_keeps_the_shops_as_they_were(names):
    shops = names["coherent"].filter(pl.col("unique_id").str.count_matches("/") == 2).sort(KEY)
    told = names["forecasts"].join(shops.select(KEY), on=KEY).sort(KEY)
    np.testing.assert_allclose(shops["Pretrained/BottomUp"], told["Pretrained"])


def test_intervals_are_reconciled_around_the_forecasts(names):
    name = "Pretrained/MinTrace_method-mint_shrink"
    weighed = names["weighed"]
    assert ((weighed[f"{name}-lo-80"] < weighed[name]) & (weighed[name] < weighed[f"{name}-hi-80"])).all()


def test_each_way_is_scored(names):
    assert names["scores"].height == 3
    assert (names["scores"]["mae"] > 0).all()
