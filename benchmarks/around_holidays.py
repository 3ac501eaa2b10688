"""Do holidays, and the days around them, help a forecast of days, and how are they best shown?

    python benchmarks/around_holidays.py [--data DIR]

Electricity demand of Victoria (means of days in local time, 2012 and 2013) and rentals of bicycles in Washington (sums
of days, 2011 and 2012), 7 days ahead from the last 50 weeks, fitted once before them. Known ahead are the temperature,
weekday and month, and of holidays: nothing, the days themselves, those within 1, 2 and 3 days of one with a number for
each day (`holiday_window`), or those within 1 day with one number for all. Mean absolute error; of `Recurrent` the mean
of three seeds.
"""

import argparse
from pathlib import Path

import holidays
import numpy as np
import polars as pl

import loopcast

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
WEEK, WEEKS, SEEDS = 7, 50, (0, 10, 20)
ONE_NUMBER = "one number, 1 day around"


def demand(data: Path) -> pl.DataFrame:
    """Whole days, the mean of their half-hours."""
    local = (pl.col("Time") + pl.duration(hours=10)).dt.date()
    table = pl.read_csv(data / "demand_halfhourly.csv.gz", try_parse_dates=True).group_by(ds=local)
    days = table.agg(pl.len(), y=pl.col("Demand").mean(), temperature=pl.col("Temperature").mean())
    return days.filter(pl.col("len") == 48).drop("len")


def bike(data: Path) -> pl.DataFrame:
    """Days, the sum of their hours."""
    table = pl.read_csv(data / "bike_hour.csv.gz", try_parse_dates=True).group_by(ds="dteday")
    return table.agg(y=pl.col("cnt").sum().cast(pl.Float64), temperature=pl.col("temp").mean())


def panel_of(days: pl.DataFrame, country: str, how: str | int | None) -> loopcast.Panel:
    """The series with its holidays shown that way."""
    known = ["temperature"]
    if how == ONE_NUMBER:
        dates = holidays.country_holidays(*country.split("-"), years=range(2010, 2015))
        around = {np.datetime64(date) + shift for date in dates for shift in (-1, 0, 1)}
        days = days.with_columns(around=pl.Series(np.isin(days["ds"].to_numpy(), list(around))))
        known = ["temperature", "around"]
    shown = {"holidays": country, "holiday_window": how} if isinstance(how, int) else {}
    columns = loopcast.Columns(future=known, calendar=["weekday", "month"], **shown)
    return loopcast.Panel.from_table(days.sort("ds"), columns=columns, gaps="insert")


def error(model: loopcast.Forecaster, panel: loopcast.Panel) -> float:
    """The mean absolute error over all weeks."""
    done = loopcast.backtest([model], panel, WEEK, n_windows=WEEKS, step_size=WEEK, show_progress=False)
    return float((done.table[model.name] - done.table["y"]).abs().fill_nan(None).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the series")
    data = parser.parse_args().data
    print(f"{'series':10} {'holidays':28} {'Linear':>10} {'Recurrent':>10}")
    for name, days, country in (("demand", demand(data), "AU-VIC"), ("bike", bike(data), "US-DC")):
        for how in (None, 0, 1, 2, 3, ONE_NUMBER):
            panel = panel_of(days, country, how)
            linear = error(loopcast.Linear(horizon=WEEK, season=WEEK), panel)
            networks = (loopcast.Recurrent(horizon=WEEK, seed=seed, show_progress=False) for seed in SEEDS)
            recurrent = float(np.mean([error(network, panel) for network in networks]))
            shown = f"{how} days around" if isinstance(how, int) else how or "not shown"
            print(f"{name:10} {shown:28} {linear:10.1f} {recurrent:10.1f}", flush=True)


if __name__ == "__main__":
    main()
