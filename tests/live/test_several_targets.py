"""Series of several targets, followed row by row: what is said of each is what the model says of the same rows."""

import datetime as dt
import json

import numpy as np
import polars as pl
import pytest

import loopcast
from loopcast import Columns, Panel
from loopcast.errors import ModelFileError, OptionError, ValuesError
from loopcast.live.segments import segments_of
from loopcast.models.baselines import Drift, Naive, SeasonalNaive
from loopcast.models.linear import Linear
from loopcast.models.mean import Mean
from loopcast.models.pretrained.forecaster import Pretrained
from loopcast.models.recurrent.forecaster import Recurrent
from loopcast.models.theta import Theta
from loopcast.tasks.stream_lines import forecast_facts

TARGETS, IDS, ROWS, AHEAD = ("flow", "level"), ("a", "b"), 60, 4
START, HOUR = dt.datetime(2024, 1, 1), dt.timedelta(hours=1)  # noqa: DTZ001 - no zone
PLAIN, RAIN = Columns(target=TARGETS), Columns(target=TARGETS, past=("rain",), calendar=("hour",))


def table_of(rows=ROWS):
    rng = np.random.default_rng(3)
    parts = []
    for id_ in IDS:
        season = np.sin(np.arange(rows) * np.pi / 2)
        flow, rain = 20 + 3 * season + rng.normal(0, 1, rows).cumsum() / 4, rng.gamma(1.0, 1.0, rows)
        level = 5 + 0.2 * np.roll(flow, 1) + rng.normal(0, 0.1, rows)
        level[7:9] = np.nan
        parts.append({"unique_id": [id_] * rows, "ds": [START + i * HOUR for i in range(rows)], "flow": flow,
                      "level": level, "rain": rain})  # fmt: skip
    return pl.concat([pl.DataFrame(part) for part in parts]).with_columns(pl.col("level").fill_nan(None))


def in_time(table):
    return table.sort("ds", "unique_id")


MODELS = {
    "pretrained": (Pretrained(horizon=AHEAD, season=4, tune=0), PLAIN),
    "joint": (Recurrent(horizon=AHEAD, season=4, updates=20, channels="joint"), PLAIN),
    "joint and rain": (Recurrent(horizon=AHEAD, season=4, updates=20, channels="joint"), RAIN),
    "independent and rain": (Recurrent(horizon=AHEAD, season=4, updates=20, channels="independent"), RAIN),
    "naive": (SeasonalNaive(season=4), PLAIN),
    "linear": (Linear(horizon=AHEAD, season=4), PLAIN),
    "mean": (Mean(models=[Naive(), Drift()], horizon=AHEAD, season=4), PLAIN),
    "mean with a joint one": (
        Mean(
            models=[
                Pretrained(season=4, tune=0),
                Recurrent(horizon=AHEAD, season=4, updates=20, channels="joint", units=(8,)),
            ],
            horizon=AHEAD,
            season=4,
        ),
        PLAIN,
    ),
    "mean of two with rain": (
        Mean(
            models=[
                Recurrent(horizon=AHEAD, season=4, updates=20, channels="joint", units=(8,)),
                Recurrent(horizon=AHEAD, season=4, updates=20, channels="joint", units=(8,), seed=1, alias="Other"),
            ],
            horizon=AHEAD,
            season=4,
        ),
        RAIN,
    ),
}


@pytest.fixture(scope="module")
def made():
    """Each of the models, fitted once."""
    panels = {columns: Panel.from_table(table_of(), columns) for columns in (PLAIN, RAIN)}
    return {name: forecaster.with_options().fit(panels[columns]) for name, (forecaster, columns) in MODELS.items()}


def send(live, table, columns):
    """Rows one by one; what is said of each."""
    told = []
    for row in table.to_dicts():
        given = {name: row[name] for name in columns.covariates} or None
        y = {name: row[name] for name in TARGETS}
        told.append(live.update_one(row["unique_id"], row["ds"], y, given))
    return told


def state_of(live):
    return [{name: array.tolist() for name, array in part.items()} for part in segments_of(live._state)]


@pytest.mark.parametrize("name", MODELS)
def test_what_is_forecast_after_rows_is_what_the_model_says_of_them(made, name):
    forecaster, columns, table = made[name], MODELS[name][1], table_of()
    live = forecaster.live()
    assert {seen.status for seen in send(live, in_time(table), columns)} == {"taken"}
    told, wanted = live.predict(AHEAD), forecaster.predict(AHEAD, data=table)
    assert told.drop("cutoff").columns == wanted.columns
    assert told.drop("cutoff").equals(wanted)
    ahead = live.predict_one("b")
    assert ahead.values.shape == (2, live.horizon)
    assert ahead.low.shape == ahead.high.shape == (2, 2, live.horizon)  # by level, then target
    of_b = wanted.filter(pl.col("unique_id") == "b")[forecaster.name].to_numpy()
    np.testing.assert_array_equal(ahead.values[:, :AHEAD], of_b.reshape(AHEAD, 2).T)


