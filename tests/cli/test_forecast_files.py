"""loopcast forecast-files: many files, part by part, through interruptions."""

import os
import signal
import subprocess
import sys
import time

import polars as pl
import pytest

from loopcast import Panel, Pretrained, SeasonalNaive
from loopcast.cli.main import run

ROWS = 30


def table(ids):
    rows = {"unique_id": [i for i in ids for _ in range(ROWS)], "ds": [*range(ROWS)] * len(ids)}
    return pl.DataFrame(rows | {"y": [float((t * 7 + i) % 12 + i) for i in ids for t in range(ROWS)]})


@pytest.fixture
def folder(tmp_path):
    """Two files of five series each."""
    (tmp_path / "in").mkdir()
    table(range(5)).write_parquet(tmp_path / "in" / "a.parquet", row_group_size=40)
    table(range(5, 10)).write_parquet(tmp_path / "in" / "b.parquet")
    return tmp_path


def command(folder, *options, files="*.parquet"):
    """With these options, of which a later one takes the place of an earlier one of its name."""
    given = {"--output": str(folder / "out"), "--horizon": "4", "--chunk-series": "2"}
    given |= dict(zip(options[::2], options[1::2], strict=True))
    return ["forecast-files", str(folder / "in" / files), *(word for pair in given.items() for word in pair)]


def parts(folder):
    return sorted((folder / "out").glob("*.parquet"))


def whole(folder):
    return pl.read_parquet(parts(folder))


def test_the_parts_together_are_the_forecast_of_the_series_as_one_panel(folder, capsys):
    assert run(command(folder)) == 0
    names = [path.name.split(".") for path in parts(folder)]
    assert [(name, part) for name, _, part, _ in names] == [(a, f"0000{i}-of-00003") for a in "ab" for i in (1, 2, 3)]
    wanted = Pretrained(horizon=4, tune=0).fit_panel(Panel.from_table(table(range(10))), calibrate=False)
    assert whole(folder).equals(wanted.predict(level=[80, 95]))
    assert "10 series are forecast, in 6 parts" in capsys.readouterr().out


def test_processes_and_parts_change_no_bit_and_what_is_finished_is_not_done_again(folder, capsys):
    assert run(command(folder, "--jobs", "2")) == 0
    there, written = whole(folder), {path: path.stat().st_mtime_ns for path in parts(folder)}
    parts(folder)[3].unlink()
    assert run(command(folder)) == 0
    assert "2 series are forecast, in 1 parts (5 parts were there)" in capsys.readouterr().out
    assert whole(folder).equals(there)
    assert sum(path.stat().st_mtime_ns == written[path] for path in parts(folder)) == 5


def test_a_run_that_is_killed_goes_on_and_loses_and_repeats_nothing(folder):
    for i in range(12):
        table(range(i * 10, i * 10 + 10)).write_parquet(folder / "in" / f"more-{i:02}.parquet")
    words = [sys.executable, "-m", "loopcast", *command(folder, "--jobs", "2")]
    killed = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(parts(folder)) < 5:
        assert killed.poll() is None
        time.sleep(0.005)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    time.sleep(0.5)  # its processes end, too
    first = {path: path.stat().st_mtime_ns for path in parts(folder)}
    assert 5 <= len(first) < 66
    assert run(command(folder)) == 0
    assert all(path.stat().st_mtime_ns == before for path, before in first.items())
    assert sorted(path.name for path in (folder / "out").iterdir()) == [path.name for path in parts(folder)]
    assert len(parts(folder)) == 66
    assert whole(folder).height == 4 * (10 + 120)


def test_an_error_in_one_file_is_said_with_its_name_and_the_others_go_on(folder, capsys):
    (folder / "in" / "a.parquet").write_bytes(b"PAR1 no more")
    table([1, 2, 1]).write_parquet(folder / "in" / "c.parquet")
    table([1, 2]).with_columns(pl.when(pl.col("unique_id") == 1).then("y")).write_parquet(folder / "in" / "d.parquet")
    assert run(command(folder)) == 1
    out, err = capsys.readouterr()
    assert f"{folder}/in/a.parquet: it is no Parquet file, or a damaged one" in err
    assert f"{folder}/in/c.parquet: the rows of series 1 do not follow one another: sort the file" in err
    assert f"{folder}/in/d.parquet: in its rows 1 to 60: Pretrained needs a value of each series" in err
    assert err.endswith("loopcast: 3 of 4 files could not be forecast, as said above\n")
    assert "5 series are forecast, in 3 parts" in out


def test_forecasts_of_other_options_or_of_an_older_file_are_not_mixed(folder, capsys):
    assert run(command(folder)) == 0
    assert run(command(folder, "--level", "none")) == 1
    assert "made with other options, or before the file changed: remove" in capsys.readouterr().err
    table(range(4)).write_parquet(folder / "in" / "a.parquet")
    assert run(command(folder)) == 1
    for path in parts(folder)[:3]:
        path.unlink()
    assert run(command(folder)) == 0


def test_a_saved_model_forecasts_with_its_own_columns_and_calendar(folder):
    model = folder / "naive.loopcast"
    renamed = table([7]).rename({"y": "sold", "unique_id": "shop"})
    fitted = SeasonalNaive(horizon=4, season=12).fit(Panel.from_table(renamed.drop("shop"), columns_of("sold")))
    fitted.save(model)
    table([7, 8]).rename({"y": "sold"}).write_parquet(folder / "in" / "s.parquet")
    assert run(command(folder, "--model", str(model), files="s.parquet")) == 0
    got = whole(folder)
    assert got["SeasonalNaive"].to_list()[:4] == fitted.predict()["SeasonalNaive"].to_list()
    assert "SeasonalNaive-lo-95" in got.columns


def columns_of(target):
    from loopcast import Columns

    return Columns(target=target)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--chunk-series", "0"), "chunk_series is a whole number"),
        (("--jobs", "0"), "n_jobs is a whole number"),
        (("--horizon", "0"), "horizon is a whole number"),
        (("--level", "high"), "--level is percentages"),
    ],
)
def test_options_that_mean_nothing_are_refused_before_any_work(folder, capsys, options, said):
    assert run(command(folder, *options)) == 2
    assert said in capsys.readouterr().err
    assert not parts(folder)


def test_a_pattern_that_fits_no_file_and_two_files_of_one_name_are_refused(folder, capsys):
    assert run(command(folder, files="*.nothing")) == 2
    (folder / "more").mkdir()
    table([1]).write_parquet(folder / "more" / "a.parquet")
    assert run(["forecast-files", str(folder / "more" / "a.parquet"), *command(folder)[1:]]) == 2
    assert "have one name: rename one" in capsys.readouterr().err
