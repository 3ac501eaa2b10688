"""Covariates as a network sees them: numbers near one, with what is missing said beside them.

What is known at a row comes from that row and those before it; what is known ahead, from the calendar and the future
covariates, is known at every row up to the last one that they are given for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from loopcast.columns import CALENDAR, Columns
from loopcast.errors import OptionError, ValuesError
from loopcast.frames.clock import parts_of, shown, width_of
from loopcast.frames.panel import Panel
from loopcast.frames.stretches import laid_out
from loopcast.frames.timetable import future_times

PER_GAPPY = 3  # numbers that a covariate with gaps is shown as: its last value, whether it is there, since when
MOST_SIZE = 8  # numbers of an embedding, at most


class Scale(NamedTuple):
    """Of columns of numbers, float32 `[column]`: their mean, and their standard deviation; 1 for a constant."""

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "Scale":
        there = ~np.isnan(values)
        count = np.maximum(there.sum(axis=0), 1)
        mean = np.sum(values, axis=0, dtype=np.float64, where=there) / count
        spread = np.sqrt(np.sum(np.square(values - mean), axis=0, where=there) / count)
        return cls(mean.astype(np.float32), np.where(spread > 0, spread, 1).astype(np.float32))

    def scaled(self, values: np.ndarray) -> np.ndarray:
        return np.asarray((values - self.mean) / self.spread, np.float32)


class Ahead(NamedTuple):
    """What is known of each row and of the steps to come.

    values: float32 `[known row, column]`; offsets: int64 `[series + 1]`.
    """

    values: np.ndarray
    offsets: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Encoding:
    """How covariates become numbers, learned from the rows of a fit.

    columns: which there are. past, future, static: the scale of the numbers of each kind.
    gappy: for each past, then each future covariate, whether values may be missing.
    categories: of each static covariate, its categories in order; None where it is a number.
    unknown: whether a category that was not there is taken for an unknown one, as is now and then any in training.
    parts: of the calendar, as `loopcast.frames.clock.parts_of`.
    """

    columns: Columns
    past: Scale
    future: Scale
    static: Scale
    gappy: tuple[bool, ...]
    categories: tuple[tuple[str, ...] | None, ...]
    unknown: bool
    parts: tuple[str, ...]

    @classmethod
    def of(cls, panel: Panel, *, unknown: bool, gaps: bool = False) -> "Encoding | None":
        """From the rows of a panel; None where it has neither covariates nor a calendar to show.

        gaps: whether to expect missing values also of covariates that have none in these rows.
        """
        columns, covariates = panel.template.columns, panel.covariates
        parts = parts_of(columns, panel.template.freq)
        if covariates is None:
            nothing = Scale.of(np.zeros((1, 0), np.float32))
            made = cls(columns=columns, past=nothing, future=nothing, static=nothing, gappy=(), categories=(),
                       unknown=unknown, parts=parts)  # fmt: skip
            return made if parts else None
        own, _ = laid_out(covariates.offsets[:-1], panel.lengths)
        future, static = covariates.future[own], covariates.static
        numbers = [name for name in static.columns if static[name].dtype != pl.String]
        return cls(
            columns=columns,
            past=Scale.of(covariates.past),
            future=Scale.of(future),
            static=Scale.of(static.select(numbers).to_numpy().reshape(panel.n_series, -1)),
            gappy=tuple((gaps | np.isnan(np.hstack([covariates.past, future])).any(axis=0)).tolist()),
            categories=tuple(
                None if name in numbers else tuple(sorted(static[name].unique().to_list())) for name in static.columns
            ),
            unknown=unknown,
            parts=parts,
        )

    def to_facts(self) -> dict[str, Any]:
        """Everything but the scales, as plain values."""
        return {
            "columns": self.columns.to_json(),
            "gappy": self.gappy,
            "categories": self.categories,
            "unknown": self.unknown,
            "parts": self.parts,
        }

    def to_array(self) -> np.ndarray:
        """The scales, float32 `[2, number]`: mean and spread of past, future and static numbers."""
        return np.concatenate([np.stack(scale) for scale in (self.past, self.future, self.static)], axis=1)

    @classmethod
    def from_file(cls, facts: Any, scales: np.ndarray) -> "Encoding":
        """The encoding that `to_facts` and `to_array` wrote; OptionError where they cannot be of one."""
        names = {"columns", "gappy", "categories", "unknown", "parts"}
        if not isinstance(facts, Mapping) or set(facts) != names or not isinstance(facts["unknown"], bool):
            raise OptionError(f"an encoding has the entries {sorted(names)}, got {facts!r}")
        columns = Columns.from_json(facts["columns"])
        counts = [len(columns.past), len(columns.future), _count_numbers(columns, facts["categories"])]
        gappy, parts = facts["gappy"], facts["parts"]
        if scales.shape != (2, sum(counts)) or scales.dtype != np.float32 or not (scales[1] > 0).all():
            raise OptionError(f"the scales of {sum(counts)} numbers are float32 [2, number], got {scales.shape}")
        if not _all(gappy, bool) or len(gappy) != counts[0] + counts[1]:
            raise OptionError(f"an encoding says of each covariate whether it has gaps, got {gappy!r}")
        if not _all(parts, str) or not set(parts) <= {*CALENDAR, "holiday"} or len(set(parts)) < len(parts):
            raise OptionError(f"an encoding shows parts of a calendar, got {parts!r}")
        past, future, static = (Scale(*each) for each in np.split(scales, np.cumsum(counts)[:-1], axis=1))
        return cls(
            columns=columns,
            past=past,
            future=future,
            static=static,
            gappy=gappy,
            categories=facts["categories"],
            unknown=facts["unknown"],
            parts=parts,
        )

    @property
    def past_width(self) -> int:
        """How many numbers of a row are known of the past alone."""
        return _width(self.gappy[: len(self.columns.past)])

    @property
    def ahead_width(self) -> int:
        """How many numbers are known of each step to come."""
        return _width(self.gappy[len(self.columns.past) :]) + width_of(self.parts)

    @property
    def width(self) -> int:
        """How many numbers a row has: of the past, static ones, and those known ahead, in this order."""
        return self.past_width + len(self.static.mean) + self.ahead_width

    @property
    def tables(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of each table of embeddings; with `unknown`, the last row is for what is not known."""
        counts = [len(each) for each in self.categories if each is not None]
        return tuple((count + self.unknown, min(MOST_SIZE, (count + 1) // 2 + 1)) for count in counts)

    def require_reach(self, reach: int, horizon: int) -> None:
        """OptionError where forecasts would be fed back with past covariates, of which nothing is known by then."""
        if horizon > reach and self.past_width:
            raise OptionError(
                f"past covariates ({', '.join(self.columns.past)}) are known up to the cutoff, so a forecast reaches "
                f"as far as the horizon of the fit, {reach}, and {horizon} steps were asked for: fit with that horizon"
            )

    def rows(self, panel: Panel) -> np.ndarray:
        """What is known at each row of a panel, float32 `[row, width]`."""
        ahead = self.ahead(panel, 0)
        own, _ = laid_out(ahead.offsets[:-1], panel.lengths)
        past = self._past(panel)
        return np.concatenate([past, self.numbers(panel)[panel.series_of(np.arange(panel.n_rows))],
                               ahead.values[own]], axis=1)  # fmt: skip

    def numbers(self, panel: Panel) -> np.ndarray:
        """The static numbers of each series, float32 `[series, static]`."""
        if panel.covariates is None:
            return np.zeros((panel.n_series, 0), np.float32)
        names = [name for name, each in zip(self.columns.static, self.categories, strict=True) if each is None]
        plain = panel.covariates.static.select(names).to_numpy().reshape(panel.n_series, -1)
        return self.static.scaled(plain)

    def ahead(self, panel: Panel, extra: int) -> Ahead:
        """What is known of each row, and of `extra` steps after the end of each series.

        ValuesError where future covariates do not reach so far, or miss a value and never did in the fit.
        """
        panel.require_ahead(extra)
        lengths = panel.lengths + extra
        offsets = np.append(0, np.cumsum(lengths))
        steps = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
        values = np.zeros((offsets[-1], 0), np.float32)
        if panel.covariates is not None:
            own, _ = laid_out(panel.covariates.offsets[:-1], lengths)
            names, gappy = self.columns.future, self.gappy[len(self.columns.past) :]
            future = panel.covariates.future[own] if names else np.zeros((len(steps), 0), np.float32)
            self._require_known(panel, names, gappy, future, offsets)
            values = _shown(self.future.scaled(future), gappy, offsets)
        starts = panel.starts.gather(np.repeat(np.arange(panel.n_series), lengths)) if self.parts else panel.starts
        times = future_times(starts, steps, 1, panel.template.freq) if self.parts else panel.starts
        clock = shown(times, self.parts, panel.template.zone, self.columns.holidays)
        return Ahead(np.concatenate([values, clock], axis=1) if self.parts else values, offsets)

    def codes(self, panel: Panel) -> np.ndarray:
        """The category of each series, int32 `[series, static]`, a column for each table of `tables`.

        OptionError for a category that the fit did not have, unless `unknown`.
        """
        columns = [
            self._code(panel, name, known)
            for name, known in zip(self.columns.static, self.categories, strict=True)
            if known is not None
        ]
        return np.stack(columns, axis=1) if columns else np.zeros((panel.n_series, 0), np.int32)

    def _code(self, panel: Panel, name: str, known: tuple[str, ...]) -> np.ndarray:
        cells = panel.covariates.static[name] if panel.covariates is not None else pl.Series()
        places = {category: code for code, category in enumerate(known)}
        codes = np.array([places.get(str(cell), len(known)) for cell in cells], np.int32)
        new = codes == len(known)
        if new.any() and not self.unknown:
            i = int(new.argmax())
            raise OptionError(
                f"series {panel.ids[i]!r}: {name!r} is {cells[i]!r}, which was not there in the fit (known: "
                f"{', '.join(map(repr, known[:10]))}{', …' if len(known) > 10 else ''}); fit with "
                "unknown_categories=True to learn what to make of others"
            )
        return codes

    def _past(self, panel: Panel) -> np.ndarray:
        if panel.covariates is None:
            return np.zeros((panel.n_rows, 0), np.float32)
        names, gappy = self.columns.past, self.gappy[: len(self.columns.past)]
        self._require_known(panel, names, gappy, panel.covariates.past, panel.offsets)
        return _shown(self.past.scaled(panel.covariates.past), gappy, panel.offsets)

    def _require_known(
        self,
        panel: Panel,
        names: Sequence[str],
        gappy: tuple[bool, ...],
        values: np.ndarray,
        offsets: np.ndarray,
    ) -> None:
        """ValuesError naming the first value that is missing of a covariate that missed none in the fit."""
        wrong = np.isnan(values) & ~np.array(gappy, bool)
        if not wrong.any():
            return
        row, column = np.unravel_index(int(wrong.argmax()), wrong.shape)
        i = int(np.searchsorted(offsets, row, side="right")) - 1
        time = future_times(panel.starts.gather([i]), row - offsets[i : i + 1], 1, panel.template.freq)[0]
        raise ValuesError(
            f"series {panel.ids[i]!r} at {time}: covariate {names[int(column)]!r} is missing, and the model was "
            "fitted where none was: give its value, or fit on data in which some are missing"
        )


def _all(values: Any, kind: type) -> bool:
    return isinstance(values, tuple) and all(type(value) is kind for value in values)


def _count_numbers(columns: Columns, categories: Any) -> int:
    """How many static covariates are numbers; OptionError unless the others have categories, each once."""
    if not isinstance(categories, tuple) or len(categories) != len(columns.static):
        raise OptionError(f"an encoding has categories, or none, for each static covariate, got {categories!r}")
    known = [each for each in categories if each is not None]
    if not all(_all(each, str) and each and len(set(each)) == len(each) for each in known):
        raise OptionError("the categories of a static covariate are different words")
    return len(categories) - len(known)


def _width(gappy: tuple[bool, ...]) -> int:
    return sum(PER_GAPPY if each else 1 for each in gappy)


def _shown(values: np.ndarray, gappy: tuple[bool, ...], offsets: np.ndarray) -> np.ndarray:
    """Each column as it is, or where it may have gaps as three: the last value, whether it is there, and since when."""
    columns: list[np.ndarray] = []
    for column, gaps in zip(values.T, gappy, strict=True):
        columns += _with_gaps(column, offsets) if gaps else [column]
    return np.stack(columns, axis=1) if columns else np.zeros((len(values), 0), np.float32)


def _with_gaps(column: np.ndarray, offsets: np.ndarray) -> list[np.ndarray]:
    there = ~np.isnan(column)
    rows, begin = np.arange(len(column)), np.repeat(offsets[:-1], np.diff(offsets))
    last = np.maximum.accumulate(np.where(there, rows, -1))
    seen = last >= begin
    since = np.where(seen, rows - last, rows - begin + 1)
    carried = np.where(seen, column[np.maximum(last, 0)], 0)
    return [carried.astype(np.float32), there.astype(np.float32), np.log1p(since).astype(np.float32)]
