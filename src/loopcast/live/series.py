"""One live series: its block of memory, and its place on the calendar."""

from loopcast.live.clock import Phase
from loopcast.live.native import SeriesHead


class Series:
    """at: the address of its block; head: where it stands, in the block; phase: on whose steps its rows lie."""

    __slots__ = ("at", "block", "head", "phase")

    def __init__(self, block: int, at: int, phase: Phase) -> None:
        self.block, self.at, self.phase = block, at, phase
        self.head = SeriesHead.from_address(at)

    @property
    def end(self) -> int:
        """The step of the last row."""
        head = self.head
        last: int = head.start + head.rows - 1
        return last


def ring_rows(lateness: int) -> int:
    """How many of the latest rows are kept: those from which a record is made anew when one comes late."""
    return max(2 * lateness, 1)


def records_of(lateness: int) -> int:
    """A record, and its anchors: copies as it was before the rows at the last two multiples of `lateness`."""
    return 3 if lateness else 1
