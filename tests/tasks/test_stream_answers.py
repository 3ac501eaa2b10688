"""A chunk of lines is answered as its lines one by one, also where some of them are wrong."""

import json

import numpy as np
import pytest

from live.made import at, fitted, state_of
from live.made_covariates import COVARIATES
from live.made_covariates import fitted as with_covariates
from loopcast.columns import Columns
from loopcast.kernels import LIBRARY
from loopcast.tasks.stream import StreamTask
from loopcast.tasks.stream_answers import Stream

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")


def lines():
    rng, found = np.random.default_rng(0), []
    for row in range(60):
        for id_ in "abcd":
            kind, step = rng.random(), row + int(rng.choice([0, 0, 0, -1, 1]))
            found.append(
                json.dumps({"unique_id": id_, "ds": at(max(step, 0)).isoformat(), "y": float(rng.normal(50, 3))})
            )
            if kind < 0.05:
                found.append(f'{{"unique_id": "{id_}", "ds": "2034-01-01T00:00:00Z", "y": 1}}')
            elif kind < 0.1:
                found.append(
                    rng.choice([f'{{"predict": "{id_}"}}', "x", ' {"predict": 5}', '{"y": 1, "ds": [5]}', "1 2"])
                )
    return [line.encode() for line in found]


@pytest.mark.parametrize("emit", ["surprise", "forecast"])
def test_chunks_of_any_size_have_the_answers_of_single_lines(tmp_path, emit):
    fitted().save(tmp_path / "m")
    task = StreamTask(model=tmp_path / "m", columns=Columns(), rules={"lateness": 2, "longest_gap": 50}, emit=emit)
    single, chunks, given = Stream(task), Stream(task), lines()
    wanted = [answer for line in given for answer in single.answers([line])]
    answers = [answer for begin in range(0, len(given), 37) for answer in chunks.answers(given[begin : begin + 37])]
    assert answers == wanted
    assert state_of(chunks.live) == state_of(single.live)
    assert {json.loads(each).get("status") for each in answers} >= {"taken", "revised", None}


def numbered(row, seq, **more):
    return json.dumps({"unique_id": "a", "ds": at(row).isoformat(), "y": float(row), "seq": seq} | more).encode()


def statuses(stream, lines):
    return [json.loads(each).get("status") for each in stream.answers(lines)]


def test_numbered_rows_are_taken_in_once_also_after_a_restart(tmp_path):
    fitted().save(tmp_path / "m")
    task = StreamTask(model=tmp_path / "m", state=tmp_path / "s.live", columns=Columns(), rules={"lateness": 2})
    stream = Stream(task)
    assert statuses(stream, [numbered(0, 7), numbered(1, 8), numbered(2, 3, source="b")]) == ["taken"] * 3
    assert statuses(stream, [numbered(1, 8, y=5.0), numbered(3, 4, source="b")]) == ["skipped", "taken"]
    stream.settle()
    stream.live.close()
    again = Stream(task)
    assert statuses(again, [numbered(9, 8), numbered(4, 9), numbered(4, 4, source="b")]) == [
        "skipped",
        "taken",
        "skipped",
    ]
    asked = [json.loads(each) for each in again.answers([b'{"after": ""}', b'{"after": "b"}', b'{"after": "c"}'])]
    assert [each["seq"] for each in asked] == [9, 4, None]
    again.end()
    last = Stream(task)
    assert dict(last.live.seqs) == {"": 9, "b": 4}
    last.live.close()


@pytest.mark.parametrize("seq", [-1, 1.5, True, None, "x", 2**63])
def test_what_is_no_number_of_a_row_is_an_error(tmp_path, seq):
    fitted().save(tmp_path / "m")
    stream = Stream(StreamTask(model=tmp_path / "m", columns=Columns(), rules={}))
    assert [statuses(stream, [numbered(0, seq)]), statuses(stream, [numbered(0, 1)])] == [[None], ["taken"]]


def test_covariates_are_fields_of_a_row_and_a_row_without_a_value_is_known_ahead(tmp_path):
    forecaster = with_covariates(COVARIATES)
    forecaster.save(tmp_path / "m")
    stream = Stream(StreamTask(model=tmp_path / "m", columns=COVARIATES, rules={}))
    row = {"unique_id": "a", "load": 1.0, "wind": 2.0, "open": True, "size": 1.0, "region": "n"}
    lines = [json.dumps(row | {"ds": at(step).isoformat(), "y": 50.0}).encode() for step in range(3)]
    ahead = json.dumps({"unique_id": "a", "ds": at(3).isoformat(), "wind": 3.0, "open": False}).encode()
    early = json.dumps({"unique_id": "a", "ds": at(3).isoformat(), "y": 1}).encode()
    assert statuses(stream, [*lines, ahead, early]) == ["taken", "taken", "taken", "known", None]
    live = forecaster.live()
    for step in range(3):
        live.update_one("a", at(step), 50.0, {name: row[name] for name in COVARIATES.covariates})
    live.know("a", at(3), {"wind": 3.0, "open": False})
    assert state_of(stream.live) == state_of(live)
