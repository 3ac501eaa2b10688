"""Series that are followed one row at a time, by the kernels: to take a row in and read what comes is microseconds.

What is read has the bits of `Model.predict` of the rows so far: encoder, network and decoder are the same code. A
record is one block of memory, and its copy is a fork of the series.
"""

import ctypes
import weakref
from collections.abc import Sequence

import numpy as np

from loopcast.errors import LoopcastError, OptionError, ValuesError
from loopcast.features.causal.native_read import Reading
from loopcast.intervals.tracking import Tracking
from loopcast.kernels import check_layout, layout, library, why_not_built
from loopcast.live.tracking_plan import STRUCTURES as TRACKING_STRUCTURES
from loopcast.live.tracking_plan import NativeTracking, Tracked, TrackingPlan, untracked
from loopcast.models.network.model import NetworkModel
from loopcast.nn import ctypes_step, direct_decoder
from loopcast.nn.ctypes_step import Stack, pad_units, stack_of
from loopcast.nn.direct_decoder import Decoder, DirectDecoder
from loopcast.nn.shapes import SHAPES
from loopcast.validation import check_positive

LARGEST = 1e38  # in size, of a value
LINE = 64  # bytes of a cache line: where a record begins, and what its size is a multiple of


class _LivePlan(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_size_t) for name in ("season", "second", "most_steps")),
        ("stack", Stack),
        ("decoder", Decoder),
        ("reading", Reading),
        ("places", Reading),
        ("tracking", TrackingPlan),
    )


STRUCTURES: dict[str, type[ctypes.Structure]] = {"LivePlan": _LivePlan} | TRACKING_STRUCTURES


class Engine:
    """What all series of a model share; `start` gives one.

    most_steps: ahead, at most; tracking: of live intervals; without it, probabilities: of the quantiles that `read`
    gives beside the median.

    Raises OptionError where the kernels are not built: nothing else follows series yet.
    """

    def __init__(
        self,
        model: NetworkModel,
        most_steps: int,
        probabilities: Sequence[float] = (),
        tracking: Tracking | None = None,
    ) -> None:
        why = why_not_built()
        if why is not None:
            raise OptionError(f"series are followed by the kernels, and {why}")
        self.most_steps = check_positive("most_steps", most_steps)
        native = NativeTracking(tracking or untracked(most_steps), model.bounds, tuple(probabilities))
        self.columns, self.levels = len(native.probabilities), native.tracking.levels
        self.verdict = (ctypes.c_double * (3 + 2 * len(self.levels)))()
        self._verdict_at = ctypes.addressof(self.verdict)
        sizes = (ctypes.c_size_t(), ctypes.c_size_t(), ctypes.c_size_t())
        self._make_plan(model, native, sizes)
        self.record_bytes, self._tracked_at, workspace_bytes = (size.value for size in sizes)
        self._workspace = aligned(workspace_bytes)
        self._workspace_at = self._workspace.ctypes.data
        self._told = np.zeros((1 + 2 * len(self.levels), most_steps))
        self._told_at = self._told.ctypes.data

    def _make_plan(self, model: NetworkModel, native: NativeTracking, sizes: tuple[ctypes.c_size_t, ...]) -> None:
        """Have the kernels make the plan, and say bytes of a record, where tracking begins, bytes of the workspace."""
        check_layout(ctypes_step.STRUCTURES | direct_decoder.STRUCTURES | STRUCTURES, layout())
        cell = model.network.cell
        parts, shape = model.network.parts(model.weights), SHAPES[cell]
        layers = [pad_units(shape, layer, first=place == 0) for place, layer in enumerate(parts.layers)]
        states = [[np.zeros(layer.units, np.float32)] * shape.states for layer in layers]
        decoder = DirectDecoder(model.network.decoder, parts.decoder)
        stack = stack_of(cell, layers, states, states, None, last_only=False)
        periods = (model.periods.season, model.periods.second)
        readings = (native.reading, native.places)
        plan = _LivePlan(*periods, self.most_steps, stack, decoder.structure, *readings, native.structure)
        self._pointed_to = plan, layers, states, decoder, native  # ctypes keeps no array alive
        # Python's lock is kept: a call is shorter than giving it back, and so no two use the workspace at once.
        self._library = loaded = ctypes.PyDLL(None, handle=library()._handle)
        _declare(loaded)
        live = ctypes.c_void_p()
        status = loaded.loopcast_live_plan(*map(ctypes.byref, (plan, live, *sizes)))
        if status:
            raise LoopcastError(f"the kernels cannot follow series: {loaded.loopcast_origin_message(status).decode()}")
        self._live = live.value
        weakref.finalize(self, loaded.loopcast_live_end, self._live)
        self._follow, self._deliver = loaded.loopcast_live_follow, loaded.loopcast_live_deliver

    def start(self) -> "Following":
        """A series of which nothing was seen."""
        return Following(self, aligned(self.record_bytes))

    def take(self, record_at: int, y: float) -> None:
        """The next row of the record at this address."""
        self._library.loopcast_live_take(self._live, record_at, y, self._workspace_at)

    def follow(self, record_at: int, y: float, issue: bool) -> None:
        """The next row, judged by what was issued for it, into `verdict`, before it is taken in; then what is tracked
        after it is issued.

        verdict: float64 `[3 + 2 * level]`: the surprise (NaN where the value is missing), 1 where there is a drift,
        what was forecast, the low ends and the high ones; NaN where nothing was issued for it.
        """
        self._follow(self._live, record_at, y, issue, self._verdict_at, self._workspace_at)

    def deliver(self, record_at: int, steps: int) -> np.ndarray:
        """The forecast of the steps after the last row, the low ends and the high ones, float64 `[1 + 2 * level,
        step]`, within the model's bounds.

        OptionError for more steps than the engine was made for.
        """
        if not 0 <= steps <= self.most_steps:
            raise OptionError(f"steps is 0 to {self.most_steps}, as the engine was made for, got {steps}")
        self._deliver(self._live, record_at, steps, self._told_at, self._workspace_at)
        if steps == self.most_steps:
            return self._told.copy()
        rows = len(self._told)
        return self._told.ravel()[: rows * steps].reshape(rows, steps).copy()

    def intact(self, record_at: int) -> bool:
        """Whether bytes that were read from a file may be a record."""
        return bool(self._library.loopcast_live_intact(self._live, record_at))

    def tracked(self, record: np.ndarray) -> Tracked:
        """What is tracked in a record, as views."""
        native = self._pointed_to[-1].tracking
        return Tracked.of(record[self._tracked_at :].view(np.float64), len(native.leads), len(native.levels))

    def read(self, record_at: int, steps: int, values_at: int) -> None:
        """Write values float64 `[step, probability]` to an address; OptionError for more steps than there is room."""
        if not 0 <= steps <= self.most_steps:
            raise OptionError(f"steps is 0 to {self.most_steps}, as the engine was made for, got {steps}")
        self._library.loopcast_live_read(self._live, record_at, steps, values_at, self._workspace_at)


