"""A table of forecasts beside what came, read and checked once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl

from loopcast.columns import CUTOFF, TARGET_NAME, Columns, interval_columns, interval_probabilities
from loopcast.data.output import actuals_at
from loopcast.data.prediction import Prediction
from loopcast.data.series_index import SeriesIndex, Source
from loopcast.data.tables import Table, open_table
from loopcast.data.time_grid import future_times
from loopcast.data.times import as_times
from loopcast.data.validate import check_ids, check_names, has_id_column
from loopcast.errors import CalendarError, ColumnError, DataError, OptionError, ValuesError
from loopcast.evaluation.metric import MEDIAN
from loopcast.evaluation.model_columns import ModelColumns, find_models

Missing = Literal["error", "skip"]

NAMING = "Say which is which with Columns(id=..., time=..., target=...); all others but 'cutoff' are forecasts"
WORDS = (pl.String, pl.Categorical, pl.Enum)  # types of a column that names targets


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecasts:
    """Forecasts beside what came, sorted by series, target, cutoff and time.

    frame: `row` (of the caller's table), `series` (its place in `ids`), `target` (its place in `targets`, where the
        table names them), `cutoff` (where the table has one, else `first`, the first time of its window), `time`,
        `step` (1 is the first time of a window), `y`, and every column of forecasts as "= NAME"; float64, null where
        missing. Later `scale` and `squares`, the in-sample scales.
    ids: `[series]`; has_id: whether the table had them; columns: as the caller calls them.
    targets: those that a column `target` names; none where the table has no such column.
    """

    frame: pl.DataFrame
    ids: pl.Series
    has_id: bool
    columns: Columns
    models: Mapping[str, ModelColumns]
    targets: tuple[str, ...] = ()

    @property
    def has_cutoff(self) -> bool:
        """Whether the forecasts are from several cutoffs."""
        return CUTOFF in self.frame.columns

    @property
    def window(self) -> list[str]:
        """What tells windows apart."""
        return window_keys(self.frame.columns)

    def of(self, name: str) -> pl.DataFrame:
        """One model's: the keys, `y`, its forecast `f`, and its other quantiles "0.1", "0.9"."""
        keys = [column for column in self.frame.columns if not column.startswith("= ")]
        quantiles = self.models[name].quantiles.items()
        named = {"f" if q == MEDIAN else f"{q:.10g}": pl.col(f"= {column}") for q, column in quantiles}
        return self.frame.select(*keys, **named)

    def select_models(self, models: Sequence[str]) -> "Forecasts":
        """Of these models only."""
        return replace(self, models={name: self.models[name] for name in models})

    def drop_missing(self, missing: Missing) -> "Forecasts":
        """Without the rows at which what came or a forecast of any model is missing, for all models alike.

        missing: "error" raises a ValuesError that names the first of them, "skip" leaves them out.
        """
        if missing not in ("error", "skip"):
            raise OptionError(f'missing is "error" or "skip", got {missing!r}')
        columns = {"y": self.columns.actual_column} | {f"= {name}": name for name in self._forecast_columns()}
        counts = self.frame.select(list(columns)).null_count().row(0)
        if not sum(counts):
            return self
        if missing == "error":
            raise ValuesError(self._missing(columns, sum(counts)))
        frame = self.frame.drop_nulls(list(columns))
        if not frame.height:
            raise ValuesError(
                "at every row what came or a forecast of some model is missing: there is nothing to score"
            )
        return replace(self, frame=frame)

    def place(self, row: int) -> str:
        """A row of `frame` in words: its series, target and time, and its cutoff."""
        there = self.frame.row(row, named=True)
        cutoff = f" (cutoff {there[CUTOFF]})" if self.has_cutoff else ""
        which = f", target {self.targets[there[TARGET_NAME]]!r}" if self.targets else ""
        return f"series {self.ids[there['series']]!r}{which} at {there['time']}{cutoff}"

    def _forecast_columns(self) -> Iterator[str]:
        return (column for model in self.models.values() for column in model.quantiles.values())

    def _missing(self, columns: Mapping[str, str], count: int) -> str:
        row = int(self.frame.select(pl.any_horizontal(pl.col(list(columns)).is_null()).arg_max()).item())
        first = next(theirs for ours, theirs in columns.items() if self.frame[ours][row] is None)
        values = "1 value is" if count == 1 else f"{count} values are"
        return (
            f"{self.place(row)} has no value in column {first!r} ({values} missing in all), and no score leaves rows "
            'out unasked: fill them, or leave such rows out for all models with missing="skip"'
        )


