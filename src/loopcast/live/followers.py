"""Which models can be followed live, and what the kernels follow each by."""

import ctypes
import weakref
from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np

from loopcast.columns import Bands
from loopcast.errors import OptionError
from loopcast.features.causal.native_read import Reading
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.kernels import layout, why_not_built
from loopcast.live import native
from loopcast.live.shown import shown_plan
from loopcast.live.tracking_plan import bounds_structure
from loopcast.models.baselines import DriftModel, NaiveModel, SeasonalNaiveModel, WindowAverageModel
from loopcast.models.linear import LinearModel
from loopcast.models.mean import MeanModel
from loopcast.models.model import OWN_SPREAD, Model
from loopcast.models.network.model import NetworkModel
from loopcast.models.network.reading import places_of
from loopcast.models.theta import ThetaModel, fitted_parameters
from loopcast.models.trees.forecaster import TreesModel
from loopcast.models.trees.native_trees import structure
from loopcast.nn.ctypes_step import pad_units, stack_of
from loopcast.nn.direct_decoder import DirectDecoder
from loopcast.nn.shapes import SHAPES
from loopcast.nn.step_decoder import PROBABILITIES

CAN = (
    "Pretrained, Recurrent, Trees, Naive, SeasonalNaive, Drift, WindowAverage, Linear and Theta can, a Mean of these, "
    "and Auto that chose one"
)
NAIVE, SEASONAL_NAIVE, DRIFT, WINDOW_AVERAGE, LINEAR, THETA = range(6)  # SimpleKind of the kernels

Fit = Callable[[np.ndarray, np.ndarray], None]


class Wanted(NamedTuple):
    """Of a model: intervals of these levels, which target, and by which encodings there are tables of covariates."""

    levels: Sequence[float]
    target: int
    encodings: Sequence[ExogenousEncoder]


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


def followers_of(model: Model, levels: Sequence[float], encodings: Sequence[ExogenousEncoder]) -> tuple[Follower, ...]:
    """Of each target of a model, with intervals of these levels; encodings: see `Wanted`.

    OptionError where it cannot be followed, which says what can.
    """
    why = why_not_built()
    if why is not None:
        raise OptionError(f"series are followed by the kernels, and {why}")
    targets = range(len(model.schema.columns.targets))
    if isinstance(model, NetworkModel):  # the same weights read every target
        return (_follower(model, Wanted(levels, 0, encodings)),) * len(targets)
    return tuple(_follower(model, Wanted(levels, target, encodings)) for target in targets)


@singledispatch
def _follower(model: Model, wanted: Wanted) -> Follower:
    raise OptionError(f"{model.name} cannot be followed live: {CAN}")


@_follower.register
def _(model: NetworkModel, wanted: Wanted) -> Follower:
    ends = Bands.of(tuple(wanted.levels)).probabilities
    spread = (OWN_SPREAD[0], OWN_SPREAD[2]) if wanted.levels else (0.5, 0.5)
    probabilities = tuple(dict.fromkeys((0.5, *spread, *ends)))
    columns = [probabilities.index(each) for each in (*spread, *ends)]
    return network_follower(model, probabilities, columns, wanted.encodings)


def network_follower(
    model: NetworkModel,
    probabilities: Sequence[float],
    columns: Sequence[int],
    encodings: Sequence[ExogenousEncoder],
) -> Follower:
    """One that reads quantiles of these probabilities, the median first."""
    parts, shape = model.network.parts(model.weights), SHAPES[model.network.cell]
    layers = [pad_units(shape, layer, first=place == 0) for place, layer in enumerate(parts.layers)]
    states = [[np.zeros(layer.units, np.float32)] * shape.states for layer in layers]
    decoder = DirectDecoder(model.network.decoder, parts.decoder)
    stack = stack_of(model.network.cell, layers, states, states, None, last_only=False)
    readings = [places_of(np.array(each)) for each in (probabilities, (0.5, *PROBABILITIES))]
    structures = [Reading(len(share), left.ctypes.data, share.ctypes.data) for left, share in readings]
    shown, covariate = shown_plan(model, encodings)
    plan = native.NetworkPlan(shown, stack, decoder.structure, *structures)
    return Follower("network", plan, (layers, states, decoder, readings, covariate), columns, None)


@_follower.register
def _(model: TreesModel, wanted: Wanted) -> Follower:
    (shown, covariate), (trees, arrays) = shown_plan(model, wanted.encodings), structure(model.ensemble)
    usual, bounds = _usual(model, wanted.target), bounds_structure(model.bounds)
    plan = native.TreesPlan(shown, trees, model.min_history, usual, bounds)
    return Follower("trees", plan, (covariate, arrays), _scaled(wanted.levels), None)


