"""The forecaster that chooses: what it takes, why, and that its file gives the same."""

import numpy as np
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.errors import ModelFileError, OptionError, ValuesError
from loopcast.evaluation.leaderboard import Leaderboard
from loopcast.models.baselines import Drift, Naive, SeasonalNaive
from loopcast.models.linear import Linear
from loopcast.models.load import load
from loopcast.models.pretrained.forecaster import Pretrained
from loopcast.models.recurrent.forecaster import Recurrent
from loopcast.selection import auto
from loopcast.selection.auto import Auto
from loopcast.selection.choice import choose, usual
from loopcast.storage import model_file

QUICK = {"horizon": 3, "budget": 0.01, "show_progress": False}


class Few(Auto):
    """Without networks, which take seconds."""

    def candidates(self, panel):
        return [Naive(), SeasonalNaive(season=4), Drift()]


def panel(kind, length=60, noise=0.01):
    t, rng = np.arange(length), np.random.default_rng(0)
    shape = {"season": np.tile([0.0, 5.0, 1.0, -3.0], length)[:length], "trend": 0.5 * t}[kind]
    return Panel.from_array((shape + noise * rng.normal(size=(4, length)))[:, :, None])


@pytest.mark.parametrize(("kind", "best"), [("season", SeasonalNaive), ("trend", Drift)])
def test_the_candidate_with_the_least_error_is_chosen_and_fitted_on_everything(kind, best):
    data = panel(kind)
    model = Few(**QUICK).fit(data)
    chosen = model.model.recipe
    assert type(chosen) is best
    alone = chosen.with_options().fit(data).predict_panel(data, 3).values[:, 0]
    np.testing.assert_array_equal(model.predict_panel(data, 3).values[:, 0], alone)
    assert f"loopcast.{best.__name__}" in model.describe()
    assert "the best of 3 candidates at 3 cutoffs of 4 series" in model.describe()


@pytest.mark.parametrize(
    ("length", "why"), [(40, "as training pays from 1,000 values on"), (300, r"for lack of time (budget 0.001 s)")]
)
def test_what_was_not_compared_is_named(length, why):
    model = Auto(horizon=2, budget=0.001, show_progress=False).fit(panel("trend", length=length))
    assert f"Not compared, {why}: Tuned, Recurrent" in model.describe()
    assert "the best of 6 candidates" in model.describe()


def test_intervals_are_those_of_the_chosen_one_which_is_not_chosen_anew(monkeypatch):
    data = panel("season", noise=1.0)
    model = Few(**QUICK).fit(data)
    wanted = SeasonalNaive(season=4, horizon=3, alias="Few").fit(data)
    monkeypatch.setattr(auto, "leaderboard", None)
    got = model.predict(level=[80])
    assert got.equals(wanted.predict(level=[80]))
    back = model.predict_panel(data, 3, (9, 3)).values
    np.testing.assert_array_equal(back, wanted.predict_panel(data, 3, (9, 3)).values)


def test_a_saved_choice_gives_the_same_forecasts_and_intervals(tmp_path):
    data = panel("trend", noise=1.0)
    model = Auto(horizon=2, budget=0.001, show_progress=False).fit(data).calibrate()
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.predict(data=data, level=[80]).equals(model.predict(level=[80]))
    assert again.describe() == model.describe()


def test_a_damaged_file_is_a_model_file_error(tmp_path):
    Auto(horizon=2, budget=0.001, show_progress=False).fit(panel("trend", length=40)).save(tmp_path / "model")
    content = (tmp_path / "model").read_bytes()
    with pytest.raises(ModelFileError):
        model_file.from_bytes(content[:-10])


def test_series_that_are_short_are_compared_at_fewer_cutoffs():
    assert "at 1 cutoffs" in Few(**QUICK).fit(panel("trend", length=12)).describe()


@pytest.mark.parametrize("length", [1, 3])
def test_series_too_short_to_compare_are_forecast_by_the_pretrained_network_and_that_is_said(length):
    data = panel("trend", length=length)
    model = Auto(horizon=2, show_progress=False).fit(data)
    alone = Pretrained(horizon=2, tune=False).fit(data)
    assert isinstance(model.model.recipe, Pretrained)
    assert f"without a comparison: the longest series has {length} rows, too few for one" in model.describe()
    np.testing.assert_array_equal(model.predict_panel(data, 2).values, alone.predict_panel(data, 2).values)


