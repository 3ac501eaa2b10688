"""Which model to use: errors side by side, and whether their difference is more than noise."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import polars as pl

from loopcast.columns import STANDARD, TARGET_NAME, Columns
from loopcast.evaluation.backtest_result import Backtest, ModelRun
from loopcast.evaluation.compare import ModelComparison, compare, compare_table
from loopcast.evaluation.forecasts import read_forecasts
from loopcast.evaluation.metrics import METRICS
from loopcast.evaluation.scale import as_histories, histories_needed, season_of
from loopcast.evaluation.score import without_scale
from loopcast.evaluation.verdict import Entry, number, verdict
from loopcast.significance import Comparison

ERRORS = dict.fromkeys(("mase", "smape", "mae", "rmse"), pl.Float64)
SPREADS = dict.fromkeys(("spread", "seed_spread", "skill", "p_value"), pl.Float64)
COSTS = {"fit_seconds": pl.Float64, "predict_seconds": pl.Float64, "parameters": pl.Int64}


@dataclass(frozen=True, kw_only=True, eq=False)
class Leaderboard:
    """The models of a backtest, best first.

    measure: the name of the metric they are ranked by: "mase"; where that is undefined "mae", or "smape" for several
        targets.
    table: a row per model: model (str), network (bool), then mase, smape, mae, rmse (null where undefined; the last two
        also for several targets, whose units differ),
        spread (standard deviation of `measure` over series), seed_spread (over seeds; null with one seed),
        skill (1 - error / error of the best baseline, by `measure`), p_value (Diebold-Mariano against the best
        baseline; null for that one itself), coverage-80 and so on (percent, for each level), fit_seconds,
        predict_seconds, parameters.
    verdict: one sentence: which model to use, and whether the difference is more than noise.
    notes: what to know in order to read the table, in plain sentences.
    targets: of several targets, a row per target and model, best first on each: target, model, network, mase, smape,
        mae, rmse, skill (against the baseline that is best on that target), coverage-80 and so on; None of one target.
    """

    measure: str
    table: pl.DataFrame
    verdict: str
    notes: tuple[str, ...] = ()
    targets: pl.DataFrame | None = None

    def _repr_html_(self) -> str:
        """The verdict, the tables and the notes, for a notebook."""
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        tables = _html(self.table) + ("" if self.targets is None else _html(self.targets))
        return f"<p><strong>{escape(self.verdict)}</strong></p>{tables}" + (f"<ul>{notes}</ul>" if notes else "")


def leaderboard(
    forecasts: Backtest | Any,
    *,
    data: Any = None,
    season: int | None = None,
    networks: Collection[str] = (),
    columns: Columns = STANDARD,
) -> Leaderboard:
    """Rank the models of a backtest by MASE (by MAE where no series has one), and say which to use.

    forecasts: what `backtest` gives; or a table of forecasts beside what came, as `evaluate` takes it, with columns of
        models from wherever they are. A table needs `data`, the histories; season: steps in one, None is the usual one
        of their calendar; networks: which of its models are networks, and so have to beat the others; columns: which
        column is which.

    Of several targets each series' error is the mean of its targets', and series are what the test counts; where no
    series has a MASE the ranking is by sMAPE, since the units of targets differ.
    All models are compared on the same points: those at which what came is known and every model with any forecast has
    one. A model with none stands last, with nulls. Errors are those of the first seed. The skill of every model, and
    its p-value (`diebold_mariano` on the absolute errors that `measure` is the mean of), is against the baseline that
    is best on these very points: with many models to choose from, the smallest p-value is smaller than it says.
    Raises ValuesError where no point is left to compare on; OptionError for a table without histories.

    >>> series = pl.DataFrame({"unique_id": ["a"] * 6, "ds": range(6), "y": [0.0, 1, 2, 3, 4, 5]})
    >>> table = series[4:].with_columns(cutoff=3, Drift=pl.col("y"), Naive=pl.lit(3.0))
    >>> board = leaderboard(table, data=series)
    >>> board.table["model"].to_list(), board.verdict
    (['Drift', 'Naive'], 'Use Drift: its MASE of 0 is the smallest; there is no network to compare it with.')
    """
    if isinstance(forecasts, Backtest):
        return _ranked(
            compare(forecasts),
            forecasts.models,
            forecasts.levels,
            forecasts.panel.targets,
            forecasts.notes,
            forecasts.n_windows,
        )
    if data is None:
        raise histories_needed(["mase"])
    panel, whole = as_histories(data, columns), read_forecasts(forecasts, columns, intervals=True)
    runs = tuple(ModelRun(name=name, network=name in networks) for name in whole.models)
    levels = tuple(sorted({level for model in whole.models.values() for level in model.levels}))
    compared = compare_table(whole, panel, season_of(panel, season), networks)
    return _ranked(compared, runs, levels, whole.targets or panel.targets, (), 1)


def _ranked(
    compared: ModelComparison | None,
    runs: tuple[ModelRun, ...],
    levels: tuple[float, ...],
    targets: tuple[str, ...],
    notes: tuple[str, ...],
    n_windows: int,
) -> Leaderboard:
    if compared is None:
        return Leaderboard(
            measure="mase",
            table=_table(runs, levels, []),
            verdict=verdict("mase", None, None, models=0, test=Comparison(mean=None, says="")),
            notes=(*notes, *failures(runs, frozenset(), n_windows)),
        )
    best, network = compared.best(network=False), compared.best(network=True)
    tests = {} if best is None else {name: compared.test(name, best) for name in compared.models if name != best}
    parts = [compared.errors, compared.spread(), compared.seed_spread(), compared.coverage()]
    return Leaderboard(
        measure=compared.measure,
        table=_table(runs, levels, [*parts, _against(compared, best, tests)], compared.measure),
        verdict=verdict(
            compared.measure,
            _entry(compared, best),
            _entry(compared, network),
            models=len(compared.models),
            test=tests.get(network or "", Comparison(mean=None, says="")),
        ),
        notes=(*notes, *failures(runs, compared.models, n_windows), *_notes(compared, tests)),
        targets=_targets(runs, targets, compared) if len(compared.known.targets) > 1 else None,
    )


def _table(
    runs: Sequence[ModelRun], levels: tuple[float, ...], parts: list[pl.DataFrame], measure: str = "mase"
) -> pl.DataFrame:
    """The parts beside each other, the model with the least error first, those without forecasts last."""
    covered = dict.fromkeys(METRICS["coverage"].columns(levels), pl.Float64)
    kinds = {"model": pl.String, "network": pl.Boolean} | ERRORS | SPREADS | covered | COSTS
    costs = ("name", "network", *COSTS)
    table = pl.DataFrame([{name: getattr(ran, name) for name in costs} for ran in runs]).rename({"name": "model"})
    for part in parts:
        table = table.join(part, on="model", how="left", maintain_order="left")
    lacking = [pl.lit(None).alias(name) for name in kinds if name not in table.columns]
    table = table.with_columns(lacking).select(pl.col(name).cast(kind) for name, kind in kinds.items())
    return table.sort(measure, "network", nulls_last=True, maintain_order=True)


def _targets(runs: Sequence[ModelRun], targets: tuple[str, ...], compared: ModelComparison) -> pl.DataFrame:
    """The errors on each target, the least first, and by how much they are below the best baseline's there."""
    kinds = pl.DataFrame([{"model": ran.name, "network": ran.network} for ran in runs])
    table = compared.by_target().join(kinds, on="model", how="left", maintain_order="left")
    error = pl.col(compared.measure)
    least = error.filter(~pl.col("network")).min().over(TARGET_NAME)
    skill = pl.when(least > 0).then(1 - error / least).alias("skill")
    places = pl.Enum(targets)
    return (
        table.with_columns(skill)
        .sort(pl.col(TARGET_NAME).cast(places), error, "network", nulls_last=True, maintain_order=True)
        .select(TARGET_NAME, "model", "network", *ERRORS, "skill", pl.selectors.starts_with("coverage-"))
    )


