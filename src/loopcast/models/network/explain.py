"""What the forecasts of a network are made of: level and season of the encoding, and what each group of inputs adds."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from loopcast.data.explanation import LEVEL, OTHERS, RECENT, REST, SEASON, TREND
from loopcast.data.panel import Panel
from loopcast.features.causal.ahead import CODES
from loopcast.features.causal.encode import Encoding
from loopcast.features.causal.encoder import Written
from loopcast.features.causal.groups import of_season
from loopcast.features.causal.inputs import INPUTS
from loopcast.features.causal.track import Periods
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.exogenous_parts import known_parts, usual_known
from loopcast.features.known import Known, further
from loopcast.models.network.histories import Questions, ask
from loopcast.models.network.path import contributions, way
from loopcast.models.network.reading import read_values
from loopcast.models.network.targets import Channels, apart

MOVED = 1000  # rows before the end in which inputs are moved; what was before them stays as it was
ROWS = 2**17  # or steps, of all points of the way that are read at once: memory does not grow with their number
NAMES = {"season": SEASON, "trend": TREND, "recent": RECENT}


class Reader(Protocol):
    """What reads encoded series, as `NetworkModel` does."""

    @property
    def periods(self) -> Periods: ...
    @property
    def encoding(self) -> ExogenousEncoder | None: ...
    @property
    def channels(self) -> Channels: ...
    def scan(self, state: Any, inputs: np.ndarray) -> tuple[Any, np.ndarray]: ...
    def answers_of(self, questions: Questions, outputs: np.ndarray) -> np.ndarray: ...


class Group(NamedTuple):
    """Numbers that move together: of a row, of the candidates of a step, and of its codes."""

    inputs: list[int]
    candidates: list[int]
    codes: list[int]


class Usual(NamedTuple):
    """What numbers are before they move, float32 `[number]` each."""

    inputs: np.ndarray
    candidates: np.ndarray
    codes: np.ndarray


def explain_network(network: Reader, panel: Panel, horizon: int) -> dict[str, np.ndarray]:
    """By feature, `[series, step, channel]`, in the unit of the values; they sum to the forecast within no bounds."""
    alone, season = apart(panel, network.channels), network.periods.season
    known = None if network.encoding is None else Known.of(network.encoding, alone, horizon, season)
    others = panel.n_channels - 1 if network.channels == "joint" else 0
    groups = groups_of(network.encoding, season, others)
    names = [LEVEL, *groups, REST]
    found = np.zeros((len(names), alone.n_series, horizon))
    for questions in _each(alone, known, network.periods, max(horizon, season)):
        parts = _parts(network, questions, groups, horizon)
        found[:, int(questions.series[0])] = [parts[name] for name in names]
    by_target = found.reshape(len(names), panel.n_series, panel.n_channels, horizon)
    return dict(zip(names, np.moveaxis(by_target, 2, 3), strict=True))


def groups_of(encoding: ExogenousEncoder | None, season: int, others: int) -> dict[str, Group]:
    """What moves together, by feature. others: how many of the last past covariates are other targets."""
    groups = {NAMES[name]: Group(*shown, []) for name, shown in of_season(season).items()}
    if encoding is None:
        return groups
    past = len(encoding.columns.past)
    for place, part in enumerate(known_parts(encoding, further(season))):
        name = OTHERS if past - others <= place < past else part.name
        before = groups.get(name, Group([], [], []))
        inputs, codes = [INPUTS + at for at in part.places], [CODES + at for at in part.ahead]
        groups[name] = Group(before.inputs + inputs, [], before.codes + codes)
    return groups


def _each(panel: Panel, known: Known | None, periods: Periods, steps: int) -> Iterator[Questions]:
    """What is asked at the end of each series, one at a time, up to its last row."""
    for some in ask(panel, known, periods, (0,), steps):
        for place, [row] in enumerate(some.rows):
            yield _of_rows(some, np.array([place]), int(row) + 1)


def _of_rows(some: Questions, places: np.ndarray, rows: int) -> Questions:
    """Questions at one cutoff of some of the series, each as often as it is named, and their first rows."""
    told = some.told
    parts = {name: getattr(told, name)[places] for name in Encoding._fields if name != "written"}
    parts["inputs"] = parts["inputs"][:, :rows]
    return Questions(
        series=some.series[places],
        rows=some.rows[places],
        told=Encoding(written=Written(*(part[places] for part in told.written)), **parts),
        highest=some.highest[places],
        repeated=some.repeated[places],
    )


def _parts(network: Reader, asked: Questions, groups: dict[str, Group], horizon: int) -> dict[str, np.ndarray]:
    """By feature, `[step]`, of one series."""
    level = asked.told.base[:, : network.periods.season].mean(axis=1, keepdims=True)  # a season adds up to nothing
    told = asked.told
    base, candidates, codes = (each[:, :horizon] for each in (told.base, told.candidates, told.codes))
    told = told._replace(base=base, candidates=candidates, codes=codes)
    asked = replace(asked, told=told, repeated=asked.repeated[..., :horizon])
    at_level, base = (told.written.read(each)[0] for each in (level, told.base))
    said = _along(network, asked, list(groups.values()))
    parts = dict(zip(groups, contributions(said, len(groups)), strict=True))
    parts[LEVEL], parts[REST] = np.broadcast_to(at_level, base.shape), said[0] - base
    if SEASON in parts:
        again = ~np.isnan(asked.repeated[0, 0])  # a series that repeats itself is forecast by that, not by the network
        parts[SEASON] = parts[SEASON] + base - at_level + np.where(again, parts[REST], 0.0)
        parts[REST] = np.where(again, 0.0, parts[REST])
    return parts


def _along(network: Reader, asked: Questions, groups: list[Group]) -> np.ndarray:
    """The forecasts of one series at each point of the way, `[point, step]`."""
    points, inputs, usual = way(len(groups)), asked.told.inputs, _usual(network.encoding, asked.told)
    first = max(inputs.shape[1] - MOVED, 0)
    state = network.scan(None, inputs[:, :first])[0] if first else None
    asked = replace(asked, told=asked.told._replace(inputs=inputs[:, first:]))
    count = max(ROWS // max(inputs.shape[1] - first, asked.told.base.shape[1]), 1)
    parts = [points[begin : begin + count] for begin in range(0, len(points), count)]
    return np.concatenate([_say(network, _moved_to(asked, usual, groups, part), state) for part in parts])


def _say(network: Reader, many: Questions, state: Any) -> np.ndarray:
    """The forecasts, `[question, step]`, from a state of one series that all of them go on from."""
    count = len(many.series)
    before = state and tuple(tuple(np.repeat(each, count, axis=0) for each in layer) for layer in state)
    outputs = network.scan(before, many.told.inputs)[1]
    return read_values(many, network.answers_of(many, outputs), np.array([0.5]))[:, 0, :, 0]


def _moved_to(asked: Questions, usual: Usual, groups: list[Group], points: np.ndarray) -> Questions:
    """A question for each point: what each group is, as far from what is usual as the point says."""
    many = _of_rows(asked, np.zeros(len(points), int), asked.told.inputs.shape[1])
    inputs, candidates, codes = (
        _moved(getattr(many.told, name), getattr(usual, name), points, [getattr(group, name) for group in groups])
        for name in Group._fields
    )
    told = many.told._replace(inputs=inputs, candidates=candidates, codes=codes)
    return replace(many, told=told, rows=np.full_like(many.rows, inputs.shape[1] - 1))


def _usual(encoding: ExogenousEncoder | None, told: Encoding) -> Usual:
    """What each number of one series is before it moves: no change of it, candidates at the base, what is known as
    usual.
    """
    usual = Usual(*(np.zeros(getattr(told, name).shape[-1], np.float32) for name in Usual._fields))
    if encoding is not None:
        more = usual.codes.size - CODES - encoding.ahead_width
        clock = told.inputs[0, :, INPUTS + encoding.width - encoding.calendar.size :].mean(axis=0)
        row, ahead = usual_known(encoding, more // max(len(encoding.columns.future), 1), clock)
        usual.inputs[INPUTS:], usual.codes[CODES:] = row, ahead
    return usual


def _moved(numbers: np.ndarray, usual: np.ndarray, points: np.ndarray, places: list[list[int]]) -> np.ndarray:
    """`[point, ..., number]` between what is usual and what is, as far as each point says; others as they are."""
    share = np.ones((len(points), numbers.shape[-1]), np.float32)
    for group, own in enumerate(places):
        share[:, own] = points[:, [group]]
    share = share.reshape(len(points), *(1,) * (numbers.ndim - 2), -1)
    return np.where(share == 1, numbers, usual + share * (numbers - usual))
