"""Which of the numbers that a network is shown of a series say what: its season, its trend, its recent values."""

from typing import NamedTuple


class Shown(NamedTuple):
    """Places among the numbers of a row (`inputs.py`), and among the candidates of a step (`ahead.py`)."""

    inputs: list[int]
    candidates: list[int]


RECENT = Shown([*range(9)], [5])  # values less season and level, of the last rows; the step to the last one
TREND = Shown([9, 10, 11, 12, 13, 23], [6])  # how the level changed, and its slope
APART = Shown([14, 15, 16, 17], [])  # values less those a season before
SEASON = Shown([36, 37, 38], [0, 1, 2, 3, 4, 7, 8, 9])  # what the same phase was in earlier seasons, of both lengths


def of_season(season: int) -> dict[str, Shown]:
    """By what they say, `season`, `trend` and `recent`; sizes of changes, places and ages are in none of them.

    Values a season apart differ by the trend; without a season they are the last two.
    """
    if season > 1:
        return {"season": SEASON, "trend": _both(TREND, APART), "recent": RECENT}
    return {"trend": TREND, "recent": _both(_both(RECENT, APART), SEASON)}


def _both(one: Shown, other: Shown) -> Shown:
    return Shown(one.inputs + other.inputs, one.candidates + other.candidates)
