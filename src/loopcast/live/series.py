"""One live series: a block of memory for each of its targets, and its place on the calendar."""

from loopcast.live.clock import Phase
from loopcast.live.known import KnownSeries
from loopcast.live.native import SeriesHead


class Channel:
    """One target of a series. at: the address of its block; head: where it stands, in the block.

    phase: on whose steps its rows lie. known: its covariates, where the model has any.
    """

    __slots__ = ("at", "block", "head", "known", "phase")

    def __init__(self, block: int, at: int, phase: Phase) -> None:
        self.block, self.at, self.phase = block, at, phase
        self.head = SeriesHead.from_address(at)
        self.known: KnownSeries | None = None

    @property
    def end(self) -> int:
        """The step of the last row."""
        head = self.head
        last: int = head.start + head.rows - 1
        return last


class Series:
    """channels: one for each target, of the same rows; phase: on whose steps these lie."""

    __slots__ = ("channels", "first", "phase")

    def __init__(self, channels: tuple[Channel, ...], phase: Phase) -> None:
        self.channels, self.phase = channels, phase
        self.first = channels[0]

    @property
    def end(self) -> int:
        """The step of the last row."""
        return self.first.end
