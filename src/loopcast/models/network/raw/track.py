"""One way to write a series, a row further: `features.causal.track` as operators of a graph."""

from typing import NamedTuple

from loopcast.features.causal.track import FAST, ROUNDING, SLOW, SLOW_SECOND, SMALLEST_SHARE
from loopcast.models.network.raw.record import Record
from loopcast.nn.onnx_values import Value, join


class Row(NamedTuple):
    """written: the value as written; known: whether it is there; unit: how large a change of 1 is; n: values so far."""

    written: Value
    known: Value
    unit: Value
    n: Value


def update_track(record: Record, row: Row) -> None:
    """Take in a row: level and seasons, then how large changes are, and whether they go on."""
    m, t, known = record.periods.season, record.row, row.known
    before, level = record.old("z")[0], record.old("level")[0]
    slow = _turned(record, "slow_season", m)
    expected = (
        before if m == 1 else (t >= float(m)).where(level + slow[0] - record.old("slow_season_total") / m, before)
    )
    z = known.where(row.written, record.first.where(0.0, expected))
    ring = record.push("z", z)
    total = record.keep("sum", record.old("sum") + z - (t >= float(m)).where(ring[m], 0.0))
    now = record.push("level", total / (t + 1.0).least(m))[0]
    record.keep("first_level", t.equals(m - 1.0).where(now, record.old("first_level")))
    error = (z - (level if m == 1 else expected)).size()
    record.mean("seasonal_error", error, known & (t >= float(m)), record.periods.memory)
    _season(record, "slow_season", m, (now, known), SLOW)
    _season(record, "fast_season", m, (now, known), FAST)
    record.push("adjusted", z - season_at(record, "slow_season", (0,)))
    _second(record, known)
    _scales(record, row)
    _correlations(record)


def season_at(record: Record, name: str, places: tuple[int, ...]) -> Value:
    """What a season adds at the phases of so many rows ago; 0 before there is one."""
    length = record.periods.second if name == "second_season" else record.periods.season
    added = record.new(name)[places] - record.new(f"{name}_total") / length
    return (record.row >= length - 1.0).where(added, 0.0)


def _turned(record: Record, name: str, length: int) -> Value:
    """What is known of the phases of a season, with that of the new row first, of which it is the oldest."""
    old = record.old(name)
    return old if length == 1 else join([old[length - 1], old[: length - 1]])


def _season(record: Record, name: str, length: int, taken: tuple[Value, Value], least: float) -> None:
    """See `Season`; taken: the level, and whether the value is there. Counts are of updates after the start."""
    t, (level, known) = record.row, taken
    z = record.new("z")
    raw, counts = _turned(record, name, length), _turned(record, f"{name}_count", length)
    later = known & (t >= float(length))
    count = counts[0] + later.number()
    rate = (1.0 / (count + 1 / 3)).most(least).least(1.0)
    change = later.where(rate * (z[0] - level - raw[0]), 0.0)
    begins = t.equals(length - 1.0)
    start = z[:length] - level
    turned = raw[0] + change if length == 1 else join([raw[0] + change, raw[1:length]])
    record.keep(name, begins.where(start, turned))
    record.keep(f"{name}_count", count if length == 1 else join([count, counts[1:length]]))
    record.keep(f"{name}_total", begins.where(start.total(), record.old(f"{name}_total") + change))


def _second(record: Record, known: Value) -> None:
    m, t, z = record.periods.second, record.row, record.new("z")
    nothing = known & ~known
    if not m:
        record.keep("second_sum", record.old("second_sum"))
        record.mean("second", z[0], nothing, record.periods.memory)
        return
    there = t >= float(m)
    total = record.keep("second_sum", record.old("second_sum") + z[0] - there.where(z[m], 0.0))
    _season(record, "second_season", m, (total / (t + 1.0).least(m), known), SLOW_SECOND)
    pair = known & there & (_seen(record, m) > 0.0)
    record.mean("second", (z[0] - z[m]).size(), pair, record.periods.memory)


def _seen(record: Record, rows: int) -> Value:
    """1 where there was a value so many rows ago."""
    return record.after["seen"][rows]


def _scales(record: Record, row: Row) -> None:
    m, t, z, memory = record.periods.season, record.row, record.new("z"), record.periods.memory
    record.mean("slow", z[0], t >= 0.0, 1 / (4 * m + 12))
    step = record.mean("step", (z[0] - z[1]).size(), row.known & (t >= 1.0) & (_seen(record, 1) > 0.0), memory)
    change, pair = z[0] - z[m], row.known & (t >= float(m)) & (_seen(record, m) > 0.0)
    season = record.mean("season", change.size(), pair, memory)
    record.mean("square", change * change, pair, memory)
    record.mean("recent", change.size(), pair, 1 / max(m, 4))
    scale = (record.new("season_count") >= float(max(1, m // 4))).where(season, step)
    scale = scale.most(SMALLEST_SHARE * step).most(ROUNDING * row.unit)
    record.after[f"{record.prefix}scale"] = (step > 0.0).where(scale, 0.1 * row.unit / (row.n * row.n))


def _correlations(record: Record) -> None:
    m, t, z, memory = record.periods.season, record.row, record.new("z"), record.periods.memory
    scale, adjusted = record.new("scale"), record.new("adjusted")
    w = (t >= 1.0).where(((adjusted[0] - adjusted[1]) / scale).asinh(), 0.0)
    changes = record.push("change", w)
    record.mean("w0", w, t >= 1.0, memory)
    record.mean("w2", w * w, t >= 1.0, memory)
    record.mean("w1", w * changes[1], t >= 2.0, memory)
    v = (t >= float(m)).where(((z[0] - z[m]) / scale).asinh(), 0.0)
    ring = record.push("v", v)
    record.mean("v2", v * v, t >= float(m), memory)
    record.mean("vv", v * ring[m], t >= float(2 * m), memory)