@pytest.mark.parametrize("name", MODELS)
def test_a_table_of_rows_does_what_rows_one_by_one_do(made, name):
    forecaster, columns, table = made[name], MODELS[name][1], in_time(table_of())
    one, many = forecaster.live(), forecaster.live()
    seen, told = send(one, table, columns), many.update(table)
    assert told["status"].to_list() == [each.status for each in seen]
    for place, target in enumerate(TARGETS):
        np.testing.assert_array_equal(
            told[f"surprise-{target}"].fill_null(np.nan).to_numpy(), np.array([each.surprise[place] for each in seen])
        )
    assert state_of(one) == state_of(many)
    assert many.predict(level=[80]).equals(one.predict(level=[80]))


@pytest.mark.parametrize("name", ["pretrained", "joint and rain", "mean"])
def test_a_table_that_the_model_knew_leaves_the_state_that_its_rows_leave_but_for_what_was_judged(made, name):
    forecaster, columns, table = made[name], MODELS[name][1], table_of()
    whole = forecaster.live(Panel.from_table(table, columns))
    rows = forecaster.live()
    send(rows, in_time(table), columns)
    assert whole.predict().equals(rows.predict())
    assert whole.health()["judged"].to_list() == [0] * 4


@pytest.mark.parametrize("name", ["pretrained", "joint", "joint and rain"])
def test_corrected_and_late_rows_leave_the_state_of_rows_that_came_in_order(made, name):
    forecaster, columns, table = made[name], MODELS[name][1], in_time(table_of())
    late, plain = forecaster.live(lateness=6), forecaster.live(lateness=6)
    wrong = table.with_columns(level=pl.when(pl.col("ds") == START + 57 * HOUR).then(99.0).otherwise("level"))
    send(late, wrong, columns)
    right = table.filter(pl.col("ds") == START + 57 * HOUR)
    assert [seen.status for seen in send(late, right, columns)] == ["revised"] * 2
    assert [seen.status for seen in send(late, right, columns)] == ["duplicate"] * 2
    send(plain, table, columns)
    assert state_of(late) == state_of(plain)
    early = table.filter(pl.col("ds") == START + 10 * HOUR).with_columns(flow=0.0)
    assert [seen.status for seen in send(late, early, columns)] == ["late"] * 2
    assert state_of(late) == state_of(plain)


def test_of_a_row_with_one_new_value_the_other_target_has_no_surprise(made):
    live, table = made["pretrained"].live(lateness=3), in_time(table_of())
    send(live, table, PLAIN)
    last = table.tail(1).to_dicts()[0]
    seen = live.update_one("b", last["ds"], {"flow": last["flow"], "level": 7.0})
    assert seen.status == "revised"
    assert np.isnan(seen.surprise).tolist() == [True, False]


@pytest.mark.parametrize("name", ["pretrained", "joint and rain"])
def test_a_folder_goes_on_where_it_was_with_its_snapshot_and_its_journal(made, name, tmp_path):
    forecaster, columns, table = made[name], MODELS[name][1], in_time(table_of())
    kept = forecaster.live(lateness=2)
    send(kept, table.head(80), columns)
    kept.save(tmp_path / "state")
    written = loopcast.resume(tmp_path / "state", journal=True)
    send(written, table.slice(80, 20), columns)
    written.advance(START + 52 * HOUR)
    written.close()
    again, plain = loopcast.resume(tmp_path / "state"), forecaster.live(lateness=2)
    send(plain, table.head(100), columns)
    plain.advance(START + 52 * HOUR)
    assert state_of(again) == state_of(plain)
    assert again.predict(level=[95]).equals(plain.predict(level=[95]))


def test_a_journal_of_rows_with_other_targets_is_refused(made, tmp_path):
    live, other = made["pretrained"].live(), Pretrained(tune=0).fit([1.0, 2.0, 3.0]).live()
    for each, name in ((live, "two"), (other, "one")):
        each.save(tmp_path / name)
    writing = loopcast.resume(tmp_path / "two", journal=True)
    send(writing, in_time(table_of()).head(2), PLAIN)
    writing.close()
    (tmp_path / "one" / "journal-1.log").write_bytes((tmp_path / "two" / "journal-1.log").read_bytes())
    with pytest.raises(ModelFileError, match="journal"):
        loopcast.resume(tmp_path / "one")


def test_forks_and_ends_are_of_all_targets(made):
    live, table = made["joint and rain"].live(), in_time(table_of())
    send(live, table, RAIN)
    before, fork = state_of(live), live.fork(["b"])
    fork.update_one("b", START + ROWS * HOUR, {"flow": 1.0, "level": 2.0}, {"rain": 0.0})
    assert state_of(live) == before
    assert fork.ids == ["b"]
    live.forget(["a"])
    assert live.predict()["unique_id"].unique().to_list() == ["b"]


