"""A training that goes on from a fitted network: better than from nothing, honest about what it saw, and refused else.

Times of `late` panels lie after those of `early` ones.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import loopcast
from loopcast import (
    Auto,
    Columns,
    DataError,
    Imputer,
    Naive,
    NotFittedError,
    OptionError,
    Panel,
    PlainRecurrent,
    Pretrained,
    Recurrent,
)
from loopcast.models.network.start import saw, unseen_rows

SMALL = {"horizon": 3, "season": 4, "units": (6,), "show_progress": False}


def table(rows=96, first=0, count=6, seed=0):
    """Seasonal series that grow by rates of their own, and a covariate that moves them."""
    rng, t = np.random.default_rng(seed), np.arange(first, first + rows)
    parts = []
    for i in range(count):
        x = np.sin(t * (i + 1.0))
        y = (50 + 10 * i) * np.exp(0.004 * i * t) * (1 + 0.2 * np.sin(t * np.pi / 2)) * np.exp(0.02 * x)
        y = y * np.exp(0.02 * rng.normal(size=rows))
        parts.append(pl.DataFrame({"unique_id": [f"s{i}"] * rows, "ds": t, "y": y, "x": x}))
    return pl.concat(parts)


def panel(**options):
    return Panel.from_table(table(**options).drop("x"))


@pytest.fixture(scope="module")
def start():
    return Recurrent(**SMALL, updates=150).fit(panel())


def error(forecaster, whole):
    """Mean absolute log error of the last three rows of a panel."""
    told = forecaster.predict_panel(whole, 3, (3,)).values[:, 0]
    return float(np.abs(np.log(told / whole.actuals((3,), 3)[:, 0])).mean())


def test_after_a_few_updates_it_is_better_than_from_nothing(start):
    whole = panel(rows=150)
    few = Recurrent(**SMALL, updates=8)
    cold = error(few.fit(whole.drop_last(3)), whole)
    assert error(few.fit(whole.drop_last(3), start=start), whole) < 0.9 * cold


def test_with_a_learning_rate_of_next_to_nothing_it_stays_what_it_was(start):
    still = Recurrent(**SMALL, updates=1, learning_rate=1e-12).fit(panel(rows=150), start=start)
    np.testing.assert_allclose(still.model.weights, start.model.weights, rtol=0, atol=1e-9)


def test_the_same_start_gives_the_same_bits_from_memory_and_from_its_file(start, tmp_path):
    start.save(tmp_path / "start.loopcast")
    few = Recurrent(**SMALL, updates=3)
    here, there = (
        few.fit(panel(rows=150), start=one).model for one in (start, loopcast.load(tmp_path / "start.loopcast"))
    )
    np.testing.assert_array_equal(here.weights, there.weights)
    assert here.calibration is not None
    np.testing.assert_array_equal(here.calibration.errors, there.calibration.errors)


def test_rows_that_the_start_was_fitted_on_measure_nothing(start):
    again = Recurrent(**SMALL, updates=2).fit(panel(), start=start)
    assert again.model.calibration is start.model.calibration
    assert "Its intervals are those of that fit" in again.describe()
    later = Recurrent(**SMALL, updates=2).fit(panel(rows=150), start=start)
    assert later.model.calibration is not start.model.calibration
    assert "Its intervals are those of that fit" not in later.describe()


@pytest.mark.parametrize(("rows", "held", "reached"), [(96, 3, True), (98, 3, True), (99, 3, False), (99, 4, True)])
def test_rows_after_the_last_of_the_start_were_not_seen(start, rows, held, reached):
    assert saw(start.model, panel(rows=rows), held) == reached


@pytest.mark.parametrize(("rows", "unseen"), [(96, 0), (98, 2), (99, 3), (101, 5), (150, 20)])
def test_as_many_rows_are_held_back_as_the_start_has_not_seen(start, rows, unseen):
    assert unseen_rows(start.model, panel(rows=rows), 20) == unseen
    held = Recurrent(**SMALL)._held_rows(panel(rows=rows), start.model)
    usual = Recurrent(**SMALL)._held_rows(panel(rows=rows))
    assert held == (min(usual, rows - 96) if rows - 96 >= 3 else 0)  # a horizon at least


@pytest.mark.parametrize("times", ["date", "datetime", "zoned"])
def test_times_of_every_kind_are_compared(times):
    kinds = {"date": pl.Date, "datetime": pl.Datetime("us"), "zoned": pl.Datetime("us", "Europe/Berlin")}
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 3, 31), eager=True).alias("ds")
    days = (
        days.cast(pl.Datetime("us")).dt.replace_time_zone("Europe/Berlin")
        if times == "zoned"
        else days.cast(kinds[times])
    )
    whole = Panel.from_table(pl.DataFrame({"ds": days, "y": np.arange(91.0)}), freq="D")
    seen = Naive().fit(whole.drop_last(7)).model
    assert [saw(seen, whole, held) for held in (6, 7, 8)] == [False, False, True]


def test_a_calibration_of_what_goes_on_takes_rows_of_their_own(start):
    again = Recurrent(**SMALL, updates=2).fit(panel(), start=start)
    with pytest.raises(NotFittedError, match="calibrate it on rows of their own, data="):
        again.calibrate()
    assert again.calibrate(data=panel(rows=150)).model.calibration is not None


def test_a_tuned_network_goes_on_from_a_tuned_one():
    options = {"horizon": 3, "season": 4, "show_progress": False}
    before = Pretrained(tune=20, share=1.0, **options).fit(panel())
    still = Pretrained(tune=1, share=1e-9, **options).fit(panel(rows=150), start=before)
    np.testing.assert_allclose(still.model.weights, before.model.weights, rtol=0, atol=1e-9)
    assert np.abs(Pretrained(tune=0, **options).fit(panel()).model.weights - before.model.weights).max() > 1e-4
    again = Pretrained(tune=1, **options).fit(panel(), start=before)
    assert again.model.calibration is before.model.calibration


def test_covariates_are_shown_as_the_start_saw_them():
    known = Columns(future=("x",))
    before = Recurrent(**SMALL, updates=3).fit(table(), columns=known)
    moved = table(rows=150).with_columns(pl.col("x") * 5)
    again = Recurrent(**SMALL, updates=2).fit(moved, start=before)  # with the columns of the start
    assert again.model.encoding is before.model.encoding
    tuned = Pretrained(horizon=3, season=4, tune=2, show_progress=False)
    first = tuned.fit(table(), columns=known)
    assert tuned.with_options().fit(moved, start=first).model.encoding is first.model.encoding


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (Recurrent(**SMALL | {"units": (5,)}), r"start is a network of \(6,\) gru units, .* units=\(6,\)"),
        (Recurrent(**SMALL, cell="lstm"), "cell='gru'"),
        (Recurrent(**SMALL | {"season": 6}), "start reads seasons of 4 steps, and the one to be trained 6"),
        (Pretrained(horizon=3, season=4, tune=2), r"start is a network of \(6,\) gru units"),
        (Pretrained(horizon=3, season=4, tune=0), "tune=0 trains nothing"),
        (Pretrained(horizon=3, season=4, start="weights.safetensors"), "given twice"),
        (Naive(), "Naive goes on from no model"),
        (PlainRecurrent(horizon=3), "PlainRecurrent goes on from no model"),
        (Auto(horizon=3), "Auto goes on from no model"),
    ],
)
def test_another_architecture_season_or_kind_is_refused_in_words(start, made, why):
    with pytest.raises(OptionError, match=why):
        made.fit(panel(rows=150), start=start)


def test_the_cure_that_is_named_for_another_architecture_works(start):
    Recurrent(horizon=3, season=4, cell="gru", units=(6,), updates=1, show_progress=False).fit(panel(), start=start)


def test_other_covariates_calendars_and_targets_than_those_of_the_start_are_refused(start):
    with pytest.raises(DataError, match="future covariates"):
        Recurrent(**SMALL).fit(table(), columns=Columns(future=("x",)), start=start)
    two = replace(
        panel(),
        values=np.tile(panel().values, (1, 2)),
        schema=replace(panel().schema, columns=Columns(target=("a", "b"))),
    )
    with pytest.raises(DataError, match="fitted on 'y' in this order"):
        Recurrent(**SMALL).fit(two, start=start)
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 3, 31), eager=True).alias("ds")
    daily, small = pl.DataFrame({"ds": days, "y": np.arange(91.0)}), Recurrent(**SMALL, updates=1)
    shown = small.fit(daily, columns=Columns(calendar=("weekday",)))
    with pytest.raises(OptionError, match="start was shown the calendar's weekday"):
        small.with_options().fit(Panel.from_table(daily), start=shown)
    plain = small.with_options().fit(daily)
    with pytest.raises(OptionError, match="start was shown neither covariates nor a calendar"):
        small.with_options().fit(daily, columns=Columns(calendar=("weekday",)), start=plain)


@pytest.mark.parametrize("wrong", ["start.loopcast", 3, [1.0]])
def test_what_is_no_fitted_forecaster_is_refused(wrong):
    with pytest.raises(OptionError, match="start is a fitted forecaster, got"):
        Recurrent(**SMALL).fit(panel(), start=wrong)
    with pytest.raises(NotFittedError):
        Recurrent(**SMALL).fit(panel(), start=Recurrent(**SMALL))
    with pytest.raises(OptionError, match="a training that is to start from Naive goes on from no model"):
        Recurrent(**SMALL).fit(panel(), start=Naive().fit(panel()))


def test_metadata_is_plain_and_the_same_from_a_file(start, tmp_path):
    import json

    found = start.metadata
    assert json.loads(json.dumps(found))["rows"] == 6 * 96
    assert (found["first"], found["last"], found["series"], found["parameters"]) == (
        "0",
        "95",
        6,
        len(start.model.weights),
    )
    assert found["options"]["updates"] == 150
    assert not {"callbacks", "show_progress"} & set(found["options"])
    start.save(tmp_path / "a.loopcast", tags={"owner": "ada"})
    assert loopcast.load(tmp_path / "a.loopcast").metadata == found | {"tags": {"owner": "ada"}}
    with pytest.raises(NotFittedError):
        _ = Recurrent(**SMALL).metadata


def test_metadata_of_an_imputer_counts_the_numbers_of_all_its_networks():
    fitted = Imputer(season=4, units=(4,), updates=2, window=24, show_progress=False).fit(panel(count=1))
    assert fitted.metadata["parameters"] == 3 * fitted.model.config.network.parameters
