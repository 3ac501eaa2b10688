"""What a worker does with a request: read its table, do the task of that name, and write down what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from loopcast.data.panel import Panel
from loopcast.data.read import WholeFile
from loopcast.errors import OptionError
from loopcast.service import bodies
from loopcast.service.catalog import loaded
from loopcast.service.options import (
    UNTUNED,
    AnomaliesOptions,
    BacktestOptions,
    ForecastOptions,
    ImputeOptions,
    LookOptions,
    RequestOptions,
    TableOptions,
)
from loopcast.service.request import Work
from loopcast.tasks.models import BASELINES, MAKERS, build_forecasters, build_models
from loopcast.tasks.texts import levels, parse_names, parse_refit

if TYPE_CHECKING:  # it loads JAX, which a forecast by the pretrained network does without
    from loopcast.tasks.impute import ImputeResult

TEXT = (".csv", ".tsv")
MOST_SURE = 99  # percent, of an interval of filled values


def look(work: Work, asked: LookOptions) -> Any:
    """As `loopcast look --json`."""
    from loopcast.data.look import look as look_at
    from loopcast.tasks.look import LookResult

    bodies.check_size(work.path, work.limits)
    found = LookResult(file=Path(work.name), found=look_at(work.path, asked.columns(), asked.read_options()))
    if found.found.panel is not None:
        work.limits.check_table(found.found.panel.n_series, found.found.panel.n_rows)
    return found


def forecast(work: Work, asked: ForecastOptions) -> Any:
    """As `loopcast forecast --json`, or `predict --json` with a model of the server."""
    work.limits.check_horizon(asked.horizon)
    fitted = asked.model == UNTUNED or asked.model in MAKERS
    return _fitted(work, asked) if fitted else _predicted(work, asked)


def _fitted(work: Work, asked: ForecastOptions) -> Any:
    from loopcast.tasks.forecast import ForecastTask
    from loopcast.tasks.forecast import forecast as run

    common, network = asked.common(asked.budget), asked.network()
    untuned = asked.model == UNTUNED
    [forecaster] = build_forecasters("Pretrained" if untuned else asked.model, common, network, show_progress=None)
    if untuned:
        forecaster = forecaster.with_options(tune=0)
    panel = bodies.with_future(work.whole(asked), work.future, asked)
    _check_ahead(work, panel, asked.horizon)
    task = ForecastTask(
        forecasters=(forecaster,),
        horizon=asked.horizon,
        baselines=tuple(build_models([name for name in BASELINES if name != asked.model], common)),
        check=asked.check and not untuned,
        levels=None if asked.level is None else levels(asked.level),
        season=asked.season,
        explain=asked.explain,
    )
    return run(task, panel, status=work.status)


def _predicted(work: Work, asked: ForecastOptions) -> Any:
    from loopcast.tasks.forecast import predict

    file = work.model_file(asked.model)
    forecaster = loaded(file)
    if asked.network():
        raise OptionError(f"{asked.model} is fitted already: leave {next(iter(asked.network()))} out")
    panel = bodies.with_future(work.whole(asked, **work.like(file)), work.future, asked)
    _check_ahead(work, panel, asked.horizon)
    return predict(forecaster, panel, asked.horizon, levels(asked.level or "none"), explain=asked.explain)


def _check_ahead(work: Work, panel: Panel, horizon: int, windows: int = 1) -> None:
    panel.require_future(horizon)
    work.limits.check_answer(panel.n_series * panel.n_channels * horizon * windows)


def backtest(work: Work, asked: BacktestOptions) -> Any:
    """As `loopcast backtest --json`."""
    from loopcast.tasks.backtest import backtest as run

    work.limits.check_horizon(asked.horizon)
    names = parse_names("models", asked.models)
    forecasters = build_models(names, asked.common(asked.budget))
    panel = work.whole(asked).panel
    work.limits.check_answer(panel.n_series * panel.n_channels * asked.horizon * asked.n_windows)
    return run(
        forecasters,
        panel,
        asked.horizon,
        n_windows=asked.n_windows,
        step_size=asked.step_size,
        refit=parse_refit(asked.refit),
        level=levels(asked.level),
        season=asked.season,
        seeds=asked.seeds,
    )


def impute(work: Work, asked: ImputeOptions) -> Any:
    """As `loopcast impute --json`."""
    from loopcast.models.imputer.imputer import Imputer
    from loopcast.tasks.impute import impute as fill_gaps

    wanted = levels(asked.level)
    if wanted and wanted[-1] > MOST_SURE:
        raise OptionError(f"intervals of filled values go up to {MOST_SURE}%, got level={wanted[-1]:g}")
    imputer = Imputer(
        mode=asked.mode or "two-sided",
        season=asked.season,
        best=asked.best,
        updates=asked.updates,
        seed=asked.seed or 0,
        show_progress=None,
        **asked.bounds(),
    )
    whole = work.whole(asked, every=True)
    return Filled(result=fill_gaps(imputer, whole.panel, levels=wanted), whole=whole, text=work.path.suffix in TEXT)


@dataclass(frozen=True, kw_only=True, eq=False)
class Filled:
    """What filled the gaps of a table, and that table; text: whether that has no types."""

    result: "ImputeResult"
    whole: WholeFile
    text: bool

    def facts(self) -> dict[str, Any]:
        """As `--json` prints, and the rows of the filled table."""
        table = self.table()
        return {**self.result.facts(), "table": (self.whole.with_types(table) if self.text else table).to_dicts()}

    def table(self) -> pl.DataFrame:
        """As it came, with its gaps filled."""
        return self.result.table(self.whole)

    def page(self, command: str = "") -> bytes:
        """See `ImputeResult.page`."""
        return self.result.page(command)


def anomalies(work: Work, asked: AnomaliesOptions) -> Any:
    """As `loopcast anomalies --json`."""
    from loopcast.tasks.anomalies import anomalies as run

    return run(work.whole(asked).panel, level=asked.level, season=asked.season)


TASKS: Mapping[str, Callable[[Work, Any], Any]] = {
    "look": look,
    "forecast": forecast,
    "backtest": backtest,
    "impute": impute,
    "anomalies": anomalies,
}


def accepted(work: Work) -> dict[str, Any]:
    """How many series and rows the table of a job has, the blob of its model, and its options.

    Errors are those that its options and its table have.
    """
    work = work.opened()
    asked = work.asked()
    if not isinstance(asked, TableOptions):
        raise OptionError(f"{work.task} is no job")
    if isinstance(asked, ForecastOptions | BacktestOptions):
        work.limits.check_horizon(asked.horizon)
        asked.common(asked.budget)
    name = asked.model if isinstance(asked, ForecastOptions) else UNTUNED
    model = None if name == UNTUNED or name in MAKERS else work.model_file(name)
    panel = work.whole(asked, **work.like(model)).panel
    found = {"series": panel.n_series, "rows": panel.n_rows, "model": model and model.name}
    return {**found, "asked": asked.model_dump(exclude_defaults=True)}


def done(work: Work) -> tuple[RequestOptions, Any]:
    """The options of a request as they were understood, and the result of its task."""
    work = work.opened()
    asked = work.asked()
    return asked, TASKS[work.task](work, asked)
