"""How many candidates a budget allows, decided by the size of the data before any clock is read."""

from collections.abc import Sequence

from loopcast.data.panel import Panel
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.models.forecaster import Forecaster
from loopcast.models.trees.forecaster import Trees

SECONDS_PER_FIT = 5.0  # of a network on two ordinary cores: compiling, and the updates that any size of data gets
SECONDS_PER_ROW = 2e-5  # more for each value that is learned from, up to where no more windows are kept
MOST_ROWS = 400_000
WITH_KNOWN = 2  # times as many updates are made with covariates or a calendar
SECONDS_OF_TREES = 15.0  # of trees, which are grown from a bounded number of rows, and again to measure intervals
SECONDS_PER_COVARIATE = 4.0  # more for each, of which they look at means and changes too
ENOUGH_VALUES = 1000  # to train on: with fewer, what needs no training is hard to beat


def seconds_of(forecaster: Forecaster, panel: Panel) -> float:
    """About how long a fit takes; 0 for what is not trained."""
    if not is_trained(forecaster):
        return 0.0
    if isinstance(forecaster, Trees):
        return SECONDS_OF_TREES + SECONDS_PER_COVARIATE * len(panel.schema.columns.covariates)
    seconds = SECONDS_PER_FIT + SECONDS_PER_ROW * min(panel.values.size, MOST_ROWS)
    return WITH_KNOWN * seconds if knows_more(panel) else seconds


def is_trained(forecaster: Forecaster) -> bool:
    """Whether a fit takes seconds: of a network that learns, and of trees."""
    return isinstance(forecaster, Trees) or not forecaster.cheap_to_refit


def knows_more(panel: Panel) -> bool:
    """Whether there are covariates, or a calendar is shown."""
    columns = panel.schema.columns
    return bool(columns.covariates or columns.calendar or columns.countries)


def enough(panel: Panel) -> bool:
    """Whether there is enough to train a network on."""
    return panel.values.size >= ENOUGH_VALUES


def affordable(
    candidates: Sequence[Forecaster], panel: Panel, origins: RollingOrigin, budget: float
) -> list[Forecaster]:
    """The candidates, in their order, whose fits and last fits find room in `budget` seconds, and pay.

    What is not trained is always among them. All have a last fit in the plan, for a mean of them may be taken.
    """
    taken: list[Forecaster] = []
    spent = 0.0
    for each in candidates:
        cost = seconds_of(each, panel) * (len(origins.fit_groups) + 1)
        if cost and (not enough(panel) or spent + cost > budget):
            break
        taken.append(each)
        spent += cost
    return taken
