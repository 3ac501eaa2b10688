"""loopcast stream answers each line in its order, goes on after a bad one, and keeps all that it answered."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from cli.stream_lines import line_of, lines_of, text_of
from live.made import START, at, fitted, state_of, values
from loopcast import resume
from loopcast.kernels import LIBRARY

pytestmark = [
    pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built"),
    pytest.mark.skipif(os.name == "nt", reason="signals to a child are POSIX's"),
]
PROGRAM = [sys.executable, "-m", "loopcast", "stream"]


def run(*arguments, lines=(), code=0):
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)], input="".join(f"{line}\n" for line in lines), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout.splitlines() if not code else done.stderr


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    path = tmp_path_factory.mktemp("history") / "h.csv"
    rows = [f"{id_},{text_of(row)},{y}" for id_ in "ab" for row, y in enumerate(values(60))]
    path.write_text("\n".join(["unique_id,ds,y", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.loopcast"
    fitted(series=2).save(path)
    return path


def test_each_line_has_an_answer_and_they_are_those_of_a_live_state(model):
    lines = lines_of(range(60, 80))
    answers = [json.loads(answer) for answer in run(model, "--emit", "forecast", lines=lines)]
    live = fitted(series=2).live()
    for line, answer in zip(lines, answers, strict=True):
        row = json.loads(line)
        seen = live.update_one(row["unique_id"], row["ds"], row["y"])
        ahead = live.predict_one(row["unique_id"])
        assert (answer["unique_id"], answer["ds"], answer["status"]) == (row["unique_id"], row["ds"], seen.status)
        assert answer["surprise"] == (None if np.isnan(seen.surprise) else seen.surprise)
        assert answer["Pretrained"] == ahead.values.tolist()
        assert answer["Pretrained-hi-95"] == ahead.high[1].tolist()


def test_bad_lines_are_answered_by_errors_and_the_stream_goes_on(model):
    good = lines_of(range(60, 62), "a")
    bad = ["", "x", "[1]", "5", "null", "{}", '{"unique_id":"a"}', line_of(61, float("nan")), line_of(61, float("inf")),
           line_of(61, [1]), line_of(61, {"a": 1}), line_of(61, "5"), line_of(61, True), "[" * 9999,
           '{"unique_id":["a"],"ds":"2024-01-04T00:00:00Z","y":1}', '{"unique_id":"a","ds":5,"y":1}',
           '{"unique_id":"a","ds":"2024-01-04T00:30:00Z","y":1}', '{"unique_id":"a","ds":"2924-01-04T00:00:00Z","y":1}',
           '{"unique_id":"a","ds":"2024-01-04T00:00:00","y":1}', line_of(61, "z" * 2**20), line_of(61, 10**400),
           '{"predict":"zz"}', '{"predict":[1]}', '{"advance":"then"}',
           '{"advance":"2034-01-04T00:00:00Z"}']  # fmt: skip
    answers = [json.loads(each) for each in run(model, lines=[good[0], *bad, good[1]])]
    assert [each["line"] for each in answers[1:-1]] == list(range(2, 2 + len(bad)))
    assert all(each["error"] for each in answers[1:-1])
    assert [answers[0]["status"], answers[-1]["status"]] == ["taken", "taken"]


def test_bytes_that_are_no_text_are_an_error(model):
    given = b'\xff\xfe\n{"unique_id":"\xff"}\n'
    done = subprocess.run([*PROGRAM, str(model)], input=given, capture_output=True, check=True)
    assert [json.loads(each)["line"] for each in done.stdout.splitlines()] == [1, 2]


def test_what_is_asked_for_between_rows_is_answered(model):
    answers = run(
        model,
        lines=[
            *lines_of(range(60, 63), "a"),
            '{"predict":"a"}',
            '{"advance":"2024-01-03T16:00:00Z"}',
            '{"predict":"a"}',
        ],
    )
    first, advanced, last = map(json.loads, answers[3:])
    assert (first["cutoff"], last["cutoff"]) == ("2024-01-03T14:00:00+00:00", "2024-01-03T16:00:00+00:00")
    assert advanced["status"] == "advanced"
    assert len(first["Pretrained"]) == 9


def test_without_a_model_it_starts_from_the_pretrained_network(history):
    lines = lines_of(range(60, 64))
    with_history = run("--history", history, "--horizon", 2, lines=lines)
    assert all(json.loads(answer)["surprise"] is not None for answer in with_history)
    begun = run("--freq", "h", "--horizon", 2, lines=lines)
    assert [json.loads(answer)["surprise"] is None for answer in begun] == [True] * 2 + [False] * 6
    assert "--history" in run(lines=lines, code=2)


def test_a_state_that_was_made_otherwise_than_is_asked_for_is_refused(tmp_path):
    state = ("--state", tmp_path / "live")
    assert len(run(*state, "--freq", "h", "--horizon", 2, lines=lines_of(range(60, 62)))) == 4
    for other, said in (("--freq", "D"), "freq=h"), (("--horizon", 9), "horizon=2"):
        assert said in run(*state, *other, code=2)
    assert len(run(*state, lines=lines_of(range(62, 63)))) == 2
    assert len(run(*state, "--freq", "1h", "--horizon", 2, lines=lines_of(range(63, 64)))) == 2


def test_csv_in_and_csv_out(history):
    lines = [
        "ds,unique_id,y",
        f"{text_of(60)},a,50.5",
        f"{text_of(61)},a,",
        f'{text_of(62)},"a,b",x',
        f"{text_of(62)},a",
    ]
    table = list(csv.DictReader(io.StringIO("\n".join(run("--history", history, "--format", "csv", lines=lines)))))
    assert [row["status"] for row in table] == ["taken", "taken", "error", "error"]
    assert table[0]["unique_id"] == "a"
    assert "no number" in table[2]["error"]
    assert "json" in run("--freq", "h", "--format", "csv", "--emit", "forecast", code=2)
    for wrong, said in (
        (("--freq", "xyz"), "no frequency"),
        (("--freq", "h", "--season", -4), "season"),
        (("--freq", "h", "--lateness", -3), "lateness"),
    ):
        assert said in run(*wrong, code=2)  # at once, and not as the answer to each row


def test_late_lines_are_put_aside(model, tmp_path):
    lines = [*lines_of(range(60, 70), "a"), line_of(61, 1.0), line_of(68, 2.0)]
    answers = run(model, "--late", tmp_path / "late.jsonl", "--lateness", 2, lines=lines)
    assert [json.loads(each)["status"] for each in answers[-2:]] == ["late", "revised"]
    assert (tmp_path / "late.jsonl").read_text() == lines[-2] + "\n"


def test_it_goes_on_where_it_was(model, history, tmp_path):
    lines, state = lines_of(), tmp_path / "s.live"
    whole = run(model, "--state", tmp_path / "whole.live", "--history", history, lines=lines)
    parts = [
        run(model, "--state", state, "--history", history, lines=lines[a : a + 70]) for a in range(0, len(lines), 70)
    ]
    assert [answer for part in parts for answer in part] == whole
    assert state_of(resume(state)) == state_of(resume(tmp_path / "whole.live"))


def test_another_models_state_and_other_rules_are_refused(model, history, tmp_path):
    run(model, "--state", tmp_path / "s.live", lines=lines_of(range(60, 62)))
    fitted(seasons=(6,), season=None).save(tmp_path / "other.loopcast")
    assert "another model" in run(tmp_path / "other.loopcast", "--state", tmp_path / "s.live", code=2)
    assert "other rules" in run(model, "--state", tmp_path / "s.live", "--lateness", 3, code=2)


class Fed:
    """A stream that is given lines, and killed."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def give(self, lines):
        self.process.stdin.write("".join(f"{line}\n" for line in lines))
        self.process.stdin.flush()

    def answers(self, count):
        return [json.loads(self.process.stdout.readline()) for _ in range(count)]