def read_forecasts(table: Any, columns: Columns, *, intervals: bool) -> Forecasts:
    """The forecasts in a long table; the ends of intervals only where they are needed.

    Where a text column `target` says which of several targets a row is about, each is told apart.
    Raises ColumnError, CalendarError (times that are missing or come twice), ValuesError for text and infinity,
    or DataError for anything but a table with rows.
    """
    opened, source = _opened(table), Source()
    if not isinstance(columns, Columns):
        raise OptionError(f"columns is a Columns(id=..., time=..., target=...), got {columns!r}")
    has_id = has_id_column(opened, columns, source)
    keys = ([columns.id] if has_id else []) + [columns.time, columns.actual_column]
    keys += [CUTOFF] if CUTOFF in opened.names else []
    keys += [TARGET_NAME] if _names_targets(opened, columns) else []
    models = find_models(opened, keys, intervals=intervals)
    check_names(opened, keys, NAMING, source)
    height = len(opened.column(columns.actual_column))
    if not height:
        raise DataError("the table has no rows: there is nothing to score")
    rows = _rows(opened, columns, has_id, height)
    targets = _targets(opened.column(TARGET_NAME), columns) if TARGET_NAME in keys else ()
    frame = _frame(opened, rows, columns, models, targets)
    made = Forecasts(frame=frame, ids=rows.ids, has_id=has_id, columns=columns, models=models, targets=targets)
    _check(made)
    return made


def from_predictions(predictions: Sequence[Prediction]) -> Forecasts:
    """The same of arrays: forecasts of several models from the same cutoffs of one panel, beside what came."""
    panel, first = predictions[0].panel, predictions[0]
    cutoffs, horizon, channels = np.asarray(first.cutoffs), first.horizon, panel.n_channels
    shape = (panel.n_series, channels, len(cutoffs), horizon)
    series, target, cutoff, step = (axis.ravel() for axis in np.indices(shape))
    ends = panel.lengths[series] - cutoffs[cutoff]
    starts, freq = panel.starts.gather(series), panel.schema.freq
    frame = {"row": pl.Series(np.arange(len(series))), "series": pl.Series(series)}
    frame |= {TARGET_NAME: pl.Series(target)} if channels > 1 else {}
    frame |= {
        CUTOFF: future_times(starts, ends - 1, 1, freq),
        "time": future_times(starts, ends + step, 1, freq),
        "y": _flat(actuals_at(panel, first.cutoffs, horizon)),
    }
    frame |= {f"= {name}": _flat(values) for each in predictions for name, values in each.columns().items()}
    return Forecasts(
        frame=pl.DataFrame(frame).with_columns(step=pl.Series(step + 1)),
        ids=panel.ids,
        has_id=True,
        columns=panel.schema.columns,
        models={each.name: _model_of(each.name, each.bands.levels) for each in predictions},
        targets=panel.targets if channels > 1 else (),
    )


def _flat(values: np.ndarray) -> pl.Series:
    """`[series, cutoff, step, channel]` as float64 in the order of the frame, null where missing."""
    return pl.Series(np.moveaxis(values, 3, 1).ravel()).fill_nan(None)


def _model_of(name: str, levels: tuple[float, ...]) -> ModelColumns:
    ends = {
        probability: column
        for level in levels
        for probability, column in zip(interval_probabilities(level), interval_columns(name, level), strict=True)
    }
    return ModelColumns(quantiles={MEDIAN: name} | ends, levels=tuple(float(level) for level in levels))


def window_keys(columns: Sequence[str]) -> list[str]:
    """Those of the columns that tell windows apart."""
    return [key for key in ("series", TARGET_NAME, CUTOFF) if key in columns]


def _names_targets(table: Table, columns: Columns) -> bool:
    """Whether a column of the table says which target a row is about: a forecast would be numbers."""
    if len(columns.targets) > 1:
        return True
    other = {columns.id, columns.time, columns.actual_column}
    return (
        TARGET_NAME in table.names and TARGET_NAME not in other and isinstance(table.column(TARGET_NAME).dtype, WORDS)
    )


