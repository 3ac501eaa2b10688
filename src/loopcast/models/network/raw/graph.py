"""A network with its encoding as one graph: a value in, quantiles of the steps after it out, in the data's units."""

from collections.abc import Sequence

import numpy as np

from loopcast.features.causal.encoder import NEAR_ZERO
from loopcast.features.causal.track import Periods
from loopcast.models.network.histories import MOST_TIMES
from loopcast.models.network.raw.ahead import curve, look_ahead, rows_back
from loopcast.models.network.raw.inputs import inputs_of
from loopcast.models.network.raw.record import Record, layout, repeating
from loopcast.models.network.raw.track import Row, update_track
from loopcast.nn.onnx_graph import Graph
from loopcast.nn.onnx_layers import recurrent_layers, state_sizes, step_decoder
from loopcast.nn.onnx_values import Value
from loopcast.nn.origin_shape import OriginParts, OriginShape
from loopcast.nn.step_decoder import PROBABILITIES, SIDE


def raw_graph(shape: OriginShape, parts: OriginParts, periods: Periods, horizon: int) -> Graph:
    """Ports: `y` float64 `[batch]`, NaN where missing, `past_state` and `past_record` in; `quantiles` and both out."""
    graph, batch, numbers = Graph(), "batch", sum(layout(periods).values())
    y = Value(graph, graph.port("y", np.float64, batch)).unsqueeze(1)
    state = Value(graph, graph.port("past_state", np.float32, batch, sum(state_sizes(shape.cell, parts.layers))))
    past = Value(graph, graph.port("past_record", np.float64, batch, numbers))
    record = Record.of(past, periods)
    known = ~y.apply("IsNaN")
    value = known.where(y, 0.0)
    begun = (record.row > 0.0) | (value.size() > 0.0)  # a series begins at its first value that is not 0
    _take(record, y, value, known)
    features = _shown(record).single()
    after, said = _network(graph, (shape, parts), state, features, record, horizon)
    quantiles = begun.unsqueeze(2).where(said, 0.0)
    graph.give(quantiles.name, "quantiles", np.float64, batch, horizon, len(PROBABILITIES))
    kept = begun.where(Value(graph, after), Value(graph, graph.number(0.0, np.float32)))
    graph.give(kept.name, "present_state", np.float32, batch, sum(state_sizes(shape.cell, parts.layers)))
    graph.give(begun.where(record.packed(), 0.0).name, "present_record", np.float64, batch, numbers)
    return graph


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


def _network(
    graph: Graph, network: tuple[OriginShape, OriginParts], state: Value, features: Value, record: Record, horizon: int
) -> tuple[str, Value]:
    """The state after the row, and the quantiles as values."""
    shape, parts = network
    ahead = look_ahead(record, horizon)
    rows = features.unsqueeze(0).name
    after, hidden = recurrent_layers(graph, "", shape.cell, parts.layers, rows, (state.name, ""))
    known = graph.join([hidden, features.name])
    candidates, codes = ahead.candidates.single().name, ahead.codes.single().name
    said = Value(graph, step_decoder(graph, shape.decoder, parts.decoder, known, candidates, codes)).apply(
        "Cast", to=np.float64
    )
    return after, _read(record, ahead.base.unsqueeze(2) + ahead.scale.unsqueeze(2) * said, horizon)


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
