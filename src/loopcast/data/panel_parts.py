"""Parts of a panel: some of its targets, series or rows."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import polars as pl

from loopcast.data.fields import PanelFields, check_count
from loopcast.data.missing import first_observed
from loopcast.data.ranges import concat_ranges
from loopcast.data.recent import rows_before, rows_before_last
from loopcast.data.time_grid import future_times
from loopcast.errors import OptionError, quote, quote_all


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PanelParts(PanelFields):
    """What a panel gives of itself."""

    def channel(self, which: str | int) -> Self:
        """The panel of one target alone, by its name or its place (from 0); OptionError where there is none such.

        >>> from loopcast.data.panel import Panel
        >>> Panel.from_array(np.zeros((1, 3, 2)), targets=["pm25", "no2"]).channel("no2").schema.columns.target
        'no2'
        """
        places = dict(zip(self.targets, range(self.n_channels), strict=True))
        place = places.get(which) if isinstance(which, str) else which
        if isinstance(place, bool) or not isinstance(place, int | np.integer) or not 0 <= place < self.n_channels:
            known = quote_all(self.targets)
            raise OptionError(
                f"a channel is one of {known}, or its place from 0 to {self.n_channels - 1}; got {quote(which)}"
            )
        columns = replace(self.schema.columns, target=self.targets[place])
        return replace(self, values=self.values[:, [place]], schema=replace(self.schema, columns=columns))

    def to_univariate(self) -> Self:
        """Each target of each series as a series of its own, of one channel: all of the first series, then the next.

        Series `i * n_channels + c` is channel c of series i, and called "ID, TARGET", or "TARGET" where there is
        no id; a panel of one target is itself.

        >>> from loopcast.data.panel import Panel
        >>> both = Panel.from_array(np.arange(6.0).reshape(1, 3, 2), ids=["a"], targets=["pm25", "no2"])
        >>> panel = both.to_univariate()
        >>> panel.ids.to_list(), panel.series(1).ravel().tolist()
        (['a, pm25', 'a, no2'], [1.0, 3.0, 5.0])
        """
        if self.n_channels == 1:
            return self
        each = np.repeat(np.arange(self.n_series), self.n_channels)
        channels = np.tile(np.arange(self.n_channels), self.n_series)
        before = [f"{name}, " for name in self.ids.to_list()] if self.schema.has_id else [""] * self.n_series
        names = [f"{name}{target}" for name in before for target in self.targets]
        columns = replace(self.schema.columns, target=", ".join(self.targets))
        lengths = self.lengths[each]
        rows, offsets = concat_ranges(self.offsets[each], lengths)
        covariates = self.covariates
        if covariates is not None:
            covariates = covariates.take(each, self.offsets[each], np.zeros_like(each), lengths, None)
        return replace(
            self,
            values=self.values[rows, np.repeat(channels, lengths)][:, None],
            offsets=offsets,
            ids=pl.Series(self.ids.name, names),
            starts=self.starts.gather(each),
            schema=replace(self.schema, columns=columns, has_id=True, id_type=""),
            covariates=covariates,
        )

    def drop_covariates(self) -> Self:
        """The same series without covariates."""
        columns = replace(self.schema.columns, past=(), future=(), static=())
        return replace(self, schema=replace(self.schema, columns=columns), covariates=None)

    def drop_last(self, steps: int) -> Self:
        """Each series less its last `steps` rows; LengthError where one would have no row left."""
        check_count("steps", steps)
        self.require_rows_before(steps)
        every = np.arange(self.n_series)
        return self._take(every, np.zeros_like(every), self.lengths - steps)

    def since(self, time: Any) -> Self:
        """Each series from a time on.

        time: a date, a timestamp, a whole number where times are, or its text. OptionError for another kind,
        LengthError where a series has no row from then on.

        >>> from loopcast.data.panel import Panel
        >>> Panel.from_array(np.arange(4.0).reshape(1, 4, 1), start=7).since(9).series(0).ravel().tolist()
        [2.0, 3.0]
        """
        front = rows_before(self, time)
        return self._take(np.arange(self.n_series), front, self.lengths - front)

    def latest(self, stretch: int | str) -> Self:
        """The last part of each series: so many rows, or a stretch of time such as "30d" or "2y" before its end.

        A shorter series stays whole. OptionError for anything else.

        >>> from loopcast.data.panel import Panel
        >>> Panel.from_array(np.arange(4.0).reshape(1, 4, 1)).latest(3).series(0).ravel().tolist()
        [1.0, 2.0, 3.0]
        """
        front = rows_before_last(self, stretch)
        return self._take(np.arange(self.n_series), front, self.lengths - front)

    def select(self, wanted: np.ndarray) -> Self:
        """The series for which `wanted`, bool `[series]`, holds; DataError where it holds for none.

        >>> from loopcast.data.panel import Panel
        >>> Panel.from_array(np.zeros((3, 5, 1))).select(np.array([True, False, True])).ids.to_list()
        [0, 2]
        """
        kept = np.flatnonzero(wanted)
        return self._take(kept, np.zeros_like(kept), self.lengths[kept])

    def take_heads(self, series: np.ndarray, rows: np.ndarray, ahead: int) -> Self:
        """Series `series`, int64 `[part]`, up to their first `rows` `[part]`; a series may come several times.

        What is known after these stays known for `ahead` steps.
        """
        return self._take(series, np.zeros_like(series), rows, ahead)

    def cut(self, series: np.ndarray, front: np.ndarray, rows: int, ahead: int) -> Self:
        """Of series `series`, int64 `[part]`, `rows` rows after their first `front` `[part]`; each a series of its own.

        What is known after these stays known for `ahead` steps.
        """
        return self._take(series, front, np.full_like(series, rows), ahead)

    def _take(self, series: np.ndarray, front: np.ndarray, lengths: np.ndarray, ahead: int | None = None) -> Self:
        """Some series, less their first `front` rows, so many rows of each; what is known ahead stays known.

        ahead: for so many steps alone; None is for all.
        """
        begin = self.offsets[series] + front
        rows, offsets = concat_ranges(begin, lengths)
        starts = self.starts.gather(series)
        return replace(
            self,
            values=self.values[rows],
            offsets=offsets,
            ids=self.ids.gather(series),
            starts=future_times(starts, front, 1, self.schema.freq) if front.any() else starts,
            covariates=self.covariates and self.covariates.take(series, begin, front, lengths, ahead),
        )

    def trim_leading_missing(self) -> Self:
        """Each series from its first value on: what is missing before it is no gap.

        Of several targets from the first value of any: what another one lacks then is. ValuesError naming the first
        series of which a target has no value.

        >>> from loopcast.data.panel import Panel
        >>> panel = Panel.from_array(np.array([np.nan, 2.0, np.nan]).reshape(1, 3, 1))
        >>> panel.trim_leading_missing().values.ravel().tolist()
        [2.0, nan]
        """
        self.require_any_value("a series begins with its first value")
        before = first_observed(self.values, self.offsets).min(axis=1) - self.offsets[:-1]
        if not before.any():
            return self
        return self._take(np.arange(self.n_series), before, self.lengths - before)
