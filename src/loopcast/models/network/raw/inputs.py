"""What the network is shown of a row: `features.causal.inputs` as operators of a graph."""

import math
from collections.abc import Iterator

from loopcast.features.causal.inputs import LAGS, LONGEST, MOST, MOST_SEASONS
from loopcast.models.network.raw.record import Record
from loopcast.nn.onnx_values import Value, join


def inputs_of(record: Record, *, linear: bool) -> Value:
    """Of one way of writing, float64 `[batch, INPUTS]`; record: of its track."""
    parts = (_differences(record), _sizes(record, linear), _memory(record), _place(record, linear), _second(record))
    return join([each for part in parts for each in part])


def level_of_second(record: Record) -> Value:
    """The trailing mean over the second season."""
    return record.new("second_sum") / (record.row + 1.0).least(record.periods.second)


def slope_of(record: Record) -> Value:
    """Of the level, a row, since there is one of a whole season."""
    t, m = record.row, record.periods.season
    slope = (record.new("level")[0] - record.new("first_level")) / (t - (m - 1.0)).most(1.0)
    return (t >= float(m)).where(slope, 0.0)


def _bent(record: Record, number: Value) -> Value:
    return (number / record.new("scale")).asinh().clip(MOST)


def _differences(record: Record) -> Iterator[Value]:
    m, z, level, adjusted = record.periods.season, record.new("z"), record.new("level"), record.new("adjusted")
    yield _bent(record, adjusted[:LAGS] - level[0])
    pairs = [
        (z[0], level[0]), (level[0], level[m]), (level[m], level[2 * m]), (level[0], level[max(1, m // 2)]),
        (level[0], level[4 * m]), (level[0], record.new("slow")), (z[0], z[m]), (z[0], z[2 * m]), (z[1], z[m + 1]),
        (z[2], z[m + 2]),
    ]  # fmt: skip
    for one, other in pairs:
        yield _bent(record, one - other)


def _sizes(record: Record, linear: bool) -> Iterator[Value]:
    scale = record.new("scale")
    size = scale * 0.0 + math.log(0.1) if linear else scale.most(1e-300).log()
    yield size.most(-9.0).least(2.0) / 2.0 + 1.0
    yield (record.new("step") / scale + 0.001).log() / 2.0
    yield (record.new("recent") / scale + 0.01).log()
    yield (record.new("seasonal_error") / scale + 0.01).log()
    yield (record.new("square").root() / scale + 0.5).log()


def _memory(record: Record) -> Iterator[Value]:
    w2, v2 = record.new("w2"), record.new("v2")
    yield (4.0 * record.periods.season * slope_of(record) / record.new("scale")).asinh()
    yield record.new("w0") / (w2 + 0.001).root()
    yield (record.new("w1") / (w2 + 0.001)).clip(1.5)
    yield (record.new("vv") / (v2 + 0.001)).clip(1.5)


def _place(record: Record, linear: bool) -> Iterator[Value]:
    m, t, nothing = record.periods.season, record.row, record.row * 0.0
    yield (t.least(LONGEST) + 1.0).log() / 2.0 - 1.0
    yield ((t / m).least(MOST_SEASONS) + 1.0).log() - 1.0
    yield nothing + math.log(m) / 2
    yield nothing + float(m == 1)
    yield record.after["seen"][0]
    yield (record.after["age"] + 1.0).log()
    yield nothing + float(linear)
    yield record.after["zeros"]


def _second(record: Record) -> Iterator[Value]:
    m, second, t = record.periods.season, record.periods.second, record.row
    if not second:
        yield record.row.array([[0.0] * 6]) + t * 0.0
        return
    there, z, level = t >= float(second), record.new("z"), record.new("level")
    yield there.number()
    for one, other in ((z[0], z[second]), (level[0], level[second]), (level[0], level_of_second(record))):
        yield there.where(_bent(record, one - other), 0.0)
    yield there.where((record.new("second") / record.new("scale") + 0.01).log(), 0.0)
    yield there.number() * (math.log(second / m) / 2)
