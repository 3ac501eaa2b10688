"""What `forecaster.live()` gives: a fitted model that takes one observation at a time."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Self

from loopcast.columns import Bands
from loopcast.data.convert import as_panel
from loopcast.data.panel import Panel
from loopcast.data.schema import TableSchema
from loopcast.errors import DataError, OptionError, quote, quote_all
from loopcast.live import tables
from loopcast.live.answers import Ahead, Rows, Seen, Taken
from loopcast.live.batches import take_rows, take_until
from loopcast.live.checks import Id
from loopcast.live.covariates import future_numbers
from loopcast.live.engine import Engine
from loopcast.live.folder import save
from loopcast.live.forecasts import forecast
from loopcast.live.model import LiveModel
from loopcast.live.rules import Rules
from loopcast.live.state import State
from loopcast.models.forecaster import Forecaster
from loopcast.validation import check_positive


class Live:
    """A fitted model that follows series one row at a time, each in microseconds; `Forecaster.live` makes it.

    Nothing is learned: rows move the state of each series, and how wide its intervals are, and never the weights. What
    is forecast is, to the bit, what `predict` says of the same rows; intervals are too until values were judged by
    them, and from then on keep what they promise. The state of a series depends on its own rows alone, in order of
    time, however they came.

    >>> import datetime as dt
    >>> from loopcast.models.pretrained.forecaster import Pretrained
    >>> panel = Panel.from_series([float(i % 4) for i in range(40)], start=dt.date(2024, 1, 1), freq="D")
    >>> live = Pretrained(horizon=2, season=4).fit(panel).live(panel)
    >>> live.update_one("y", dt.date(2024, 2, 10), 0.0).status
    'taken'
    >>> live.predict_one("y").values.round(3).tolist()
    [1.0, 2.0]
    """

    def __init__(self, model: LiveModel, state: State) -> None:
        self._model, self._state = model, state
        self._engines: dict[int, tuple[Engine, ...]] = {}

    @classmethod
    def start(cls, forecaster: Forecaster, data: Any = None, **options: Any) -> Self:
        """As `Forecaster.live`."""
        names = {each.name for each in fields(Rules)}
        if not set(options) <= names:
            raise OptionError(f"live takes the options {quote_all(sorted(names))}, got {quote_all(sorted(options))}")
        live = cls.of(LiveModel(forecaster, Rules(**options)))
        if data is not None:
            live._load(as_panel(data, like=forecaster.model.schema))
        return live

    @classmethod
    def of(cls, model: LiveModel) -> Self:
        """One that follows no series yet."""
        return cls(model, model.new_state())

    def _load(self, panel: Panel) -> None:
        """Rows that the model may have learned from: nothing is judged by them."""
        model, state = self._model, self._state
        if panel.n_series > model.rules.most_series:
            raise OptionError(f"{panel.n_series:,} series are more than most_series={model.rules.most_series:,}")
        model.bounds.check(panel)
        state.load(panel)

    @property
    def levels(self) -> tuple[float, ...]:
        """The percentages of the intervals, ascending: of `low` and `high` in `Ahead`, and of `predict`."""
        return self._model.rules.levels

    @property
    def horizon(self) -> int:
        """Steps ahead of `predict_one`."""
        return self._model.horizon

    @property
    def ids(self) -> list[Id]:
        """The series that are followed, in the order in which they came."""
        return list(self._state.series)

    @property
    def first_id(self) -> Id | None:
        """The first of them, None where there is none."""
        return next(iter(self._state.series), None)

    def __len__(self) -> int:
        """How many series are followed."""
        return len(self._state.series)

    def __repr__(self) -> str:
        return f"<Live: {self._model.name}, {len(self):,} series, {self.horizon} steps ahead, levels {self.levels}>"

    def update_one(
        self,
        id: Id,  # noqa: A002 - the column's usual name
        time: Any,
        y: float | Mapping[str, float | None] | None,
        covariates: Mapping[str, Any] | None = None,
    ) -> Seen:
        """Take one row in: what it was, how surprising, and whether there is a drift; see `Seen`.

        time: a whole number, a date or a timestamp as the model's data had, or text in ISO 8601. y: None or NaN is a
        missing value; of several targets, each by its name. covariates: by name, where the model has any: past ones in
        each row, static ones in the first of a series, and future ones where they are not known yet (`live(data)` may
        have them). CalendarError for a time that is not on the calendar of the series, in no zone where the model's
        have one or the other way round, or after a longer gap than is allowed; ValuesError for infinity and beyond
        1e38; OptionError for a series that is new and may not be. An error leaves everything as it was.
        """
        return self._state.take(id, time, y, covariates)

    def tick(self, time: Any) -> int:
        """A time as a whole number; errors as of `update_one`."""
        return self._state.clock.tick(time)

    def values(self, y: Any) -> tuple[float, ...]:
        """The values of a row as floats, one for each target, NaN where missing; errors as of `update_one`."""
        return self._state.checks.row(y)

    def take_until(self, rows: Rows) -> tuple[Taken, DataError | None]:
        """Checked rows, in their order, up to the first that cannot be taken in, and its error; None where all are."""
        return take_until(self._state, rows)

    @property
    def seqs(self) -> Mapping[str, int]:
        """Of each source of numbered rows, the highest number that was taken in."""
        return self._state.seqs

    @property
    def numbers(self) -> tuple[str, ...]:
        """The fields of a row that are numbers: targets, and covariates that are no categories."""
        return (*self.schema.columns.targets, *self._state.numbers)

    def know(self, id: Id, time: Any, future: Mapping[str, Any]) -> None:  # noqa: A002
        """What is known of a step to come of a series: some of its future covariates, by name.

        From there on forecasts go by it, until the row itself says otherwise. A row is judged by what was issued when
        the row before it came: its surprise goes by what was known of its step then. OptionError for a series that is
        not followed, and for what is no future covariate; CalendarError for a step that is past, or too far.
        """
        self._state.know(id, time, future)

    def predict_one(self, id: Id, future: Mapping[str, Sequence[Any]] | None = None) -> Ahead:  # noqa: A002
        """What comes after the last row of a series; see `Ahead`. OptionError for a series that is not followed.

        future: of each future covariate its values at the steps to come, up to the horizon: if this came. None takes
        what is known of them, and is a ValuesError where that does not reach so far.
        """
        ahead = None if future is None else future_numbers(self.schema.columns, future, self.horizon)
        return forecast(self._state, id, self._state.engines, self.horizon, ahead)

    def update(self, table: Any) -> Any:
        """Take the rows of a table in, in their order, and give it back with what is said of each.

        table: long, of pandas, polars or pyarrow, with the columns of the model's data. Added are `status`, `forecast`
        (of that row, one step ahead, as it was issued before it came) and `surprise`, missing where there is none; of
        several targets `forecast-TARGET` and `surprise-TARGET` of each.
        Errors are those of `update_one`, before any row is taken in.
        """
        opened, rows = tables.read_rows(table, self._state, self._model.schema)
        return tables.with_verdicts(opened, take_rows(self._state, rows), self.schema.columns.targets)

    def predict(self, horizon: int | None = None, *, level: float | Sequence[float] = (), future: Any = None) -> Any:
        """The steps after the last row of each series as a table, as `Forecaster.predict`; `cutoff` is that row's time.

        Of several targets there is a row for each, which a column `target` names.

        level: some of `levels`, which are those that are tracked; OptionError for another. future: a table of future
        covariates, of each of these steps, as of `Forecaster.predict`; None takes what is known of them.
        """
        levels = Bands.of(level).levels
        missing = [each for each in levels if each not in self.levels]
        if missing:
            raise OptionError(
                f"the levels that are tracked are {quote_all(self.levels)}, and not {missing[0]:g}: name it in "
                "live(level=...)"
            )
        steps = self.horizon if horizon is None else check_positive("horizon", horizon)
        if levels:
            self._model.require_intervals(steps)
        with self._state.lock:
            ahead = tables.read_future(future, self._state, self.schema, steps)
            return tables.forecast_table(self._state, (self._engines_of(steps), steps, ahead), self._model, levels)

    def _engines_of(self, steps: int) -> tuple[Engine, ...]:
        """Those of the state; for another number of steps, some that forecast these."""
        if steps == self.horizon:
            return self._state.engines
        if steps not in self._engines:
            self._engines[steps] = self._model.engines_of(steps)
        return self._engines[steps]

    def fork(self, ids: Iterable[Id] | None = None) -> "Live":
        """A copy of some series (None is all) that goes its own way: what would be forecast if this came."""
        with self._state.lock:
            other = Live.of(self._model)
            for id_ in self.ids if ids is None else ids:
                other._state.copy_in(id_, self._state.find(id_))
        return other

    def advance(self, time: Any) -> None:
        """What has not come up to `time` is missing, in every series.

        CalendarError, with nothing changed, where a series would have a longer gap than is allowed.
        """
        self._state.advance(time)

    def forget(self, ids: Iterable[Id]) -> None:
        """End some series: their memory is given back. OptionError, with none ended, where one is not followed."""
        if isinstance(ids, str):
            raise OptionError(f"forget takes several ids: give [{quote(ids)}]")
        with self._state.lock:
            self._state.forget(ids)

    def health(self) -> Any:
        """A row for each series, of several targets for each: how it is, as a table of the kind that the fit had.

        last: the time of its last row. rows: how many it has. behind: steps from there to the latest of all series;
        stale: whether these are more than `lateness`. drifts: how many were found; since_drift: rows since the last.
        judged: values that were judged one step ahead; mae: how far off the forecasts of these were, and
        mae_seasonal_naive: the values a season before, on those that have one. missed-LEVEL: the share of judged
        values outside of an interval one step ahead. duplicates, late, revised: rows that came so since this process
        began.
        """
        with self._state.lock:
            return tables.health_table(self._state, self._model)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Keep all of it in a folder, such as "pumps.live", from which `loopcast.resume` goes on.

        Whole or not at all: a folder of this model that is there has the old state or the new one at any moment.
        ModelFileError where it is another model's, or of other rules, or is in use by another process; OSError as the
        system gives it.
        """
        with self._state.lock:
            save(self._model, self._state, path)

    def sync(self) -> None:
        """Have all that came survive a power cut, too, where there is a journal."""
        if self._state.log is not None:
            self._state.log.sync()

    @property
    def journaled(self) -> int:
        """How many entries of the journal a `resume` would have to do again."""
        return 0 if self._state.log is None else self._state.log.entries

    @property
    def rules(self) -> Rules:
        """By which rows come in."""
        return self._model.rules

    @property
    def schema(self) -> TableSchema:
        """How tables of rows look."""
        return self._model.schema

    @property
    def name(self) -> str:
        """Of the forecast's columns."""
        return self._model.name

    def close(self) -> None:
        """Write no more to a journal, and let others use its folder."""
        if self._state.log is not None:
            self._state.log.close()
            self._state.log = None