def _against(compared: ModelComparison, best: str | None, tests: dict[str, Comparison]) -> pl.DataFrame:
    """Skill and p-value against the best baseline; no skill where that is perfect."""
    if best is None:
        return pl.DataFrame({"model": list(compared.models)})
    least = compared.error(best)
    rows = [
        {
            "model": name,
            "skill": 1 - compared.error(name) / least if least > 0 else None,
            "p_value": tests[name].p_value if name in tests else None,
        }
        for name in compared.models
    ]
    return pl.DataFrame(rows, schema={"model": pl.String, "skill": pl.Float64, "p_value": pl.Float64})


def _entry(compared: ModelComparison, name: str | None) -> Entry | None:
    return None if name is None else Entry(name, compared.error(name))


def failures(runs: Sequence[ModelRun], alive: Collection[str], n_windows: int) -> Iterator[str]:
    """What each model said that failed."""
    for ran in runs:
        said = f", and first said: {ran.failures[0]}" if ran.failures else ""
        if ran.name not in alive:
            yield f"{ran.name} has no forecast at any cutoff and stands last{said}"
        elif ran.failures:
            yield f"{ran.name} failed at {len(ran.failures)} of {n_windows} cutoffs{said}"


def _notes(compared: ModelComparison, tests: dict[str, Comparison]) -> Iterator[str]:
    points, total = compared.known.frame.height, compared.whole.frame.height
    missing = compared.whole.frame["y"].null_count()
    if missing:
        yield f"{missing} of {total} values to forecast are missing in the data and count for no model."
    if points < total - missing:
        yield (
            f"Errors are over {points} of {total} points: those that are known, and of which every model with any "
            "forecast has one."
        )
    if sentence := without_scale(compared.known):
        ranked = "" if compared.measure == "mase" else f"; ranked by {compared.measure.upper()}"
        yield f"MASE is {sentence}{ranked}."
    if len(compared.known.targets) > 1:
        names = ", ".join(compared.known.targets)
        yield (
            f"Errors are means over {len(compared.known.targets)} targets ({names}); MAE and RMSE are in the units of "
            "each, and so only by target."
        )
    yield from compared.without_intervals()
    for says in dict.fromkeys(test.says for test in tests.values() if test.p_value is None):
        yield f"Whether differences are more than noise is unknown: {says}."


def _html(table: pl.DataFrame) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    rows = ("".join(f"<td>{escape(_cell(cell))}</td>" for cell in row) for row in table.rows())
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else number(value) if isinstance(value, float) else str(value)