def killed_at_random(model, history, folder, kills, rng):
    """Lines are sent again from a little before the last answer on; the folder that is left."""
    lines, done = lines_of(range(60, 60 + 40 * kills)), 0
    for _ in range(kills):
        fed = Fed(model, "--state", folder, "--history", history)
        begin = max(done - int(rng.integers(1, 30)), 0)
        given = lines[begin : begin + 200]
        fed.give(given)
        answered = len(fed.answers(min(int(rng.integers(1, 30)), len(given)))) if rng.random() < 0.8 else 0
        time.sleep(rng.uniform(0, 0.02))
        fed.process.kill()
        rest = fed.process.stdout.read().splitlines()
        fed.process.communicate()
        done = begin + answered + len(rest)
        done -= bool(rest) and not rest[-1].endswith("}")
    run(model, "--state", folder, "--history", history, lines=lines[max(done - 5, 0) :])
    return lines


def check_kills(model, history, tmp_path, kills):
    lines = killed_at_random(model, history, tmp_path / "killed.live", kills, np.random.default_rng(kills))
    run(model, "--state", tmp_path / "whole.live", "--history", history, lines=lines)
    assert state_of(resume(tmp_path / "killed.live")) == state_of(resume(tmp_path / "whole.live"))


def test_kill_and_redelivery_leave_the_bits_of_an_undisturbed_run(model, history, tmp_path):
    check_kills(model, history, tmp_path, 5)


