"""Series that are followed one row at a time, by the kernels: to take a row in and read what comes is microseconds.

What is read has the bits of `Model.predict` of the rows so far. All of a series is one block of memory, and its copy is
a fork of the series.
"""

import ctypes
import weakref
from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np

from loopcast.errors import OptionError
from loopcast.intervals.tracking import Tracking
from loopcast.kernels import library, most_threads
from loopcast.live import native
from loopcast.live.followers import Follower
from loopcast.live.tracking_plan import NativeTracking, Tracked
from loopcast.models.bounds import Bounds
from loopcast.validation import check_positive

LARGEST = 1e38  # in size, of a value
LINE = 64  # bytes of a cache line: where a block begins, and what its size is a multiple of
STATUSES = ("taken", "duplicate", "revised", "late")
TAKEN, DUPLICATE, REVISED, LATE = range(4)


class Engine:
    """What all series of a live state share.

    most_steps: ahead, at most; tracking: of live intervals; lateness: in steps, of rows that may come late.
    fields: where each field of a record lies in it. levels: of the intervals, in percent.
    verdict: of the row that was last taken in, float64 `[3 + 2 * level]`: the
    surprise, 1 where there is a drift, the forecast, the low ends, the high ones; NaN where nothing was issued for it.
    """

    def __init__(self, follower: Follower, bounds: Bounds, tracking: Tracking, most_steps: int, lateness: int) -> None:
        self.ring_rows = ring_rows(lateness)
        self.most_steps, self.levels = check_positive("most_steps", most_steps), tracking.levels
        self.verdict_width = 3 + 2 * len(self.levels)
        self.verdict = (ctypes.c_double * self.verdict_width)()
        self._verdict_at = ctypes.addressof(self.verdict)
        self._tracking = NativeTracking(tracking, bounds, follower.columns)
        self._follower = follower
        self._library = native.quick_library()
        plan = native.LivePlan(follower.at, self.most_steps, lateness, self._tracking.structure)
        live, sizes = ctypes.c_void_p(), (ctypes.c_size_t * 5)()
        native.check(self._library.loopcast_live_plan(*map(ctypes.byref, (plan, live, sizes))), "follow series")
        self._plan, self._live = plan, live.value
        weakref.finalize(self, self._library.loopcast_live_end, self._live)
        self.block_bytes, workspace_bytes, self.record_at, self._tracked_at, self.record_bytes = sizes
        self.fields = _fields(self._library.loopcast_live_fields(self._live).decode())
        self._workspace = aligned(workspace_bytes)
        self._workspace_at = self._workspace.ctypes.data
        self._told = np.zeros((1 + 2 * len(self.levels), self.most_steps))
        self._told_at = self._told.ctypes.data
        self._place, self._deliver = self._library.loopcast_live_place, self._library.loopcast_live_deliver

    def place(self, at: int, step: int, y: float, longest_gap: int) -> int:
        """A row of the series whose block is at this address: one of STATUSES, and the verdict of what is taken.

        -1, with nothing done, where more steps than `longest_gap` were left out before it.
        """
        status: int = self._place(self._live, at, step, y, longest_gap, self._verdict_at, self._workspace_at)
        return status

    def rewind(self, at: int, step: int) -> int:
        """A series as it was before a row that may still change; the step from which its rows are to come again."""
        first: int = self._library.loopcast_live_rewind(self._live, at, step)
        return first

    def ring(self, at: int) -> Any:
        """The latest values of a series, by row, in a ring."""
        return (ctypes.c_double * self.ring_rows).from_address(at + LINE)

    def load(self, block: np.ndarray, values: np.ndarray) -> None:
        """The first rows of a series, float64, from which its model may have learned, and what is fitted to it."""
        if self._follower.fit is not None:
            self._follower.fit(block[self.record_at : self.record_at + self._follower.record_bytes], values)
        at, values = block.ctypes.data, np.ascontiguousarray(values)
        native.check(
            self._library.loopcast_live_load(
                self._live, at, len(values), values.ctypes.data, self._verdict_at, self._workspace_at
            ),
            "load a series",
        )

    def take_rows(self, batch: "RowBatch") -> np.ndarray:
        """Take rows in, in all threads that pay; the verdict of each, float64 `[row, 3 + 2 * level]`.

        NaN of those that are not taken in. Other calls go on meanwhile: this one has workspaces of its own.
        """
        verdicts = np.full((len(batch.statuses), self.verdict_width), np.nan)
        call = batch.call(verdicts)
        status = library().loopcast_live_rows(ctypes.c_void_p(self._live), ctypes.byref(call))
        native.check(status, f"take {len(verdicts)} rows in")
        return verdicts

    def deliver(self, at: int, steps: int) -> np.ndarray:
        """The forecast of the steps after the last row, the low ends and the high ones, float64 `[1 + 2 * level,
        step]`, within the model's bounds.

        OptionError for more steps than the engine was made for.
        """
        self._check_steps(steps)
        native.check(self._deliver(self._live, at, steps, self._told_at, self._workspace_at), "forecast a series")
        if steps == self.most_steps:
            return self._told.copy()
        rows = len(self._told)
        return self._told.ravel()[: rows * steps].reshape(rows, steps).copy()

    def read(self, at: int, steps: int) -> np.ndarray:
        """What the model itself says of the steps after the last row, float64 `[step, number]`."""
        self._check_steps(steps)
        values = np.zeros((steps, self._follower.width))
        status = self._library.loopcast_live_read(self._live, at, steps, values.ctypes.data, self._workspace_at)
        native.check(status, "read a series")
        return values

    def _check_steps(self, steps: int) -> None:
        if not 0 <= steps <= self.most_steps:
            raise OptionError(f"steps is 0 to {self.most_steps}, as the engine was made for, got {steps}")

    def intact(self, at: int) -> bool:
        """Whether bytes that were read from a file may be a series: to follow others could touch any memory."""
        return bool(self._library.loopcast_live_intact(self._live, at))

    def tracked(self, block: np.ndarray) -> Tracked:
        """What is tracked of a series, as views."""
        tracking, begin = self._tracking.tracking, self.record_at + self._tracked_at
        state = block[begin : self.record_at + self.record_bytes].view(np.float64)
        return Tracked.of(state, len(tracking.leads), len(tracking.levels))