@pytest.mark.parametrize("y", [1.0, None, {"flow": 1.0}, {"flow": 1.0, "level": 2.0, "rain": 0.0}, [1.0, 2.0]])
def test_a_row_has_each_target_by_its_name(made, y):
    live = made["pretrained"].live()
    with pytest.raises(ValuesError, match="by name"):
        live.update_one("a", START, y)
    with pytest.raises(ValuesError, match="a value is a number"):
        live.update_one("a", START, {"flow": 1.0, "level": "2"})
    assert live.ids == []


@pytest.mark.parametrize("name", ["pretrained", "joint", "linear"])
def test_a_target_without_a_value_yet_has_no_forecast_and_the_others_have_theirs(made, name):
    live, whole = made[name].live(), made[name].live()
    for i in range(40):
        live.update_one("a", START + i * HOUR, {"flow": 9.0 + i % 4, "level": None})
        whole.update_one("a", START + i * HOUR, {"flow": 9.0 + i % 4, "level": 5.0})
    ahead = live.predict_one("a")
    assert np.isfinite(ahead.values[0]).all()
    assert np.isnan(ahead.values[1]).all()
    assert np.isnan(ahead.low[:, 1]).all()
    if name != "joint":  # whose targets see each other
        np.testing.assert_array_equal(ahead.values[0], whole.predict_one("a").values[0])
    table = live.predict()
    assert table.filter(pl.col("target") == "level")[made[name].name].null_count() == live.horizon
    facts = forecast_facts(ahead, "m", live.levels, TARGETS)["m"]
    assert facts == {"flow": ahead.values[0].tolist(), "level": None}


def test_a_target_that_begins_late_has_wider_intervals_and_the_others_have_not():
    rng, late = np.random.default_rng(0), 57
    values = rng.normal(size=(2, ROWS, 2)).cumsum(axis=1)
    late_one = values.copy()
    late_one[0, :late, 1] = np.nan
    model = Naive(horizon=AHEAD, season=4).fit(Panel.from_array(values))
    panel = Panel.from_array(late_one)
    after_long, said = (model.predict(data=each, level=80) for each in (Panel.from_array(values), panel))
    assert model.model.widening.at(np.array([ROWS - late])).item() > 1
    width = (said["Naive-hi-80"] - said["Naive-lo-80"]).to_numpy().reshape(2, AHEAD, 2)
    long = (after_long["Naive-hi-80"] - after_long["Naive-lo-80"]).to_numpy().reshape(2, AHEAD, 2)
    np.testing.assert_array_equal(width[:, :, 0], long[:, :, 0])
    followed = model.live(panel, level=80).predict(level=80)
    for column in ("Naive", "Naive-lo-80", "Naive-hi-80"):
        assert followed[column].to_list() == said[column].to_list()


def test_a_series_without_any_value_is_named(made):
    live = made["pretrained"].live()
    live.update_one("a", START, {"flow": None, "level": None})
    with pytest.raises(ValuesError, match="'a' has no value yet"):
        live.predict_one("a")


def test_health_has_a_row_for_each_target(made):
    live = made["pretrained"].live()
    send(live, in_time(table_of()), PLAIN)
    health = live.health()
    assert health.select("unique_id", "target").rows() == [(id_, name) for id_ in IDS for name in TARGETS]
    assert health["rows"].to_list() == [ROWS] * 4
    assert health["judged"].to_list() == [59, 57, 59, 57]  # not the first value, and not what is missing


@pytest.mark.parametrize("name", ["joint", "linear", "pretrained"])
def test_anomalies_of_several_targets_are_what_rows_one_by_one_say(made, name):
    forecaster, table = made[name], table_of()
    told = forecaster.anomalies(table, level=90)
    assert told.columns == ["unique_id", "ds", "target", "y", "anomaly", "surprise", "y-lo-90", "y-hi-90"]
    live = forecaster.live(level=90)
    seen = np.stack([each.surprise for each in send(live, table, PLAIN)])
    np.testing.assert_array_equal(told["surprise"].fill_null(np.nan).to_numpy().reshape(-1, 2), seen)
    np.testing.assert_array_equal(
        told["y"].fill_null(np.nan).to_numpy().reshape(-1, 2), table.select(TARGETS).fill_null(np.nan).to_numpy()
    )


def test_a_mean_of_networks_that_are_shown_different_things_says_so():
    options = {"horizon": AHEAD, "season": 4, "updates": 2, "units": (4,)}
    networks = [Recurrent(channels="joint", **options), Recurrent(channels="independent", alias="Alone", **options)]
    fitted = Mean(models=networks, horizon=AHEAD, season=4).fit(Panel.from_table(table_of(), RAIN))
    with pytest.raises(OptionError, match="Alone is one"):
        fitted.live()