@pytest.mark.slow
def test_two_hundred_kills_leave_the_bits_of_an_undisturbed_run(model, history, tmp_path):
    check_kills(model, history, tmp_path, 200)


def test_a_termination_ends_in_order_with_all_that_was_answered_kept(model, tmp_path):
    fed = Fed(model, "--state", tmp_path / "s.live")
    fed.give(lines_of(range(60, 80), "a"))
    fed.answers(20)
    fed.process.send_signal(signal.SIGTERM)
    _, errors = fed.process.communicate()
    assert (fed.process.returncode, errors) == (143, "")
    assert resume(tmp_path / "s.live").predict_one("a").cutoff == at(79)


def test_ctrl_c_is_one_line(model, tmp_path):
    fed = Fed(model, "--state", tmp_path / "s.live")
    fed.give(lines_of(range(60, 80), "a"))
    fed.answers(20)
    fed.process.send_signal(signal.SIGINT)
    _, errors = fed.process.communicate()
    assert (fed.process.returncode, errors) == (130, "loopcast: interrupted\n")
    assert resume(tmp_path / "s.live").predict_one("a").cutoff == at(79)


def test_two_streams_do_not_share_a_folder(model, tmp_path):
    fed = Fed(model, "--state", tmp_path / "s.live")
    fed.give(lines_of(range(60, 61), "a"))
    fed.answers(1)
    assert "in use" in run(model, "--state", tmp_path / "s.live", code=2)
    fed.process.communicate("")


