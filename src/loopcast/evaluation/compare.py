"""The models of a backtest on the same points: their errors, how these vary, and whether they differ."""

from collections.abc import Collection, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from loopcast.columns import CUTOFF, TARGET_NAME
from loopcast.data.panel import Panel
from loopcast.evaluation.backtest_result import Backtest
from loopcast.evaluation.forecasts import Forecasts, from_predictions
from loopcast.evaluation.metric import MEDIAN
from loopcast.evaluation.metrics import METRICS
from loopcast.evaluation.model_columns import ModelColumns
from loopcast.evaluation.scale import with_scale
from loopcast.evaluation.score import score
from loopcast.significance import Comparison, diebold_mariano

ERRORS = ("mase", "smape", "mae", "rmse")


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelComparison:
    """Every model with a forecast, on the points that all of them have.

    whole: all forecasts, with their intervals; known: the points compared, with scales.
    seeds: the forecasts of other seeds. names: of all models, in their order; networks: of those that are one.
    horizon, step_size: steps ahead, and from one cutoff to the next.
    """

    whole: Forecasts
    known: Forecasts
    seeds: tuple[Forecasts, ...]
    names: tuple[str, ...]
    networks: frozenset[str]
    horizon: int
    step_size: int

    @property
    def models(self) -> KeysView[str]:
        """The models with a forecast, by name."""
        return dict(self.known.models).keys()

    @cached_property
    def errors(self) -> pl.DataFrame:
        """`model`, then its errors over all points: mase, smape, mae, rmse."""
        return score(self.known, ERRORS).drop("row", "points")

    @property
    def measure(self) -> str:
        """What to rank by: "mase", or where no series has one "mae", or "smape" for several targets."""
        if not self.errors["mase"].has_nulls():
            return "mase"
        return "smape" if len(self.known.targets) > 1 else "mae"

    def by_target(self) -> pl.DataFrame:
        """`target` and `model`, then its errors and coverage on that target, in the order of the targets."""
        errors = score(self.known, ERRORS, (TARGET_NAME,)).drop("row", "points")
        covered = self.coverage((TARGET_NAME,))
        table = (
            errors.join(covered, on=["model", TARGET_NAME], how="left", maintain_order="left")
            if covered.width > 1
            else errors
        )
        names = dict(enumerate(self.known.targets))
        named = table.sort(TARGET_NAME, maintain_order=True).with_columns(
            pl.col(TARGET_NAME).replace_strict(names, return_dtype=pl.String)
        )
        return named.select(TARGET_NAME, pl.exclude(TARGET_NAME))

    def error(self, model: str) -> float:
        """The error of a model, by `measure`."""
        return float(self.errors.filter(pl.col("model") == model)[self.measure].item())

    def best(self, *, network: bool) -> str | None:
        """The best of the networks or of the baselines, the first where they are equal; None where there is none."""
        names = [name for name in self.names if (name in self.networks) == network and name in self.models]
        return min(names, key=self.error, default=None)

    def spread(self) -> pl.DataFrame:
        """`model` and `spread`, the standard deviation of its error over series."""
        each = score(self.known, (self.measure,), ("series",))
        return each.group_by("model").agg(pl.col(self.measure).std().alias("spread"))

    def seed_spread(self) -> pl.DataFrame:
        """`model` and `seed_spread`, the standard deviation of its error over seeds; null with one."""
        first = self.errors.select("model", self.measure)
        others = [self._of_seed(seed) for seed in self.seeds if self.models & set(seed.models)]
        return pl.concat([first, *others]).group_by("model").agg(pl.col(self.measure).std().alias("seed_spread"))

    def _of_seed(self, seed: Forecasts) -> pl.DataFrame:
        """The errors of the models that the forecasts of another seed have, on the points compared."""
        theirs = seed.frame.select(*seed.window, "time", *(c for c in seed.frame.columns if c.startswith("= ")))
        keys = self.known.frame.select("row", *self.known.window, "time", "y", "scale", "squares")
        frame = keys.join(theirs, on=[*seed.window, "time"], how="left", maintain_order="left")
        both = [name for name in seed.models if name in self.models]
        return score(replace(seed, frame=frame).select_models(both), (self.measure,)).select("model", self.measure)

    def coverage(self, by: Sequence[str] = ()) -> pl.DataFrame:
        """`model`, `by` and the coverage of each level, where the model has intervals."""
        parts = [score(part, ("coverage",), by).drop("row", "points") for part in self._with_intervals().values()]
        return pl.concat(parts, how="diagonal") if parts else pl.DataFrame({"model": []}, schema={"model": pl.String})

    def without_intervals(self) -> Iterator[str]:
        """Which models have intervals at some of the points only, in a sentence each."""
        total = self.known.frame.height
        for name, part in self._with_intervals().items():
            if part.frame.height < total:
                yield f"Coverage of {name} is over {part.frame.height} of {total} points, those with intervals."

    def _with_intervals(self) -> Mapping[str, Forecasts]:
        """Each model that has intervals, at the points where it has them."""
        found = {}
        for name in self.models:
            model = self.whole.models[name]
            frame = self.known.frame.drop_nulls([f"= {column}" for column in model.quantiles.values()])
            if model.levels and frame.height:
                found[name] = replace(self.known, models={name: model}, frame=frame)
        return found

    def test(self, first: str, second: str) -> Comparison:
        """The Diebold-Mariano test on the absolute errors of two models, scaled where they are ranked by MASE.

        Targets of one series may depend on each other in any way: at each cutoff their mean is one observation.
        """
        loss = self._error(first) - self._error(second)
        scaled = loss / self.known.frame["scale"] if self.measure == "mase" else loss
        each = self.known.frame.select(self.known.window).with_columns(loss=scaled)
        each = each.group_by(self.known.window).agg(pl.col("loss").mean()).drop_nulls("loss")
        if self.known.targets:
            each = each.group_by("series", CUTOFF).agg(pl.col("loss").mean())
        # cutoffs at which no model is compared keep their place, so that lags stay what they are
        cutoffs = self.whole.frame[CUTOFF].unique().sort()
        table = np.full((len(self.whole.ids), len(cutoffs)), np.nan)
        table[each["series"].to_numpy(), cutoffs.search_sorted(each[CUTOFF])] = each["loss"].to_numpy()
        return diebold_mariano(table, horizon=self.horizon, step=self.step_size)

    def _error(self, model: str) -> pl.Series:
        """The error at each point compared, before it is scaled: absolute, or symmetric where ranked by sMAPE."""
        metric = METRICS["smape" if self.measure == "smape" else "mae"]
        [each] = metric.columns(()).values()
        return self.known.of(model).select(each.alias("error"))["error"]


