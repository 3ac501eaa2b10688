"""A chunk of lines is answered as its lines one by one, also where some of them are wrong."""

import json

import numpy as np
import pytest

from live.made import at, fitted, state_of
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