def _fields(text: str) -> dict[str, slice]:
    """Where each field of a record lies in it, by its name."""
    found, at = {}, 0
    for name, size in (line.split() for line in text.splitlines()):
        if name != "-":
            found[name] = slice(at, at + int(size))
        at += int(size)
    return found


def ring_rows(lateness: int) -> int:
    """How many of the latest rows are kept: those from which a record is made anew when one comes late."""
    return max(2 * lateness, 1)


def records_of(lateness: int) -> int:
    """A record, and its anchors: copies as it was before the rows at the last two multiples of `lateness`."""
    return 3 if lateness else 1


class RowBatch:
    """Rows of several series, each with its step; series: of each row, from 0.

    blocks: the address of that of each series, 0 of one that is new.
    """

    def __init__(self, series: np.ndarray, blocks: Sequence[int], steps: np.ndarray) -> None:
        self.order = np.argsort(series, kind="stable")
        self.begin = np.searchsorted(series[self.order], np.arange(len(blocks) + 1))
        self.steps, self.values = np.ascontiguousarray(steps), np.zeros(0)
        self.blocks = np.array(blocks, np.uint64)
        self.statuses = np.zeros(len(series), np.uint8)

    def of_target(self, values: np.ndarray, blocks: Sequence[int]) -> "RowBatch":
        """These rows with the values of a target; blocks: the addresses of those of their series."""
        other = copy(self)
        other.values, other.blocks = np.ascontiguousarray(values), np.array(blocks, np.uint64)
        other.statuses = np.zeros_like(self.statuses)
        return other

    def call(self, verdicts: np.ndarray) -> native.RowsCall:
        arrays = (self.order, self.begin, self.blocks, self.steps, self.values, self.statuses, verdicts)
        sizes = len(self.order), len(self.blocks), most_threads()
        return native.RowsCall(*sizes, *(each.ctypes.data for each in arrays))

    def first_gap(self, longest_gap: int) -> int:
        """The first row that comes after a longer gap; -1 where none does."""
        function = native.quick_library().loopcast_live_first_gap
        function.restype = ctypes.c_int64
        found: int = function(ctypes.byref(self.call(np.zeros(0))), ctypes.c_int64(longest_gap))
        return found


def aligned(size: int) -> np.ndarray:
    """Zeros, uint8 `[size]`, that begin at a cache line."""
    room = np.zeros(size + LINE, np.uint8)
    begin = -room.ctypes.data % LINE
    return room[begin : begin + size]
