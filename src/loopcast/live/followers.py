"""Which models can be followed live, and what the kernels follow each by."""

import ctypes
import weakref
from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Any

import numpy as np

from loopcast.columns import Bands
from loopcast.errors import OptionError
from loopcast.features.causal.native_read import Reading
from loopcast.features.known import width_of_rows, width_of_steps
from loopcast.kernels import layout, why_not_built
from loopcast.live import native
from loopcast.live.tracking_plan import bounds_structure
from loopcast.models.baselines import DriftModel, NaiveModel, SeasonalNaiveModel, WindowAverageModel
from loopcast.models.linear import LinearModel
from loopcast.models.mean import MeanModel
from loopcast.models.model import OWN_SPREAD, Model
from loopcast.models.network.model import NetworkModel
from loopcast.models.network.reading import places_of
from loopcast.models.theta import ThetaModel, fitted_parameters
from loopcast.nn.ctypes_step import pad_units, stack_of
from loopcast.nn.direct_decoder import DirectDecoder
from loopcast.nn.shapes import SHAPES
from loopcast.nn.step_decoder import PROBABILITIES

CAN = (
    "Pretrained, Recurrent, Naive, SeasonalNaive, Drift, WindowAverage, Linear and Theta can, a Mean of these, and "
    "Auto that chose one"
)
NAIVE, SEASONAL_NAIVE, DRIFT, WINDOW_AVERAGE, LINEAR, THETA = range(6)  # SimpleKind of the kernels

Fit = Callable[[np.ndarray, np.ndarray], None]


class Follower:
    """What follows series of one model: `native/include/loopcast/live/follower.hpp` says what it can do.

    width: numbers that it reads of a step; columns: which of these are the ends of its own spread and of each level.
    fit: writes what is fitted to a series into a record, uint8, from its values `[row]`; None where nothing is.
    """

    def __init__(self, make: str, plan: ctypes.Structure, keep: Any, columns: Sequence[int], fit: Fit | None) -> None:
        loaded = native.quick_library()
        made, sizes = ctypes.c_void_p(), (ctypes.c_size_t * 3)()
        native.check(getattr(loaded, f"loopcast_follower_{make}")(ctypes.byref(plan), ctypes.byref(made)), "follow it")
        if made.value is None:
            raise RuntimeError("the kernels made no follower, and no error")
        loaded.loopcast_follower_sizes(made, sizes)
        self.at, self.columns, self.fit = made.value, tuple(columns), fit
        self.record_bytes, self.fitted_at, self.width = sizes
        self._keep = plan, keep  # ctypes keeps no array alive
        weakref.finalize(self, loaded.loopcast_follower_end, self.at)


def followers_of(model: Model, levels: Sequence[float]) -> tuple[Follower, ...]:
    """Of each target of a model, with intervals of these levels.

    OptionError where it cannot be followed, which says what can.
    """
    why = why_not_built()
    if why is not None:
        raise OptionError(f"series are followed by the kernels, and {why}")
    targets = range(len(model.schema.columns.targets))
    if isinstance(model, NetworkModel):  # the same weights read every target
        return (_follower(model, levels, 0),) * len(targets)
    return tuple(_follower(model, levels, target) for target in targets)


@singledispatch
def _follower(model: Model, levels: Sequence[float], target: int) -> Follower:
    raise OptionError(f"{model.name} cannot be followed live: {CAN}")


@_follower.register
def _(model: NetworkModel, levels: Sequence[float], target: int) -> Follower:
    ends = Bands.of(tuple(levels)).probabilities
    spread = (OWN_SPREAD[0], OWN_SPREAD[2]) if levels else (0.5, 0.5)
    probabilities = tuple(dict.fromkeys((0.5, *spread, *ends)))
    return network_follower(model, probabilities, [probabilities.index(each) for each in (*spread, *ends)])


def network_follower(model: NetworkModel, probabilities: Sequence[float], columns: Sequence[int]) -> Follower:
    """One that reads quantiles of these probabilities, the median first."""
    parts, shape = model.network.parts(model.weights), SHAPES[model.network.cell]
    layers = [pad_units(shape, layer, first=place == 0) for place, layer in enumerate(parts.layers)]
    states = [[np.zeros(layer.units, np.float32)] * shape.states for layer in layers]
    decoder = DirectDecoder(model.network.decoder, parts.decoder)
    stack = stack_of(model.network.cell, layers, states, states, None, last_only=False)
    readings = [places_of(np.array(each)) for each in (probabilities, (0.5, *PROBABILITIES))]
    structures = [Reading(len(share), left.ctypes.data, share.ctypes.data) for left, share in readings]
    known, covariate = known_widths(model)
    plan = native.NetworkPlan(
        model.periods.season, model.periods.second, stack, decoder.structure, *structures, *known, covariate.ctypes.data
    )
    return Follower("network", plan, (layers, states, decoder, readings, covariate), columns, None)


def known_widths(model: NetworkModel) -> tuple[tuple[int, int, int], np.ndarray]:
    """How many numbers are known of a row, of a step to come, of its covariates; and which of its numbers these are."""
    encoding, season = model.encoding, model.periods.season
    covariate = np.array([] if encoding is None else encoding.future_values, np.int64)
    ahead = width_of_steps(encoding, season) - len(covariate)
    return (width_of_rows(encoding), ahead, len(covariate)), covariate


