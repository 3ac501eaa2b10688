"""What a calendar shows at numbered steps, looked up a block at a time."""

import numpy as np

from loopcast.data.calendar_features import CalendarFeatures
from loopcast.live.clock import Clock, EvenPhase, Phase

BLOCK = 512  # steps that are encoded at once


class Calendar:
    """The parts of a calendar, at the steps of the phases of a clock."""

    def __init__(self, clock: Clock, features: CalendarFeatures) -> None:
        self.clock, self.features = clock, features
        self._blocks: dict[tuple[int, int], np.ndarray] = {}

    def rows(self, phase: Phase, first: int, count: int) -> np.ndarray:
        """Of so many steps from `first` on, float32 `[step, number]`."""
        if not self.features.parts:
            return np.zeros((count, 0), np.float32)
        begin, end = first // BLOCK, (first + count - 1) // BLOCK
        blocks = [self._block(phase, block) for block in range(begin, end + 1)]
        return np.concatenate(blocks)[first - begin * BLOCK :][:count] if blocks else self._none()

    def _none(self) -> np.ndarray:
        return np.zeros((0, self.features.size), np.float32)

    def _block(self, phase: Phase, block: int) -> np.ndarray:
        found = self._blocks.get((id(phase), block))
        if found is None:
            steps = np.arange(block * BLOCK, (block + 1) * BLOCK)
            if isinstance(phase, EvenPhase):
                ticks = phase.origin + steps * phase.size
            else:
                ticks = np.array([phase.tick(step) for step in steps.tolist()])
            found = self.features.encode(self.clock.times(ticks), self.clock.zone)
            self._blocks[id(phase), block] = found
        return found