def compare(backtest: Backtest) -> ModelComparison | None:
    """The models of a backtest on the same points; None where no model has a forecast."""
    return _compared(
        from_predictions(backtest.predictions),
        backtest.panel,
        backtest.season,
        names=tuple(model.name for model in backtest.models),
        networks=frozenset(model.name for model in backtest.models if model.network),
        seeds=tuple(from_predictions(group) for group in backtest.seeds),
        horizon=backtest.horizon,
        step_size=backtest.step_size,
    )


def compare_table(whole: Forecasts, panel: Panel, season: int, networks: Collection[str]) -> ModelComparison | None:
    """The models of a table of forecasts, from wherever they are, on the same points."""
    return _compared(
        whole,
        panel,
        season,
        names=tuple(whole.models),
        networks=frozenset(networks),
        horizon=int(whole.frame["step"].max()),  # type: ignore[arg-type]
        step_size=_step_size(whole, panel),
    )


def _step_size(whole: Forecasts, panel: Panel) -> int:
    """Steps from one cutoff to the next, the fewest that occur; the horizon where there is one cutoff."""
    ahead = int(whole.frame["step"].max())  # type: ignore[arg-type]
    if not whole.has_cutoff or whole.frame[CUTOFF].n_unique() < 2:
        return ahead
    series = whole.frame["series"].to_numpy()
    steps = np.unique(panel.step_index(whole.frame[CUTOFF], np.zeros(len(series), np.int64))[0])
    return int(max(np.diff(steps).min(), 1))


def _compared(
    whole: Forecasts,
    panel: Panel,
    season: int,
    *,
    names: tuple[str, ...],
    networks: frozenset[str],
    horizon: int,
    step_size: int,
    seeds: tuple[Forecasts, ...] = (),
) -> ModelComparison | None:
    alive = [name for name in names if name in whole.models and not whole.frame[f"= {name}"].is_null().all()]
    if not alive:
        return None
    points = replace(whole, models={name: ModelColumns(quantiles={MEDIAN: name}, levels=()) for name in alive})
    return ModelComparison(
        whole=whole,
        known=with_scale(points.drop_missing("skip"), panel, season),
        seeds=seeds,
        names=names,
        networks=networks,
        horizon=horizon,
        step_size=step_size,
    )