def test_theta_keeps_the_parameters_of_each_target():
    table = table_of().filter(pl.col("unique_id") == "a")
    forecaster = Theta(horizon=AHEAD, season=4).fit(Panel.from_table(table, PLAIN))
    live = forecaster.live(Panel.from_table(table, PLAIN))
    np.testing.assert_allclose(
        live.predict(AHEAD)["Theta"].to_numpy(), forecaster.predict(AHEAD)["Theta"].to_numpy(), rtol=1e-12
    )


def test_lines_of_a_stream_name_each_target(made, tmp_path):
    from loopcast.tasks.stream import StreamTask
    from loopcast.tasks.stream_answers import Stream

    made["pretrained"].save(tmp_path / "model.loopcast")
    rows = in_time(table_of()).head(20).with_columns(pl.col("ds").dt.to_string("iso:strict")).drop("rain").to_dicts()
    task = StreamTask(model=tmp_path / "model.loopcast", columns=Columns(), rules={})
    stream = Stream(task)
    lines = [json.dumps(row).encode() for row in rows]
    told = [json.loads(each) for each in stream.answers([*lines, b'{"predict": "a"}', lines[0][:-1] + b', "x": [1]}'])]
    assert [each["status"] for each in told[:20]] == ["taken"] * 20
    assert told[19]["surprise"].keys() == told[19]["drift"].keys() == set(TARGETS)
    assert {name: len(each) for name, each in told[20]["Pretrained"].items()} == {"flow": AHEAD, "level": AHEAD}
    assert told[20].keys() == {"unique_id", "cutoff", "Pretrained", *(
        f"Pretrained-{end}-{level}" for end in ("lo", "hi") for level in (80, 95)
    )}  # fmt: skip
    assert "error" in told[21]
    (missing,) = stream.answers([b'{"unique_id": "a", "ds": "2024-01-02", "flow": 1.0}'])
    assert "level" in json.loads(missing)["error"]
    csv = Stream(StreamTask(model=tmp_path / "model.loopcast", columns=Columns(), rules={}, format="csv"))
    header, taken, wrong = csv.answers([b"ds,unique_id,level,flow", b"2024-01-01T00:00:00,a,2.5,1", b"x"])
    assert header == "unique_id,ds,status,surprise-flow,surprise-level,drift-flow,drift-level,error"
    assert taken == "a,2024-01-01T00:00:00,taken,,,false,false,"
    assert wrong.startswith(",,error,,,,,")


@pytest.mark.parametrize("name", ["joint", "joint and rain"])
def test_a_folder_goes_on_where_the_first_series_was_ended_or_begins_earlier(made, name, tmp_path):
    forecaster, columns, table = made[name], MODELS[name][1], in_time(table_of())
    live = forecaster.live(lateness=3)
    early = table.filter(pl.col("ds") == START + 4 * HOUR)
    send(live, table.filter(pl.col("ds") >= START + 5 * HOUR), columns)
    late = forecaster.live(lateness=3)
    for hour in (5, 4, 6):
        send(late, table.filter(pl.col("ds") == START + hour * HOUR), columns)
    live.forget(["a"])
    assert early.height == 2
    for each, folder in ((live, "ended"), (late, "earlier")):
        each.save(tmp_path / folder)
        again = loopcast.resume(tmp_path / folder)
        assert again.predict().equals(each.predict())
        more = table.filter(pl.col("unique_id") == "b").tail(1).with_columns(ds=pl.col("ds") + HOUR)
        send(again, more, columns), send(each, more, columns)
        assert again.predict().equals(each.predict())


def test_lines_of_csv_have_covariates_too(made, tmp_path):
    from loopcast.tasks.stream import StreamTask
    from loopcast.tasks.stream_answers import Stream

    made["joint and rain"].save(tmp_path / "model.loopcast")
    task = StreamTask(model=tmp_path / "model.loopcast", columns=Columns(), rules={}, format="csv")
    rows = in_time(table_of()).head(12).with_columns(pl.col("ds").dt.to_string("iso:strict"))
    stream, live = Stream(task), made["joint and rain"].live()
    told = stream.answers([*rows.write_csv().encode().splitlines(), b"a,2024-01-01T06:00:00,1.0,2.0,"])
    seen = send(live, in_time(table_of()).head(12), RAIN)
    seen.append(live.update_one("a", START + 6 * HOUR, {"flow": 1.0, "level": 2.0}, {"rain": None}))
    assert [line.split(",")[2] for line in told[1:]] == ["taken"] * 13
    said = [float(line.split(",")[3] or "nan") for line in told[1:]]
    np.testing.assert_array_equal(said, [each.surprise[0] for each in seen])