@pytest.mark.parametrize("budget", [0, -1, float("inf"), True, "60s"])
def test_a_budget_is_seconds(budget):
    with pytest.raises(OptionError, match="budget is a number of seconds"):
        Auto(horizon=2, budget=budget)


def several(kinds=("season", "trend"), scale=(1.0, 1000.0), **options):
    """A target of each kind, of different size."""
    values = [panel(kind, **options).values * size for kind, size in zip(kinds, scale, strict=True)]
    return Panel.from_array(np.concatenate(values, axis=1).reshape(4, -1, len(kinds)), targets=["a", "b"][: len(kinds)])


@pytest.mark.parametrize("kind", ["season", "trend"])
def test_of_several_targets_the_mean_of_scaled_errors_decides(kind):
    data = several((kind, kind), noise=0.5)
    best = {"season": "SeasonalNaive", "trend": "Drift"}[kind]
    assert f"loopcast.{best}(" in Few(**QUICK).fit(data).describe()


def test_a_choice_for_several_targets_is_saved_with_its_intervals(tmp_path):
    data = several(noise=1.0)
    model = Auto(horizon=2, budget=0.001, show_progress=False)
    object.__setattr__(model, "candidates", lambda data: [Naive(), Linear(horizon=2, context=4)])
    model.fit(data).calibrate()
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.predict(data=data, level=[80]).equals(model.predict(level=[80]))
    assert again.simulate(3, data=data).equals(model.simulate(3))


class Networks(Few):
    """One small network, as Auto would make it."""

    def candidates(self, panel):
        return [
            Naive(),
            Recurrent(horizon=3, season=4, units=(4,), updates=1, alias="Network"),
        ]


def test_future_covariates_go_through_a_choice(tmp_path):
    wind = np.random.default_rng(0).normal(size=62)
    frame = pl.DataFrame({"ds": np.arange(62), "y": 3 * wind, "z": -wind, "wind": wind})
    data = Panel.from_table(frame[:60], columns=Columns(target=("y", "z"), future=["wind"]))
    model = Auto(horizon=2, budget=0.001, show_progress=False)
    object.__setattr__(model, "candidates", lambda data: [Naive(), Linear(horizon=2, context=2)])
    model.fit(data).save(tmp_path / "model")
    with pytest.raises(ValuesError, match="future covariates"):
        model.predict()
    got = load(tmp_path / "model").predict(data=data, future=frame[60:])
    np.testing.assert_allclose(got["Auto"], frame[60:].select("y", "z").to_numpy().ravel(), atol=0.2)
    assert got.equals(model.predict(future=frame[60:]))


def board_of(**errors):
    """A leaderboard with these errors, the least first."""
    names = sorted(errors, key=errors.get)
    table = pl.DataFrame({"model": names, "mase": [errors[name] for name in names]})
    return Leaderboard(measure="mase", table=table, verdict="Use it.")


@pytest.mark.parametrize(
    ("error", "forecasts", "taken"),
    [
        (0.9, 3, "Tuned"),  # of three forecasts, 29 % would be clear
        (0.7, 3, "Drift"),
        (0.96, 1000, "Tuned"),
        (0.94, 1000, "Drift"),
    ],
)
def test_another_than_the_pretrained_network_is_taken_where_it_is_clearly_better(error, forecasts, taken):
    name, why = choose(board_of(Tuned=1.0, Drift=error, Naive=2.0), "Tuned", forecasts)
    assert name == taken
    assert ("none has an error clearly below its own" in why) == (taken == "Tuned")


def test_without_a_pretrained_network_the_best_is_taken():
    name, why = choose(board_of(Naive=1.0, Drift=0.999), None, 3)
    assert name == "Drift"
    assert why == "the best {where} (MASE: Drift has 0.999, Naive has 1)."  # and no other one is recommended
    assert choose(board_of(Naive=1.0, Tuned=0.5), "Tuned", 3)[0] == "Tuned"


def test_the_pretrained_network_stands_as_it_was_tuned_where_that_was_tried():
    both = [Naive(), Pretrained(tune=False), Pretrained(alias="Tuned")]
    assert [usual(both[:count], None) for count in (1, 2, 3)] == [None, "Pretrained", "Tuned"]


def test_what_holds_for_all_forecasts_is_said_once():
    model = Auto(horizon=2, budget=0.001, lower=-100.0, show_progress=False).fit(panel("trend", length=40))
    assert model.describe().count("not below -100") == 1
