"""How many candidates a budget allows, decided by the size of the data before any clock is read."""

from collections.abc import Sequence

from loopcast.data.panel import Panel
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.models.forecaster import Forecaster

SECONDS_PER_FIT = 5.0  # of a network on two ordinary cores: compiling, and the updates that any size of data gets
SECONDS_PER_ROW = 4e-5  # more for each value that is learned from, up to where no more windows are kept
MOST_ROWS = 400_000
WITH_KNOWN = 2  # times as many updates are made with covariates or a calendar
ENOUGH_VALUES = 1000  # to train on: with fewer, what needs no training is hard to beat


def seconds_of(forecaster: Forecaster, panel: Panel) -> float:
    """About how long a fit takes; 0 for what trains no network."""
    if forecaster.cheap_to_refit:
        return 0.0
    columns = panel.schema.columns
    known = bool(columns.covariates or columns.calendar or columns.countries)
    seconds = SECONDS_PER_FIT + SECONDS_PER_ROW * min(panel.values.size, MOST_ROWS)
    return WITH_KNOWN * seconds if known else seconds


def enough(panel: Panel) -> bool:
    """Whether there is enough to train a network on."""
    return panel.values.size >= ENOUGH_VALUES


def affordable(
    candidates: Sequence[Forecaster], panel: Panel, origins: RollingOrigin, budget: float
) -> list[Forecaster]:
    """The candidates, in their order, whose fits and one last fit find room in `budget` seconds, and pay.

    What trains no network is always among them.
    """
    taken: list[Forecaster] = []
    spent = 0.0
    for each in candidates:
        last = seconds_of(each, panel)
        cost = last * len(origins.fit_groups)
        if last and (not enough(panel) or spent + cost + last > budget):
            break
        taken.append(each)
        spent += cost
    return taken
