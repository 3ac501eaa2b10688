"""What a graph keeps of a series from row to row: named parts of one vector, zeros before the first row.

Rings have the newest number first, so that what lies k rows back is at place k, and are full of the first row
at first. Seasons are rings too: place k is what the phase of k rows ago adds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from loopcast.features.causal.inputs import LAGS
from loopcast.features.causal.track import MEANS, Periods
from loopcast.models.network.histories import REPEATED
from loopcast.nn.onnx_values import Value, join

SHARED = (
    "rows", "observed", "size", "size_count", "zeros", "zeros_count", "age", "linear", "highest", "first_curve",
    "first_straight",
)  # fmt: skip
TRACKS = ("curve", "straight")
SEASONS = ("slow_season", "fast_season", "second_season")


def repeating(periods: Periods) -> tuple[int, int]:
    """After how many rows a series may repeat itself, and how many rows have to."""
    season = periods.second or periods.season
    return season, max(season, REPEATED)


def layout(periods: Periods) -> Mapping[str, int]:
    """How many numbers each part has, in the order in which they lie."""
    m, second = periods.season, periods.second
    shared = dict.fromkeys(SHARED, 1) | {"seen": max(m, second) + 1, "values": sum(repeating(periods))}
    own = {
        "z": max(2 * m, m + 2, second) + 1, "level": max(4 * m, second) + 1, "adjusted": LAGS, "change": 2,
        "v": m + 1, "sum": 1, "second_sum": 1, "first_level": 1,
    }  # fmt: skip
    for name in SEASONS if second else SEASONS[:2]:
        length = second if name == "second_season" else m
        own |= {name: length, f"{name}_count": length, f"{name}_total": 1}
    for name in MEANS:
        own |= {name: 1, f"{name}_count": 1}
    return shared | {f"{track}.{name}": size for track in TRACKS for name, size in own.items()}


@dataclass(frozen=True, eq=False)
class Record:
    """Parts by name as they were before a row, and as they are after it.

    row: the place of the row in its series, from 0; prefix: of the parts of one track.
    """

    periods: Periods
    row: Value
    before: Mapping[str, Value]
    after: dict[str, Value] = field(default_factory=dict)
    prefix: str = ""

    @classmethod
    def of(cls, packed: Value, periods: Periods) -> "Record":
        sizes = layout(periods)
        parts = packed.graph.split(packed.name, list(sizes.values()))
        named = {name: Value(packed.graph, part) for name, part in zip(sizes, parts, strict=True)}
        return cls(periods, named["rows"], named)

    def track(self, name: str) -> "Record":
        """The same, of one way of writing."""
        return Record(self.periods, self.row, self.before, self.after, f"{name}.")

    def packed(self) -> Value:
        """All of it after the row."""
        return join([self.after[name] for name in self.before])

    @property
    def first(self) -> Value:
        """Whether it is the first row."""
        return self.row < 1.0

    def old(self, name: str) -> Value:
        """A part before the row."""
        return self.before[self.prefix + name]

    def new(self, name: str) -> Value:
        """A part after the row."""
        return self.after[self.prefix + name]

    def keep(self, name: str, value: Value) -> Value:
        """Have a part be this from now on."""
        self.after[self.prefix + name] = value
        return value

    def push(self, name: str, value: Value) -> Value:
        """A ring with a number more."""
        ring = self.old(name)
        length = layout(self.periods)[self.prefix + name]
        return self.keep(name, self.first.where(value, join([value, ring[: length - 1]])))

    def mean(self, name: str, number: Value, counts: Value, least: float) -> Value:
        """A running mean with a number more, where `counts`; see `RunningMean`."""
        count = self.keep(f"{name}_count", self.old(f"{name}_count") + counts.number())
        rate = (1.0 / count.most(1.0)).most(least)
        return self.keep(name, self.old(name) + counts.where(rate * (number - self.old(name)), 0.0))