def known_model(model: Model) -> NetworkModel | None:
    """By whose encoding what is known besides values is shown; None where nothing is.

    OptionError where members of a mean are shown different things, of which a series has one table.
    """
    found = _networks_with_more(model)
    others = [each for each in found[1:] if not _sees_the_same(each, found[0])]
    if others:
        raise OptionError(
            f"{model.name} has members that are shown other covariates or targets than the others ({others[0].name} is "
            "one), and are not followed together: fit one of them alone, such as Pretrained"
        )
    return found[0] if found else None


def _networks_with_more(model: Model) -> list[NetworkModel]:
    """The networks, members too, that are shown more than values."""
    if isinstance(model, MeanModel):
        return [found for each in model.models for found in _networks_with_more(each)]
    return [model] if isinstance(model, NetworkModel) and model.encoding is not None else []


def _sees_the_same(one: NetworkModel, other: NetworkModel) -> bool:
    if one.encoding is None or other.encoding is None:
        return False
    same = (one.channels, one.periods.season) == (other.channels, other.periods.season)
    return same and one.encoding.shows_as(other.encoding)


@_follower.register
def _(model: NaiveModel, levels: Sequence[float], target: int) -> Follower:
    return _simple(model, levels, (target, NAIVE))


@_follower.register
def _(model: DriftModel, levels: Sequence[float], target: int) -> Follower:
    return _simple(model, levels, (target, DRIFT))


@_follower.register
def _(model: SeasonalNaiveModel, levels: Sequence[float], target: int) -> Follower:
    return _simple(model, levels, (target, SEASONAL_NAIVE), length=model.lag)


@_follower.register
def _(model: WindowAverageModel, levels: Sequence[float], target: int) -> Follower:
    return _simple(model, levels, (target, WINDOW_AVERAGE), length=model.window)


@_follower.register
def _(model: LinearModel, levels: Sequence[float], target: int) -> Follower:
    if model.encoding is not None:
        raise OptionError(
            f"{model.name} learned from covariates or the calendar, and only networks are followed with "
            "these: fit it on the panel without them (Panel.drop_covariates, and no calendar)"
        )
    return _simple(model, levels, (target, LINEAR), length=model.context)


@_follower.register
def _(model: ThetaModel, levels: Sequence[float], target: int) -> Follower:
    def fit(record: np.ndarray, values: np.ndarray) -> None:
        numbers = record[follower.fitted_at :].view(np.float64)
        fitted, season = fitted_parameters(values, model.season)
        numbers[: len(fitted)] = fitted
        numbers[theta_doubles : theta_doubles + model.season] = season

    follower = _simple(model, levels, (target, THETA), fit=fit)
    (theta_doubles,) = layout()["theta_doubles"]
    return follower


def _simple(
    model: Model, levels: Sequence[float], what: tuple[int, int], *, length: int = 1, fit: Fit | None = None
) -> Follower:
    """what: the target, and the kind."""
    target, kind = what
    weights = np.ascontiguousarray(model.matrix[target]) if isinstance(model, LinearModel) else np.zeros((1, 1))
    relative = isinstance(model, LinearModel) and model.relative
    sizes = model.season, length, model.min_history, weights.shape[1]
    bounds = bounds_structure(model.bounds)
    plan = native.SimplePlan(kind, *sizes, weights.ctypes.data, relative, _usual(model, target), bounds)
    return Follower("simple", plan, weights, _scaled(levels), fit)


@_follower.register
def _(model: MeanModel, levels: Sequence[float], target: int) -> Follower:
    cannot = [each.name for each in model.models if _follower.dispatch(type(each)) is _follower.dispatch(object)]
    if cannot:
        others = " or ".join(each.name for each in model.models if each.name not in cannot) or "Pretrained"
        raise OptionError(
            f"{model.name}: {', '.join(cannot)} cannot be followed live: {CAN}; fit {others} alone, or a Mean of these"
        )
    own = model.own_horizon > 0
    members = [_follower(each, levels if own else (), target) for each in model.models]
    pointers = (ctypes.c_void_p * len(members))(*(each.at for each in members))
    weights = np.array(model.weights)
    bounds = (native.BoundsStructure * len(members))(*(bounds_structure(each.bounds) for each in model.models))
    at = [ctypes.addressof(pointers), weights.ctypes.data, ctypes.addressof(bounds)]
    plan = native.MeanPlan(
        len(members), model.season, model.min_history, *at, _usual(model, target), bounds_structure(model.bounds), own
    )

    def fit(record: np.ndarray, values: np.ndarray) -> None:
        begin = follower.record_bytes - sum(each.record_bytes for each in members)
        for each in members:
            if each.fit is not None:
                each.fit(record[begin : begin + each.record_bytes], values)
            begin += each.record_bytes

    fits = fit if any(each.fit is not None for each in members) else None
    columns = members[0].columns if own else _scaled(levels)
    follower = Follower("mean", plan, (members, pointers, weights, bounds), columns, fits)
    return follower


def _usual(model: Model, target: int) -> Any:
    """How much a target usually changes: the scale of intervals of models without a distribution of their own."""
    usual = (0.0, 0.0) if model.calibration is None else model.calibration.usual[:, target].tolist()
    return (ctypes.c_double * 2)(*usual)


def _scaled(levels: Sequence[float]) -> list[int]:
    """A forecast, then the scale to either side; the calibration says all of the ends, and nothing that is read."""
    return [1, 2, *[0] * (2 * len(levels))]
