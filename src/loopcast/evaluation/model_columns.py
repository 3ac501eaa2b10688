"""Which columns of a table of forecasts are whose: `MODEL`, and `MODEL-lo-80` with `MODEL-hi-80`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loopcast.columns import BandColumn, parse_band_column
from loopcast.data.series_index import Source
from loopcast.data.tables import Table
from loopcast.data.validate import check_names
from loopcast.errors import ColumnError
from loopcast.evaluation.metric import MEDIAN


@dataclass(frozen=True, kw_only=True)
class ModelColumns:
    """The columns of one model: of each quantile, 0.5 being its forecast; levels: of its intervals, ascending."""

    quantiles: Mapping[float, str]
    levels: tuple[float, ...]


def find_models(table: Table, keys: Sequence[str], *, intervals: bool) -> dict[str, ModelColumns]:
    """Which columns are whose; ColumnError where there is no model, or an interval lacks an end or its model."""
    rest = [name for name in table.names if name not in keys]
    if strange := [name for name in rest if not isinstance(name, str)]:
        raise ColumnError(f"columns of forecasts are named in words, got {strange[0]!r}: rename it")
    matches = {name: parse_band_column(name) for name in rest}
    points = [name for name, match in matches.items() if match is None]
    if not points:
        raise ColumnError(f"the table has no column of forecasts; its columns are {', '.join(map(repr, table.names))}")
    check_names(table, rest, "", Source())
    ends: dict[str, dict[float, str]] = {name: {} for name in points}
    for name, match in matches.items():
        if match is not None:
            _add_end(ends, name, match)
    return {
        name: _model(name, found if intervals else {}) for name, found in ends.items() if _has_both_ends(name, found)
    }


def _add_end(ends: dict[str, dict[float, str]], name: str, band: BandColumn) -> None:
    if band.model not in ends:
        what = "a quantile" if band.level is None else "an end of an interval"
        raise ColumnError(f"{name!r} is {what} of {band.model!r}, and the table has no column {band.model!r}")
    if band.level is None:  # a quantile belongs to its model, and no metric looks at it
        return
    if not 0 < band.level < 100:
        raise ColumnError(f"{name!r}: the level of an interval is above 0 and below 100 percent, got {band.level:g}")
    if band.probability in ends[band.model]:
        other = ends[band.model][band.probability]
        raise ColumnError(f"{other!r} and {name!r} are the same end of the same interval: drop one")
    ends[band.model][band.probability] = name


def _has_both_ends(model: str, ends: Mapping[float, str]) -> bool:
    for q, name in ends.items():
        if round(1 - q, 10) not in ends:
            raise ColumnError(f"the table has {name!r} and not the other end of that interval of {model!r}: add it")
    return True


def _model(name: str, ends: Mapping[float, str]) -> ModelColumns:
    levels = tuple(sorted(round(100 - 200 * q, 8) for q in ends if q < MEDIAN))
    return ModelColumns(quantiles={MEDIAN: name} | dict(ends), levels=levels)
