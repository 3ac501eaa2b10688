"""A backtest in processes gives the bits of a backtest in one."""

import os
import subprocess
import sys

import numpy as np
import pytest

from loopcast import Auto, Drift, Linear, Naive, SeasonalNaive, backtest, cross_validation
from loopcast.errors import LengthError, OptionError, ValuesError
from parallel.made import NETWORK, TABLE


@pytest.mark.parametrize(
    "models",
    [
        [Naive(), SeasonalNaive(season=4), Linear(horizon=2, season=4)],
        pytest.param([Naive(), NETWORK], marks=pytest.mark.slow),
    ],
)
def test_a_backtest_is_bit_equal_with_intervals_and_seeds(models):
    options = {"n_windows": 2, "step_size": 3, "refit": True, "level": [80], "seeds": 2}
    one, several = (backtest(models, TABLE, 2, n_jobs=n_jobs, **options) for n_jobs in (1, 2))
    assert several.table.equals(one.table)
    assert len(several.seeds) == len(one.seeds) == int(NETWORK in models)
    for mine, theirs in zip(several.seeds, one.seeds, strict=True):
        np.testing.assert_array_equal(mine[0].values, theirs[0].values)
    described = [[(each.name, each.parameters, each.description) for each in done.models] for done in (one, several)]
    assert described[0] == described[1]


def test_failures_are_results_and_what_is_finished_is_kept(tmp_path):
    models, options = [Naive(lower=11.0), Drift()], {"n_windows": 2, "refit": True, "cache_dir": tmp_path}
    several = backtest(models, TABLE, 2, n_jobs=2, **options)
    kept = sorted(path.name for path in tmp_path.iterdir())
    one = backtest(models, TABLE, 2, **options)
    assert [each.failures for each in several.models] == [each.failures for each in one.models]
    assert several.models[0].failures
    assert several.table.equals(one.table)
    assert sorted(path.name for path in tmp_path.iterdir()) == kept != []


def test_where_every_model_fails_the_first_error_is_raised():
    with pytest.raises(ValuesError, match="no value is to be below 11"):
        backtest(Naive(lower=11.0), TABLE, 2, n_jobs=2, n_windows=2)
    with pytest.raises(LengthError, match="too short"):
        backtest(Naive(), TABLE, 50, n_jobs=2, n_windows=2)


def test_cross_validation_takes_it_and_refuses_what_is_no_number_of_processes():
    got = cross_validation(Drift(), TABLE, 2, n_windows=2, n_jobs=2)
    assert got.equals(cross_validation(Drift(), TABLE, 2, n_windows=2))
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(OptionError, match="n_jobs"):
            backtest(Naive(), TABLE, 2, n_jobs=wrong)


def test_auto_chooses_alike_in_processes():
    one, two = (Auto(horizon=2, budget=0.001, show_progress=False, n_jobs=jobs).fit(TABLE) for jobs in (1, 2))
    assert one.model.description == two.model.description
    assert one.predict(level=[80]).equals(two.predict(level=[80]))


PROGRAM = """
import sys

import numpy as np
import loopcast

if __name__ == "__main__":
    panel = loopcast.Panel.from_array(np.random.default_rng(0).normal(50, 5, (400, 100, 1)))
    models = [loopcast.Linear(horizon=12, season=12), loopcast.Recurrent(horizon=12, season=12, updates=20)]
    options = {"n_windows": 2, "refit": True}
    two = loopcast.backtest(models, panel, 12, n_jobs=2, on=sys.argv[1], **options)
    assert two.table.equals(loopcast.backtest(models, panel, 12, **options).table)
"""


@pytest.mark.slow
@pytest.mark.parametrize("on", ["processes", "ray"])
def test_it_is_bit_equal_where_blas_and_xla_divide_sums_over_all_cores(tmp_path, on):
    if on == "ray":
        pytest.importorskip("ray", reason='pip install "loopcast[ray]"')
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    ours = ("OPENBLAS_NUM_THREADS", "XLA_FLAGS")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    subprocess.run([sys.executable, str(script), on], check=True, env=environment)
