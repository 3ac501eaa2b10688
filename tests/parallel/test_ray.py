"""The same jobs on a Ray cluster of two nodes, started here, as in one process."""

import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from loopcast import Auto, Drift, Linear, LoopcastError, Naive, OptionError, SeasonalNaive, backtest
from loopcast import cross_validation as cross_validate
from loopcast.cli.main import run
from loopcast.parallel.jobs import Job
from loopcast.parallel.places import open_runner
from parallel.made import NETWORK, TABLE


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one processor each on this machine, each with an object store, for all tests of this file."""
    ray = pytest.importorskip("ray", reason='pip install "loopcast[ray]"')
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes.add_node(num_cpus=1)
    ray.init(nodes.address, log_to_driver=False, logging_level="error")
    yield ray
    ray.shutdown()
    nodes.shutdown()


def outcomes(*texts, n_jobs=2):
    """What Python gives of each text, on Ray."""
    with open_runner("ray", n_jobs) as runner:
        return dict(runner.run(eval, [Job(text, text) for text in texts]))


def test_where_ray_is_missing_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "loopcast.parallel.ray_cluster", raising=False)
    monkeypatch.delattr("loopcast.parallel.ray_cluster", raising=False)
    for ask in (
        lambda: backtest(Naive(), TABLE, 2, on="ray"),
        lambda: Auto(horizon=2, budget=0.001, on="ray").fit(TABLE),
    ):
        with pytest.raises(OptionError, match=r'pip install "loopcast\[ray\]"'):
            ask()


def test_a_place_that_is_none_is_refused():
    with pytest.raises(OptionError, match='on is "processes" or "ray", got \'spark\''):
        backtest(Naive(), TABLE, 2, on="spark")


@pytest.mark.slow
def test_a_backtest_is_bit_equal_with_intervals_and_seeds(cluster):
    models = [Naive(), SeasonalNaive(season=4), Linear(horizon=2, season=4), NETWORK]
    options = {"n_windows": 2, "step_size": 3, "refit": True, "level": [80], "seeds": 2}
    one, several = backtest(models, TABLE, 2, **options), backtest(models, TABLE, 2, n_jobs=2, on="ray", **options)
    assert several.table.equals(one.table)
    for mine, theirs in zip(several.seeds, one.seeds, strict=True):
        np.testing.assert_array_equal(mine[0].values, theirs[0].values)


@pytest.mark.slow
def test_cross_validation_auto_and_failures_are_as_in_one_process(cluster):
    assert cross_validate(Drift(), TABLE, 2, n_windows=2, n_jobs=2, on="ray").equals(
        cross_validate(Drift(), TABLE, 2, n_windows=2)
    )
    one, two = (Auto(horizon=2, budget=0.001, n_jobs=2, on=on).fit(TABLE) for on in ("processes", "ray"))
    assert one.model.description == two.model.description
    inside = backtest([Auto(horizon=2, budget=0.001, n_jobs=2, on="ray")], TABLE, 2, n_jobs=2, on="ray", seeds=2)
    assert inside.table.equals(backtest(Auto(horizon=2, budget=0.001), TABLE, 2).table)
    failing = backtest([Naive(lower=11.0), Drift()], TABLE, 2, n_jobs=2, on="ray")
    assert failing.models[0].failures == backtest([Naive(lower=11.0), Drift()], TABLE, 2).models[0].failures


@pytest.mark.slow
@pytest.mark.parametrize("saved", [False, True])
def test_files_are_forecast_as_in_one_process_also_by_a_saved_model(cluster, tmp_path, monkeypatch, saved):
    monkeypatch.chdir(tmp_path)
    TABLE.write_parquet("a.parquet")
    SeasonalNaive(horizon=4, season=4).fit(TABLE).save("m.loopcast")
    model = ["--model", "m.loopcast"] if saved else []
    words = ["forecast-files", "a.parquet", "--horizon", "4", "--chunk-series", "1", "--level", "none", *model]
    assert run([*words, "--output", "one"]) == 0
    assert run([*words, "--output", "several", "--on", "ray", "--jobs", "2"]) == 0
    assert len(list((tmp_path / "several").iterdir())) == 3
    assert pl.read_parquet("several/*").equals(pl.read_parquet("one/*"))


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(cluster, tmp_path):
    once = (
        f"(os := __import__('os')).path.isdir({str(tmp_path / 'died')!r}) and 'again' "
        f"or os.mkdir({str(tmp_path / 'died')!r}) or os.kill(os.getpid(), 9)"
    )
    assert outcomes(once, "1", "2", "3") == {0: "again", 1: 1, 2: 2, 3: 3}


@pytest.mark.slow
def test_a_job_that_ends_two_workers_is_named_and_what_one_raises_is_raised(cluster):
    with pytest.raises(LoopcastError, match=r"_exit\(9\): the process that did this ended twice, .* logs"):
        outcomes("__import__('os')._exit(9)")
    with pytest.raises(ZeroDivisionError):
        outcomes("1 / 0", "1")


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_an_error_that_says_where_it_was_sought():
    pytest.importorskip("ray")
    program = [sys.executable, "-c", "from loopcast import *; backtest(Naive(), [1.0, 2.0, 3.0, 4.0], 1, on='ray')"]
    there = os.environ | {"RAY_ADDRESS": "nowhere"}
    ran = subprocess.run(program, env=there, capture_output=True, text=True, check=False)
    assert "LoopcastError: no Ray cluster could be joined" in ran.stderr
    assert "RAY_ADDRESS is 'nowhere'" in ran.stderr


@pytest.mark.slow
def test_more_jobs_than_processors_wait_for_one_and_each_has_the_threads_of_this_process(cluster):
    asked = "__import__('os').environ['OMP_NUM_THREADS']"
    threads = os.environ.get("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))
    assert set(outcomes(*[asked] * 6, n_jobs=5).values()) == {threads}


@pytest.mark.slow
def test_what_is_shared_is_put_once_and_read_as_the_memory_of_all(cluster):
    values = np.arange(1e5)
    with open_runner("ray", 2) as runner:
        shared = runner.share(values)
        found = dict(runner.run(owner, [Job(str(i), shared) for i in range(2)]))
    assert set(found.values()) == {(False, False, values.sum())}


def owner(shared):
    values = shared.value()
    return values.flags.owndata, values.flags.writeable, values.sum()
