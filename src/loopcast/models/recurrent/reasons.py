"""What a recurrent network is, how it learned and how it sees several targets, in sentences."""

from collections.abc import Iterator, Sequence

import numpy as np

from loopcast.data.panel import Panel
from loopcast.models.member_errors import HeldOut, scaled_errors
from loopcast.models.network.model import NetworkModel
from loopcast.models.network.words import known_in_words
from loopcast.models.recurrent.plan import Sight, TrainingPlan

WAYS = {"joint": "each with what the others were", "independent": "each by itself, by the same weights"}


def sentences(panel: Panel, plan: TrainingPlan, way: Sight, held: int) -> Iterator[str]:
    """Of a network that was trained by a plan."""
    shape, periods = way.shape, plan.periods
    layers = "-".join(map(str, shape.units))
    second = f" and of {periods.second}" if periods.second else ""
    yield (
        f"{shape.cell.upper()} {layers}, with a decoder that all steps ahead share: {shape.parameters:,} parameters. "
        f"It reads each history from its first value on (seasons of {periods.season}{second} steps)."
    )
    known = known_in_words(panel)
    if known:
        yield f"Each row, and each step ahead where it is known, also shows {known}."
    then = f"without the last {held} rows of each series, then in {plan.further} on all" if held else "on all rows"
    yield (
        f"It learned from random rows of {plan.batch} windows at a time, in {plan.updates} updates {then} "
        f"(learning rate {plan.rate:g}, seed {plan.seed})."
    )


def select(tried: Sequence[NetworkModel], held_out: HeldOut) -> tuple[int, str]:
    """The place of the one that forecasts the held-back rows best, and why, where there are several targets."""
    best = tried[0]
    targets = len(best.schema.columns.targets)
    if targets == 1:
        return 0, ""
    if len(tried) == 1:
        return 0, f"\n  The {targets} targets are forecast {WAYS[best.channels]} (as asked)."
    horizon = best.horizon or 1
    errors = scaled_errors(held_out, best.season, horizon, held_out.cutoffs(horizon))
    place = int(np.argmin(errors))
    each = ", ".join(f"{one.channels} {error:.4g}" for one, error in zip(tried, errors, strict=True))
    return place, (
        f"\n  The {targets} targets are forecast {WAYS[tried[place].channels]} (error on the held-back rows: {each})."
    )
