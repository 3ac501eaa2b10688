"""A wider search for a network's settings, with Optuna, that can be interrupted and resumed."""

import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import polars as pl

from loopcast.data.convert import as_panel
from loopcast.data.panel import Panel
from loopcast.errors import LoopcastError, OptionError
from loopcast.evaluation.backtest import backtest
from loopcast.evaluation.leaderboard import leaderboard
from loopcast.evaluation.result_cache import digest_of
from loopcast.models.recurrent.forecaster import Recurrent
from loopcast.validation import check_positive

if TYPE_CHECKING:
    import optuna

STUDY, ABOUT = "loopcast", "about"

# By option: numbers to choose among, or the ends of a range and how it is walked. docs/reference/search.md says more.
CELLS = ("lstm", "gru", "simple")
UNITS = (16, 32, 48, 64, 96)
LAYERS = (1, 2)
UPDATES = (100, 1600)
BATCHES = (16, 32, 64)
LEARNING_RATE = (1e-3, 2e-2)
CHANNELS = ("joint", "independent")  # of several targets


@dataclass(frozen=True, kw_only=True, eq=False)
class SearchResult:
    """What a search found.

    forecaster: the best network, not fitted. error: its mean error at the cutoffs, by `measure`.
    trials: a row per trial, best first: trial, error (null where it failed), seconds, code (the forecaster's).
    """

    forecaster: Recurrent
    error: float
    measure: str
    trials: pl.DataFrame


def search(
    data: Any,
    horizon: int,
    *,
    trials: int = 50,
    budget: float | None = None,
    n_windows: int = 1,
    season: int | None = None,
    seed: int = 0,
    storage: str | os.PathLike[str] | None = None,
) -> SearchResult:
    """Look for the settings of `Recurrent` that forecast the last cutoffs of `data` best.

    trials: how many settings are tried in all, those of earlier runs with the same storage included.
    budget: seconds after which no further trial begins; None has no limit.
    n_windows: cutoffs to compare at, a horizon apart. season: None is the usual one of the calendar.
    storage: a file where every finished trial is kept at once; a search with the same file goes on from there.

    Needs the extra `loopcast[search]`. OptionError without it, or where no trial succeeded; errors of `backtest` that
    concern the data. A trial that fails is kept as failed.
    """
    if find_spec("optuna") is None:
        raise OptionError('a search needs Optuna: pip install "loopcast[search]"')
    panel, count = as_panel(data), check_positive("trials", trials)
    panel.require_any_value("a search needs a value of each series")
    plain = Recurrent(horizon=horizon, season=season, seed=seed, show_progress=False)
    study = open_study(storage, seed, study_fingerprint(panel, horizon, n_windows, season))

    def objective(trial: "optuna.Trial") -> float:
        board = leaderboard(
            backtest(suggest_options(plain, panel, trial), panel, horizon, n_windows=n_windows, season=season)
        )
        trial.set_user_attr("measure", board.measure)
        return float(board.table[board.measure][0])

    left = max(count - len(study.trials), 0)
    if left:
        study.optimize(objective, n_trials=left, timeout=budget, catch=(LoopcastError,))
    return best_result(plain, panel, study)


def suggest_options(plain: Recurrent, panel: Panel, trial: "optuna.trial.BaseTrial") -> Recurrent:
    """The network of one trial."""
    layers = trial.suggest_int("layers", *LAYERS)
    return plain.with_options(
        cell=trial.suggest_categorical("cell", CELLS),
        units=(trial.suggest_categorical("units", UNITS),) * layers,
        updates=trial.suggest_int("updates", *UPDATES, log=True),
        batch_size=trial.suggest_categorical("batch_size", BATCHES),
        learning_rate=trial.suggest_float("learning_rate", *LEARNING_RATE, log=True),
        channels=trial.suggest_categorical("channels", CHANNELS) if panel.n_channels > 1 else None,
    )


def open_study(storage: str | os.PathLike[str] | None, seed: int, searched: str) -> "optuna.Study":
    """A study, new or gone on with; OptionError where the file is of another search."""
    import optuna
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    kept = None if storage is None else optuna.storages.JournalStorage(JournalFileBackend(os.fspath(storage)))
    study = optuna.create_study(storage=kept, study_name=STUDY, load_if_exists=True)
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))  # going on repeats nothing
    if study.user_attrs.setdefault(ABOUT, searched) != searched:
        raise OptionError(f"{storage} holds a search of other data, or another horizon: name another file")
    study.set_user_attr(ABOUT, searched)
    return study


def study_fingerprint(panel: Panel, horizon: int, n_windows: int, season: int | None) -> str:
    """What a study is about, in a few characters."""
    return digest_of(repr((horizon, n_windows, season)), panel).hexdigest()[:16]


def best_result(plain: Recurrent, panel: Panel, study: "optuna.Study") -> SearchResult:
    """What a study has come to; OptionError where no trial succeeded."""
    import optuna

    done = [trial for trial in study.trials if trial.value is not None]
    if not done:
        raise OptionError(f"none of {len(study.trials)} trials succeeded: give more trials, or other data")
    rows = [
        {
            "trial": trial.number,
            "error": trial.value,
            "seconds": trial.duration.total_seconds() if trial.duration else None,
            "code": suggest_options(plain, panel, optuna.trial.FixedTrial(trial.params)).to_code()
            if trial.params
            else None,
        }
        for trial in study.trials
    ]
    best = min(done, key=lambda trial: trial.value or 0.0)
    return SearchResult(
        forecaster=suggest_options(plain, panel, optuna.trial.FixedTrial(best.params)),
        error=float(best.value or 0.0),
        measure=best.user_attrs["measure"],
        trials=pl.DataFrame(rows, schema_overrides={"error": pl.Float64}).sort("error", nulls_last=True),
    )