def _declare(loaded: ctypes.PyDLL) -> None:
    """The types of what is called at each row."""
    at, size, none = ctypes.c_void_p, ctypes.c_size_t, None
    for name, result, arguments in (
        ("end", none, [at]),
        ("take", none, [at, at, ctypes.c_double, at]),
        ("read", ctypes.c_int32, [at, at, size, at, at]),
        ("follow", none, [at, at, ctypes.c_double, ctypes.c_int32, at, at]),
        ("deliver", ctypes.c_int32, [at, at, size, at, at]),
        ("intact", ctypes.c_int32, [at, at]),
    ):
        function = getattr(loaded, f"loopcast_live_{name}")
        function.restype, function.argtypes = result, arguments


class Following:
    """One series, not for two threads at once; rows before its first value, missing or 0, are left out."""

    def __init__(self, engine: Engine, record: np.ndarray) -> None:
        self.engine, self.record = engine, record
        self._values = np.zeros((engine.most_steps, engine.columns))
        self._at, self._values_at = record.ctypes.data, self._values.ctypes.data

    def take(self, y: float) -> None:
        """The next value; NaN where it is missing. ValuesError, with nothing changed, for one that is out of range."""
        if abs(y) > LARGEST:
            raise ValuesError(
                f"a value is a number of at most {LARGEST:g} in size, or NaN where it is missing, got {y}"
            )
        self.engine.take(self._at, y)

    def read(self, steps: int) -> np.ndarray:
        """The median and the quantiles of the steps after the last row, float64 `[step, 1 + probability]`.

        0 where nothing was seen yet. OptionError for more steps than the engine was made for.
        """
        self.engine.read(self._at, steps, self._values_at)
        return self._values[:steps].copy()

    def fork(self) -> "Following":
        """The same series, which goes its own way from here on."""
        copy = aligned(len(self.record))
        copy[:] = self.record
        return Following(self.engine, copy)


def aligned(size: int) -> np.ndarray:
    """Zeros, uint8 `[size]`, that begin at a cache line."""
    room = np.zeros(size + LINE, np.uint8)
    begin = -room.ctypes.data % LINE
    return room[begin : begin + size]