@_follower.register
def _(model: NaiveModel, wanted: Wanted) -> Follower:
    return _simple(model, wanted, NAIVE)


@_follower.register
def _(model: DriftModel, wanted: Wanted) -> Follower:
    return _simple(model, wanted, DRIFT)


@_follower.register
def _(model: SeasonalNaiveModel, wanted: Wanted) -> Follower:
    return _simple(model, wanted, SEASONAL_NAIVE, length=model.lag)


@_follower.register
def _(model: WindowAverageModel, wanted: Wanted) -> Follower:
    return _simple(model, wanted, WINDOW_AVERAGE, length=model.window)


@_follower.register
def _(model: LinearModel, wanted: Wanted) -> Follower:
    if model.encoding is not None:
        raise OptionError(
            f"{model.name} learned from covariates or the calendar, and only networks and trees are followed "
            "with these: fit it on the panel without them (Panel.drop_covariates, and no calendar)"
        )
    return _simple(model, wanted, LINEAR, length=model.context)


@_follower.register
def _(model: ThetaModel, wanted: Wanted) -> Follower:
    def fit(record: np.ndarray, values: np.ndarray) -> None:
        numbers = record[follower.fitted_at :].view(np.float64)
        fitted, season = fitted_parameters(values, model.season)
        numbers[: len(fitted)] = fitted
        numbers[theta_doubles : theta_doubles + model.season] = season

    follower = _simple(model, wanted, THETA, fit=fit)
    (theta_doubles,) = layout()["theta_doubles"]
    return follower


def _simple(model: Model, wanted: Wanted, kind: int, *, length: int = 1, fit: Fit | None = None) -> Follower:
    target = wanted.target
    weights = np.ascontiguousarray(model.matrix[target]) if isinstance(model, LinearModel) else np.zeros((1, 1))
    relative = isinstance(model, LinearModel) and model.relative
    sizes = model.season, length, model.min_history, weights.shape[1]
    bounds = bounds_structure(model.bounds)
    plan = native.SimplePlan(kind, *sizes, weights.ctypes.data, relative, _usual(model, target), bounds)
    return Follower("simple", plan, weights, _scaled(wanted.levels), fit)


@_follower.register
def _(model: MeanModel, wanted: Wanted) -> Follower:
    cannot = [each.name for each in model.models if _follower.dispatch(type(each)) is _follower.dispatch(object)]
    if cannot:
        others = " or ".join(each.name for each in model.models if each.name not in cannot) or "Pretrained"
        raise OptionError(
            f"{model.name}: {', '.join(cannot)} cannot be followed live: {CAN}; fit {others} alone, or a Mean of these"
        )
    own = model.own_horizon > 0
    levels = wanted.levels if own else ()
    members = [_follower(each, wanted._replace(levels=levels)) for each in model.models]
    pointers = (ctypes.c_void_p * len(members))(*(each.at for each in members))
    weights = np.array(model.weights)
    bounds = (native.BoundsStructure * len(members))(*(bounds_structure(each.bounds) for each in model.models))
    at = [ctypes.addressof(pointers), weights.ctypes.data, ctypes.addressof(bounds)]
    usual, whole = _usual(model, wanted.target), bounds_structure(model.bounds)
    plan = native.MeanPlan(len(members), model.season, model.min_history, *at, usual, whole, own)

    def fit(record: np.ndarray, values: np.ndarray) -> None:
        begin = follower.record_bytes - sum(each.record_bytes for each in members)
        for each in members:
            if each.fit is not None:
                each.fit(record[begin : begin + each.record_bytes], values)
            begin += each.record_bytes

    fits = fit if any(each.fit is not None for each in members) else None
    columns = members[0].columns if own else _scaled(wanted.levels)
    follower = Follower("mean", plan, (members, pointers, weights, bounds), columns, fits)
    return follower


def _usual(model: Model, target: int) -> Any:
    """How much a target usually changes: the scale of intervals of models without a distribution of their own."""
    usual = (0.0, 0.0) if model.calibration is None else model.calibration.usual[:, target].tolist()
    return (ctypes.c_double * 2)(*usual)


def _scaled(levels: Sequence[float]) -> list[int]:
    """A forecast, then the scale to either side; the calibration says all of the ends, and nothing that is read."""
    return [1, 2, *[0] * (2 * len(levels))]