def _targets(which: pl.Series, columns: Columns) -> tuple[str, ...]:
    """The targets that a column names, in the order of `columns` where that names several."""
    if not isinstance(which.dtype, WORDS) or which.null_count():
        nulls = which.null_count()
        raise ColumnError(
            f"column {TARGET_NAME!r} names each row's target in words; it is {which.dtype}, with {nulls} nulls"
        )
    named = tuple(which.cast(pl.String).unique(maintain_order=True))
    if len(columns.targets) == 1:
        return named
    unknown = set(named) - set(columns.targets)
    if unknown:
        drop_missing = ", ".join(map(repr, columns.targets))
        raise DataError(
            f"column {TARGET_NAME!r} has {sorted(unknown)[0]!r}, which is none of the targets named: {drop_missing}"
        )
    return tuple(name for name in columns.targets if name in named)


def _opened(table: Any) -> Table:
    opened = open_table(table)
    if opened is None:
        raise DataError(f"expected a pandas, polars or pyarrow table of forecasts, got {type(table).__qualname__}")
    return opened


def _rows(table: Table, columns: Columns, has_id: bool, length: int) -> SeriesIndex:
    if not has_id:
        return SeriesIndex.one(columns.actual_column, length, Source())
    ids = table.column(columns.id)
    check_ids(ids, Source())
    return SeriesIndex.group(ids, Source())


def _frame(
    table: Table, rows: SeriesIndex, columns: Columns, models: Mapping[str, ModelColumns], targets: Sequence[str]
) -> pl.DataFrame:
    lengths = np.diff(rows.offsets)
    order = np.arange(lengths.sum()) if rows.order is None else rows.order
    frame = {"row": pl.Series(order), "series": pl.Series(np.repeat(np.arange(len(lengths)), lengths))}
    if targets:
        places = dict(zip(targets, range(len(targets)), strict=True))
        which = rows.reorder(table.column(TARGET_NAME)).cast(pl.String)
        frame[TARGET_NAME] = which.replace_strict(places, return_dtype=pl.Int64)
    if CUTOFF in table.names:
        frame[CUTOFF] = as_times(rows.reorder(table.column(CUTOFF)), rows)
    frame["time"] = as_times(rows.reorder(table.column(columns.time)), rows)
    frame["y"] = rows.reorder(_numbers(table, columns.actual_column))
    for name in (column for model in models.values() for column in model.quantiles.values()):
        frame[f"= {name}"] = rows.reorder(_numbers(table, name))
    window = window_keys(list(frame))
    made = [pl.int_range(1, pl.len() + 1).over(window).alias("step")]
    if CUTOFF not in table.names:
        made.append(pl.col("time").first().over(window).alias("first"))
    return pl.DataFrame(frame).sort(*window, "time").with_columns(made)


def _numbers(table: Table, name: str) -> pl.Series:
    """A column as float64, null where it is missing."""
    column = table.column(name)
    if column.dtype != pl.Null and not column.dtype.is_numeric():
        kind = "values of mixed or unknown types" if column.dtype == pl.Object else str(column.dtype)
        raise ColumnError(
            f"column {name!r} holds {kind}, not numbers; every column but the id, the time, 'target' and 'cutoff' is "
            "what came or a forecast: cast it, or drop it first"
        )
    return column.cast(pl.Float64).fill_nan(None)


def _check(made: Forecasts) -> None:
    frame, keys = made.frame, [*made.window, "time"]
    again = pl.all_horizontal(pl.col(key) == pl.col(key).shift(1) for key in keys).fill_null(value=False)
    twice = frame.select(again).to_series()
    if twice.any():
        raise CalendarError(f"{made.place(int(twice.arg_max() or 0))} comes twice: keep one row for each")
    for ours in ("y", *(column for column in frame.columns if column.startswith("= "))):
        infinite = frame[ours].is_infinite().fill_null(value=False)
        if infinite.any():
            row = int(infinite.arg_max() or 0)
            name = made.columns.actual_column if ours == "y" else ours.removeprefix("= ")
            raise ValuesError(f"{made.place(row)}: column {name!r} is {frame[ours][row]}, which no score can take")
