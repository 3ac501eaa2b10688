"""Covariates as a network sees them: numbers near one, with what is missing said beside them.

What is known at a row comes from that row and those before it; what is known ahead, from the calendar and the future
covariates, is known at every row up to the last one that they are given for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl

from loopcast.columns import CALENDAR, Columns
from loopcast.data.calendar_features import CalendarFeatures, resolve_features
from loopcast.data.panel import Panel
from loopcast.data.ranges import concat_ranges
from loopcast.data.time_grid import future_times
from loopcast.errors import DataError, OptionError, ValuesError
from loopcast.features.standardize import PER_COLUMN, Standardization, encode_columns


class FutureFeatures(NamedTuple):
    """What is known of each row and of the steps to come.

    values: float32 `[known row, column]`; offsets: int64 `[series + 1]`.
    """

    values: np.ndarray
    offsets: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class ExogenousEncoder:
    """How covariates become numbers, learned from the rows of a fit.

    columns: which there are. past, future, static: the scale of the numbers of each kind.
    categories: of each static covariate, its categories in order; None where it is a number.
    allow_unknown: whether a category that the fit had not is taken for none of those it knows.
    parts: of the calendar, as `loopcast.data.calendar_features.resolve_features`.
    """

    columns: Columns
    past: Standardization
    future: Standardization
    static: Standardization
    categories: tuple[tuple[str, ...] | None, ...]
    allow_unknown: bool
    parts: tuple[str, ...]

    def __post_init__(self) -> None:
        columns, numbers = self.columns, sum(each is None for each in self.categories)
        if len(self.categories) != len(columns.static):
            raise OptionError(f"an encoder has categories, or none, for each static covariate, got {self.categories}")
        if not all(each and len(set(each)) == len(each) for each in self.categories if each is not None):
            raise OptionError("the categories of a static covariate are different words")
        for scale, count in (
            (self.past, len(columns.past)),
            (self.future, len(columns.future)),
            (self.static, numbers),
        ):
            if scale.mean.shape != (count,) or scale.spread.shape != (count,) or not (scale.spread > 0).all():
                raise OptionError(f"the scale of {count} columns is a mean and a positive spread of each")
        if not set(self.parts) <= {*CALENDAR, "holiday"} or len(set(self.parts)) < len(self.parts):
            raise OptionError(f"an encoder shows parts of a calendar, got {self.parts}")
        if ("holiday" in self.parts) != bool(columns.countries):
            raise OptionError(f"holidays are shown where the columns name whose, got {self.parts}")

    @classmethod
    def of(cls, panel: Panel, *, unknown: bool) -> "ExogenousEncoder | None":
        """From the rows of a panel; None where it has neither covariates nor a calendar to show.

        unknown: whether to allow categories that these rows do not have.
        """
        columns, covariates = panel.schema.columns, panel.covariates
        parts = resolve_features(columns, panel.schema.freq)
        if covariates is None:
            nothing = Standardization.of(np.zeros((1, 0), np.float32))
            made = cls(columns=columns, past=nothing, future=nothing, static=nothing, categories=(),
                       allow_unknown=unknown, parts=parts)  # fmt: skip
            return made if parts else None
        own, _ = concat_ranges(covariates.offsets[:-1], panel.lengths)
        future, static = covariates.future[own], covariates.static
        numbers = [name for name in static.columns if static[name].dtype != pl.String]
        return cls(
            columns=columns,
            past=Standardization.of(covariates.past),
            future=Standardization.of(future),
            static=Standardization.of(static.select(numbers).to_numpy().reshape(panel.n_series, -1)),
            categories=tuple(
                None if name in numbers else tuple(sorted(static[name].unique().to_list())) for name in static.columns
            ),
            allow_unknown=unknown,
            parts=parts,
        )

    @cached_property
    def calendar(self) -> CalendarFeatures:
        """What is shown of times."""
        return CalendarFeatures.of(self.columns, self.parts)

    def sees_as(self, other: "ExogenousEncoder") -> bool:
        """Whether another one makes as many numbers of the same covariates, if of another scale."""
        words = [(each.columns, each.categories, each.parts) for each in (self, other)]
        return words[0] == words[1]

    def shows_as(self, other: "ExogenousEncoder") -> bool:
        """Whether another one makes the same numbers of the same covariates."""
        scales = zip((self.past, self.future, self.static), (other.past, other.future, other.static), strict=True)
        return self.sees_as(other) and all(
            np.array_equal(one, its) for pair in scales for one, its in zip(*pair, strict=True)
        )

    @property
    def past_width(self) -> int:
        """How many numbers of a row are known of the past alone."""
        return PER_COLUMN * len(self.columns.past)

    @property
    def ahead_width(self) -> int:
        """How many numbers are known of each step to come."""
        return PER_COLUMN * len(self.columns.future) + self.calendar.size

    @property
    def future_values(self) -> list[int]:
        """Which of the numbers that are known ahead are the values of covariates."""
        return [PER_COLUMN * place for place in range(len(self.columns.future))]

    @property
    def static_width(self) -> int:
        """How many numbers are known of a series: its static numbers, and one for each category."""
        return len(self.static.mean) + sum(len(each) for each in self.categories if each is not None)

    @property
    def width(self) -> int:
        """How many numbers a row has: of the past, static ones, and those known ahead, in this order."""
        return self.past_width + self.static_width + self.ahead_width

    def require_reach(self, reach: int, horizon: int) -> None:
        """OptionError where forecasts would be fed back with past covariates, of which nothing is known by then."""
        if horizon > reach and self.past_width:
            raise OptionError(
                f"past covariates ({', '.join(self.columns.past)}) are known up to the cutoff, so a forecast reaches "
                f"as far as the horizon of the fit, {reach}, and {horizon} steps were asked for: fit with that horizon"
            )

    def require_same_covariates(self, panel: Panel) -> None:
        """DataError unless the covariates of a panel are those of the fit."""
        theirs, ours = panel.schema.columns, self.columns
        if any(getattr(theirs, kind) != getattr(ours, kind) for kind in ("past", "future", "static")):
            raise DataError(f"the model was fitted with {ours}, and this data has {theirs}: name the same covariates")

    def rows(self, panel: Panel, ahead: FutureFeatures) -> np.ndarray:
        """What is known at each row of a panel, float32 `[row, width]`; ahead: as `ahead` gives it, for any `extra`."""
        own, _ = concat_ranges(ahead.offsets[:-1], panel.lengths)
        past = self.past_rows(panel)
        static = self.of_series(panel)[panel.series_of(np.arange(panel.n_rows))]
        return np.concatenate([past, static, ahead.values[own]], axis=1)

    def of_series(self, panel: Panel) -> np.ndarray:
        """What is known of each series of a panel, float32 `[series, static_width]`; see `of_static`."""
        if panel.covariates is None:
            return np.zeros((panel.n_series, 0), np.float32)
        return self.of_static(panel.covariates.static, panel.ids)

    def of_static(self, static: pl.DataFrame, ids: Sequence[object] | pl.Series) -> np.ndarray:
        """The static covariates of the series of these ids: numbers, and 1 for its own category of each.

        An unknown category is none. ValuesError where a number is none here, OptionError for a category that the fit
        did not have, unless `allow_unknown`.
        """
        each = [self._numbers(static, len(ids))]
        for name, known in zip(self.columns.static, self.categories, strict=True):
            if known is not None:
                code = self._code(ids, static[name], known)
                each.append(np.eye(len(known) + 1, len(known), dtype=np.float32)[code])
        return np.concatenate(each, axis=1)

    def _numbers(self, static: pl.DataFrame, count: int) -> np.ndarray:
        names = [name for name, each in zip(self.columns.static, self.categories, strict=True) if each is None]
        wrong = next((name for name in names if static[name].dtype == pl.String), None)
        if wrong is not None:
            raise ValuesError(
                f"static covariate {wrong!r} has categories here, such as {static[wrong][0]!r}, and numbers in the fit"
            )
        return self.static.scaled(static.select(names).to_numpy().reshape(count, -1))

    def ahead(self, panel: Panel, extra: int) -> FutureFeatures:
        """What is known of each row, and of `extra` steps after the end of each series.

        ValuesError where future covariates do not reach so far.
        """
        panel.require_future(extra)
        lengths = panel.lengths + extra
        offsets = np.append(0, np.cumsum(lengths))
        steps = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
        values = np.zeros((offsets[-1], 0), np.float32)
        if panel.covariates is not None and self.columns.future:
            own, _ = concat_ranges(panel.covariates.offsets[:-1], lengths)
            values = encode_columns(self.future.scaled(panel.covariates.future[own]), offsets)
        starts = panel.starts.gather(np.repeat(np.arange(panel.n_series), lengths)) if self.parts else panel.starts
        times = future_times(starts, steps, 1, panel.schema.freq) if self.parts else panel.starts
        clock = self.calendar.encode(times, panel.schema.zone)
        return FutureFeatures(np.concatenate([values, clock], axis=1) if self.parts else values, offsets)

    def _code(self, ids: Sequence[object] | pl.Series, cells: pl.Series, known: tuple[str, ...]) -> np.ndarray:
        """The place of each series' category among the known ones; after the last one where it is none of them."""
        places = {category: code for code, category in enumerate(known)}
        codes = np.array([places.get(_word(cell), len(known)) for cell in cells], np.int32)
        new = codes == len(known)
        if new.any() and not self.allow_unknown:
            i = int(new.argmax())
            raise OptionError(
                f"series {ids[i]!r}: {cells.name!r} is {cells[i]!r}, which was not there in the fit (known: "
                f"{', '.join(map(repr, known[:10]))}{', …' if len(known) > 10 else ''}): fit with "
                "it, or a Recurrent, which forecasts others as it does series of no category"
            )
        return codes

    def past_rows(self, panel: Panel) -> np.ndarray:
        """What is known of the past alone at each row, float32 `[row, past_width]`."""
        if panel.covariates is None:
            return np.zeros((panel.n_rows, 0), np.float32)
        return encode_columns(self.past.scaled(panel.covariates.past), panel.offsets)


def _word(cell: object) -> str:
    """A category as it was written: a file that has only numbers in a column may have had words in the fit."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
