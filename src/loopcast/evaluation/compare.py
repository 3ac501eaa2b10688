"""The models of a backtest on the same points: their errors, how these vary, and whether they differ."""

from collections.abc import Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from loopcast.columns import CUTOFF, TARGET_NAME
from loopcast.evaluation.backtest_result import Backtest
from loopcast.evaluation.forecasts import Forecasts, read_forecasts
from loopcast.evaluation.metric import MEDIAN
from loopcast.evaluation.metrics import METRICS
from loopcast.evaluation.models import Model
from loopcast.evaluation.scale import with_scale
from loopcast.evaluation.score import score
from loopcast.evaluation.significance import Comparison, diebold_mariano

ERRORS = ("mase", "smape", "mae", "rmse")


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelComparison:
    """Every model with a forecast, on the points that all of them have.

    whole: all forecasts of the backtest, with their intervals; known: the points compared, with scales.
    """

    backtest: Backtest
    whole: Forecasts
    known: Forecasts

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
        names = [ran.name for ran in self.backtest.models if ran.network == network and ran.name in self.models]
        return min(names, key=self.error, default=None)

    def spread(self) -> pl.DataFrame:
        """`model` and `spread`, the standard deviation of its error over series."""
        each = score(self.known, (self.measure,), ("series",))
        return each.group_by("model").agg(pl.col(self.measure).std().alias("spread"))

    def seed_spread(self) -> pl.DataFrame:
        """`model` and `seed_spread`, the standard deviation of its error over seeds; null with one."""
        first = self.errors.select("model", self.measure)
        others = [self._of_seed(table) for table in self.backtest.seeds if self.models & set(table.columns)]
        return pl.concat([first, *others]).group_by("model").agg(pl.col(self.measure).std().alias("seed_spread"))

    def _of_seed(self, table: pl.DataFrame) -> pl.DataFrame:
        """The errors of the models that a table of another seed has, on the points compared."""
        seed = read_forecasts(table, self.whole.columns, intervals=False)
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
        return diebold_mariano(table, horizon=self.backtest.horizon, step=self.backtest.step)

    def _error(self, model: str) -> pl.Series:
        """The error at each point compared, before it is scaled: absolute, or symmetric where ranked by sMAPE."""
        metric = METRICS["smape" if self.measure == "smape" else "mae"]
        [each] = metric.columns(()).values()
        return self.known.of(model).select(each.alias("error"))["error"]


def compare(backtest: Backtest) -> ModelComparison | None:
    """The models of a backtest on the same points; None where no model has a forecast."""
    columns = backtest.panel.schema.columns
    whole = read_forecasts(backtest.table, columns, intervals=True)
    ran = [model.name for model in backtest.models]
    alive = [name for name in ran if name in whole.models and not whole.frame[f"= {name}"].is_null().all()]
    if not alive:
        return None
    points = replace(whole, models={name: Model(quantiles={MEDIAN: name}, levels=()) for name in alive})
    known = with_scale(points.drop_missing("skip"), backtest.panel, backtest.season)
    return ModelComparison(backtest=backtest, whole=whole, known=known)
