"""What was run, in words: the data, what was asked of them, and where the numbers have gaps."""

from collections.abc import Mapping, Sequence

import numpy as np

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.data.time_grid import future_times
from loopcast.evaluation.backtest_result import Backtest
from loopcast.report.payload import format_times

MOST_NAMES = 5  # of targets in a title


def horizon_text(horizon: int) -> str:
    """How far forecasts reach.

    >>> horizon_text(1), horizon_text(12)
    ('1 step ahead', '12 steps ahead')
    """
    return f"{horizon:,} step{'s' if horizon > 1 else ''} ahead"


def series_text(panel: Panel) -> str:
    """How many series, of how many rows.

    >>> series_text(Panel.from_array(np.zeros((2, 5, 1))))
    '2, of 5 rows each'
    """
    shortest, longest = panel.lengths.min(), panel.lengths.max()
    rows = f"{shortest:,} rows" if shortest == longest else f"{shortest:,} to {longest:,} rows"
    return f"{panel.n_series:,}, of {rows}{' each' if panel.n_series > 1 else ''}"


def time_text(panel: Panel) -> str:
    """Where times stand, from when to when, and how far apart."""
    ends = future_times(panel.starts, panel.lengths - 1, 1, panel.schema.freq)
    first, last = format_times(panel.starts.sort()[:1])[0], format_times(ends.sort()[-1:])[0]
    return f"column {panel.schema.columns.time}, from {first} to {last}, one step is {panel.schema.freq}"


def facts_of(panel: Panel, horizon: int, levels: Sequence[float]) -> dict[str, str]:
    """What the data are and what was asked of them, as names and values."""
    missing = int(np.isnan(panel.values).sum())
    return {
        "Series": series_text(panel),
        "Missing values": f"{missing:,} of {panel.values.size:,}",
        "Time": time_text(panel),
        **columns_of(panel.schema.columns),
        "Horizon": horizon_text(horizon),
        "Intervals": ", ".join(f"{level:g} %" for level in levels) or "none",
    }


def columns_of(names: Columns) -> dict[str, str]:
    """The targets and what is known besides, as names and values.

    >>> columns_of(Columns(target=("pm25", "no2"), future=["wind"], calendar="auto"))
    {'Targets': 'columns pm25, no2', 'Covariates': 'future: wind; calendar: auto'}
    """
    several = "s" * (len(names.targets) > 1)
    said = {f"Target{several}": f"column{several} {', '.join(names.targets)}"}
    calendar = names.calendar if isinstance(names.calendar, str) else ", ".join(names.calendar)
    lists = {name: ", ".join(getattr(names, name)) for name in ("past", "future", "static")}
    around = f" and {names.holiday_window} days around" if names.holiday_window else ""
    known = lists | {"calendar": calendar, "holidays": ", ".join(names.countries) + around}
    exogenous = "; ".join(f"{name}: {value}" for name, value in known.items() if value)
    return said | ({"Covariates": exogenous} if exogenous else {})


def truncate_names(names: Sequence[str]) -> str:
    """The first of many names.

    >>> truncate_names(["a", "b"]), truncate_names(list("abcdefg"))
    ('a, b', 'a, b, c, d and 3 more')
    """
    shown = names if len(names) <= MOST_NAMES else names[: MOST_NAMES - 1]
    more = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
    return ", ".join(shown) + more


def cutoffs_of(backtest: Backtest) -> dict[str, str]:
    """How a backtest looked back, as names and values."""
    return {
        "Cutoffs": f"{backtest.n_windows:,}, {backtest.step_size:,} steps apart",
        "Season": f"{backtest.season:,} steps",
        "Seeds": f"{len(backtest.seeds) + 1}; the charts show the first" if backtest.seeds else "1",
    }


def gaps_of(errors: Mapping[str, np.ndarray]) -> list[str]:
    """Where means are over fewer rows than the table has, a sentence for each model."""
    counts = {name: int(np.isfinite(values).sum()) for name, values in errors.items()}
    return [
        f"{name} has an error at {counts[name]:,} of {values.size:,} rows; at the others there is no value, no "
        "forecast, or no change from season to season to compare with."
        for name, values in errors.items()
        if counts[name] < values.size
    ]