def test_no_reader_is_no_error_message(model):
    done = subprocess.run(
        f"yes '{line_of(60, 1.0)}' | head -3000 | {sys.executable} -m loopcast stream {model} | head -1", shell=True,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Traceback" not in done.stderr


def test_numbers_as_ids_are_text_as_in_files(model):
    assert START
    lines = [line_of(60, 1.0, 7), line_of(61, 1.0, "7"), '{"predict": 7}']
    answers = [json.loads(each) for each in run(model, lines=lines)]
    assert [each.get("status") for each in answers[:2]] == ["taken", "taken"]
    assert answers[2]["cutoff"].startswith(at(61).isoformat()[:19])


class Following(Fed):
    """A stream that follows a file, and goes on with what is added."""

    def __init__(self, path, *arguments):
        super().__init__(*arguments, "--follow", path)


def append_to(path, lines, end="\n"):
    with path.open("a") as file:
        file.write("\n".join(lines) + end)


def test_a_file_that_grows_is_followed_line_by_line_and_then_the_one_in_its_place(model, tmp_path):
    path, lines = tmp_path / "rows.jsonl", lines_of(range(60, 80), "a")
    append_to(path, [*lines[:3], lines[3][:10]], end="")
    fed = Following(path, model, "--state", tmp_path / "s.live")
    told = fed.answers(3)
    append_to(path, [lines[3][10:], *lines[4:6]])
    told += fed.answers(3)
    path.rename(tmp_path / "rows.1.jsonl")
    append_to(path, lines[6:8])
    told += fed.answers(2)
    path.write_text(lines[8] + "\n")  # shorter than before
    told += fed.answers(1)
    fed.process.send_signal(signal.SIGTERM)
    rest, errors = fed.process.communicate()
    assert (fed.process.returncode, rest, errors) == (143, "", "")
    assert [each["status"] for each in told] == ["taken"] * 9
    assert [each["ds"] for each in told] == [json.loads(line)["ds"] for line in lines[:9]]


def test_after_a_kill_a_followed_file_goes_on_after_the_last_row_that_was_kept(model, tmp_path):
    path, lines = tmp_path / "rows.jsonl", lines_of(range(60, 100), "a")
    append_to(path, lines[:10])
    fed = Following(path, model, "--state", tmp_path / "killed.live")
    fed.answers(10)
    fed.process.kill()
    fed.process.communicate()
    append_to(path, lines[10:20])
    again = Following(path, model, "--state", tmp_path / "killed.live")
    told = again.answers(10)
    again.process.send_signal(signal.SIGTERM)
    assert again.process.communicate() == ("", "")
    assert [each["ds"] for each in told] == [json.loads(line)["ds"] for line in lines[10:20]]
    run(model, "--state", tmp_path / "whole.live", lines=lines[:20])
    assert state_of(resume(tmp_path / "killed.live")) == state_of(resume(tmp_path / "whole.live"))


def test_a_csv_file_that_grows_names_its_columns_once(model, tmp_path):
    path = tmp_path / "rows.csv"
    rows = [f"a,{text_of(row)},{row}" for row in range(60, 64)]
    append_to(path, ["unique_id,ds,y", *rows[:2]])
    arguments = (model, "--state", tmp_path / "s.live", "--format", "csv")
    for part in (rows[:2], rows[2:]):
        fed = Following(path, *arguments)
        told = [fed.process.stdout.readline() for _ in range(3)]
        fed.process.send_signal(signal.SIGTERM)
        fed.process.communicate()
        assert told[0].startswith("unique_id,ds,status")
        assert [each.split(",")[:3] for each in told[1:]] == [[*row.split(",")[:2], "taken"] for row in part]
        append_to(path, rows[2:]) if part == rows[:2] else None


def test_files_that_take_a_place_are_read_whole_and_by_their_own_names(model, tmp_path):
    """Whatever number the disk gives them, and however short they are."""
    path, rows = (
        tmp_path / "rows.csv",
        [(f"a,{text_of(row)},{row}", f"{text_of(row)},{row},a") for row in range(60, 68)],
    )
    append_to(path, ["unique_id,ds,y", *(row for row, _ in rows[:2])])
    fed = Following(path, model, "--state", tmp_path / "s.live", "--format", "csv")
    told = [fed.process.stdout.readline() for _ in range(3)]
    path.unlink()  # its number on the disk may come again
    path.write_text("ds,y")
    time.sleep(0.3)
    append_to(path, [",unique_id", *(row for _, row in rows[2:5])])
    told += [fed.process.stdout.readline() for _ in range(3)]
    path.write_text(f"unique_id,ds,y\n{rows[5][0]}\n")
    told += [fed.process.stdout.readline()]
    append_to(path, [row for row, _ in rows[6:]])
    told += [fed.process.stdout.readline() for _ in range(2)]
    fed.process.send_signal(signal.SIGTERM)
    assert fed.process.communicate() == ("", "")
    assert [line.split(",")[1:3] for line in told[1:]] == [[row.split(",")[1], "taken"] for row, _ in rows]


def test_a_file_that_is_not_there_is_an_error(model, tmp_path):
    assert "no such file" in run(model, "--follow", tmp_path / "none.jsonl", code=2).lower()
