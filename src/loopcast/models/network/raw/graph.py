"""A network with its encoding as one graph: values in, quantiles of the steps after them out, in the data's units."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from loopcast.features.causal.encoder import NEAR_ZERO
from loopcast.features.causal.track import Periods
from loopcast.models.network.histories import MOST_TIMES
from loopcast.models.network.raw.ahead import curve, look_ahead, rows_back
from loopcast.models.network.raw.inputs import inputs_of
from loopcast.models.network.raw.record import Record, layout, repeating
from loopcast.models.network.raw.track import Row, update_track
from loopcast.nn.onnx_graph import Graph, Kind
from loopcast.nn.onnx_layers import recurrent_layers, state_sizes, step_decoder
from loopcast.nn.onnx_values import Value, join
from loopcast.nn.origin_shape import OriginParts, OriginShape
from loopcast.nn.step_decoder import PROBABILITIES, SIDE


class RawNetwork(NamedTuple):
    """What the graph is of, and how many numbers its state and its record have."""

    shape: OriginShape
    parts: OriginParts
    periods: Periods

    @property
    def sizes(self) -> tuple[int, int]:
        return sum(state_sizes(self.shape.cell, self.parts.layers)), sum(layout(self.periods).values())


class Kept(NamedTuple):
    """Of a series, from row to row: float32 `[batch, number]`, the network's; float64, the encoding's."""

    state: Value
    record: Value


class Taken(NamedTuple):
    """A row that was taken in: whether the series has begun, what the network is shown, and says, and what is kept."""

    begun: Value
    record: Record
    features: Value
    hidden: str
    kept: Kept


def raw_graph(network: RawNetwork, kind: Kind, horizon: int) -> Graph:
    """Ports: `y` float64, NaN where missing, `past_state` and `past_record` in; `quantiles` and both out.

    "step": `y` is `[batch]`, the next row. "history": it is `[batch, time]`, all rows, with NaN before the first one of
    series that are shorter; what is kept begins with zeros, and is no port.
    """
    graph, batch = Graph(), "batch"
    if kind == "step":
        y, before = Value(graph, graph.port("y", np.float64, batch)), _kept_ports(graph, network)
    else:
        rows = Value(graph, graph.port("y", np.float64, batch, "time"))
        y, before = rows.last(), _after_earlier_rows(graph, network, rows)
    taken = _take_row(network, y, before)
    quantiles = taken.begun.unsqueeze(2).where(_said(network, taken, horizon), 0.0)
    graph.give(quantiles.name, "quantiles", np.float64, batch, horizon, len(PROBABILITIES))
    _give_kept(graph, network, taken.kept)
    return graph


def _kept_ports(graph: Graph, network: RawNetwork) -> Kept:
    state, record = network.sizes
    return Kept(
        Value(graph, graph.port("past_state", np.float32, "batch", state)),
        Value(graph, graph.port("past_record", np.float64, "batch", record)),
    )


def _give_kept(graph: Graph, network: RawNetwork, kept: Kept) -> None:
    state, record = network.sizes
    graph.give(kept.state.name, "present_state", np.float32, "batch", state)
    graph.give(kept.record.name, "present_record", np.float64, "batch", record)


def _after_earlier_rows(graph: Graph, network: RawNetwork, rows: Value) -> Kept:
    """What is kept after all rows but the last, from zeros on."""
    body = Graph(graph, "row_")
    state, record = network.sizes
    past = [Value(body, body.port(f"row_{name}", dtype, "batch", size)) for name, dtype, size in
            (("state", np.float32, state), ("record", np.float64, record))]  # fmt: skip
    y = Value(body, body.port("row_y", np.float64, "batch"))
    kept = _take_row(network, y, Kept(*past)).kept
    body.give(kept.state.name, "row_state_after", np.float32, "batch", state)
    body.give(kept.record.name, "row_record_after", np.float64, "batch", record)
    zeros = [rows.beside(size, 0.0, dtype).name for size, dtype in ((state, np.float32), (record, np.float64))]
    # A missing value before the first one changes nothing. ONNX Runtime 1.32 crashes where there is no row at all.
    after = graph.scan(body, zeros, join([rows.beside(1, np.nan, np.float64), rows[:-1]]).name)
    return Kept(*(Value(graph, each) for each in after))


def _take_row(network: RawNetwork, y: Value, before: Kept) -> Taken:
    """Encode a row, and show it to the recurrent layers."""
    graph, shape = y.graph, network.shape
    row = y.unsqueeze(1)
    record = Record.of(before.record, network.periods)
    known = ~row.apply("IsNaN")
    value = known.where(row, 0.0)
    begun = (record.row > 0.0) | (value.size() > 0.0)  # a series begins at its first value that is not 0
    _take(record, row, value, known)
    features = _shown(record).single()
    rows = features.unsqueeze(0).name
    after, hidden = recurrent_layers(graph, "", shape.cell, network.parts.layers, rows, (before.state.name, ""))
    state = begun.where(Value(graph, after), Value(graph, graph.number(0.0, np.float32)))
    return Taken(begun, record, features, hidden, Kept(state, begun.where(record.packed(), 0.0)))


def _take(record: Record, y: Value, value: Value, known: Value) -> None:
    """Take in a row: what both ways of writing share, then each of them; see `Encoder.update`."""
    m, memory = record.periods.season, record.periods.memory
    record.keep("rows", record.row + 1.0)
    n = record.keep("observed", record.old("observed") + known.number())
    size = record.mean("size", value.size(), known, 1 / max(4 * m, 24))
    record.mean("zeros", value.equals(0.0).number(), known, memory)
    record.keep("age", known.where(0.0, record.old("age") + 1.0))
    record.keep("linear", (value < 0.0).number().most(record.old("linear")))
    record.keep("highest", record.old("highest").most(value))
    record.push("seen", known.number())
    record.push("values", y)
    unit = record.after["unit"] = (size > 0.0).where(size, 1.0)
    curved = curve(value, unit)
    first = [record.keep(name, record.first.where(one, record.old(name))) for name, one in
             (("first_curve", curved), ("first_straight", value))]  # fmt: skip
    update_track(record.track("curve"), Row(curved - first[0], known, unit * 0.0 + 1.0, n))
    update_track(record.track("straight"), Row(value - first[1], known, unit, n))


def _shown(record: Record) -> Value:
    """By the way in which the series is written now."""
    straight, on_curve = (
        inputs_of(record.track("straight"), linear=True),
        inputs_of(record.track("curve"), linear=False),
    )
    return (record.after["linear"] > 0.0).where(straight, on_curve)


def _said(network: RawNetwork, taken: Taken, horizon: int) -> Value:
    """The quantiles of the steps after a row, as values."""
    graph, shape, record = taken.features.graph, network.shape, taken.record
    ahead = look_ahead(record, horizon)
    known = graph.join([taken.hidden, taken.features.name])
    candidates, codes = ahead.candidates.single().name, ahead.codes.single().name
    said = Value(graph, step_decoder(graph, shape.decoder, network.parts.decoder, known, candidates, codes)).apply(
        "Cast", to=np.float64
    )
    return _read(record, ahead.base.unsqueeze(2) + ahead.scale.unsqueeze(2) * said, horizon)


def _read(record: Record, written: Value, horizon: int) -> Value:
    """Values of what is written `[batch, step, quantile]`, no higher than may be; see `Questions.read`."""
    first_curve, first_straight, unit, linear, highest = (
        record.after[name].unsqueeze(2) for name in ("first_curve", "first_straight", "unit", "linear", "highest")
    )
    scale = NEAR_ZERO * unit
    on_curve = (scale * (written + first_curve - scale.log()).sinh()).most(0.0).least(MOST_TIMES * highest)
    values = (linear > 0.0).where(written + first_straight, on_curve)
    same, again = _repeated(record, rows_back(repeating(record.periods)[0], horizon))
    return same.unsqueeze(2).where(values + again.unsqueeze(2) - values[SIDE], values)


def _repeated(record: Record, back: Sequence[int]) -> tuple[Value, Value]:
    """Whether the series repeated itself exactly, `[batch, 1]`, and what comes if it goes on, `[batch, step]`."""
    season, rows = repeating(record.periods)
    values = record.after["values"]
    equal = values[:rows].equals(values[season : season + rows]).number().total()
    return equal.equals(float(rows)) & (record.row >= rows + season - 1.0), values[back]
