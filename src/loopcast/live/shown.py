"""What models are shown of live series besides their values: which of them, by which encodings, how many numbers."""

from collections.abc import Sequence

import numpy as np

from loopcast.errors import OptionError
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import width_of_rows, width_of_steps
from loopcast.live.native import ShownPlan
from loopcast.models.mean import MeanModel
from loopcast.models.model import Model
from loopcast.models.network.model import NetworkModel
from loopcast.models.trees.forecaster import TreesModel

Encoded = NetworkModel | TreesModel  # models that read what the causal encoder shows, and covariates besides


def shown_models(model: Model) -> list[Encoded]:
    """Those, members too, that are shown more than values.

    OptionError where members of a mean are shown different things: a series has them by several scales, but once.
    """
    found = _shown_more(model)
    others = [each for each in found[1:] if not _sees_the_same(each, found[0])]
    if others:
        raise OptionError(
            f"{model.name} has members that are shown other covariates or targets than the others ({others[0].name} is "
            "one), and are not followed together: fit one of them alone, such as Pretrained"
        )
    return found


def _shown_more(model: Model) -> list[Encoded]:
    if isinstance(model, MeanModel):
        return [found for each in model.models for found in _shown_more(each)]
    return [model] if isinstance(model, Encoded) and model.encoding is not None else []


def _sees_the_same(one: Encoded, other: Encoded) -> bool:
    if one.encoding is None or other.encoding is None:
        return False
    same = (one.channels, one.periods.season) == (other.channels, other.periods.season)
    return same and one.encoding.sees_as(other.encoding)


def encodings_of(shown: Sequence[Encoded]) -> tuple[ExogenousEncoder, ...]:
    """Those of models, each once."""
    found: list[ExogenousEncoder] = []
    for each in shown:
        if each.encoding is not None and table_of(each.encoding, found) is None:
            found.append(each.encoding)
    return tuple(found)


def table_of(encoding: ExogenousEncoder, encodings: Sequence[ExogenousEncoder]) -> int | None:
    """Which of some encodings makes the same numbers; None where none does."""
    return next((place for place, each in enumerate(encodings) if each.shows_as(encoding)), None)


def shown_plan(model: Encoded, encodings: Sequence[ExogenousEncoder]) -> tuple[ShownPlan, np.ndarray]:
    """How many numbers are known of a row, of a step to come, of its covariates; and which of its numbers these are.

    encodings: by which there are tables.
    """
    encoding, season = model.encoding, model.periods.season
    covariate = np.array([] if encoding is None else encoding.future_values, np.int64)
    widths = width_of_rows(encoding), width_of_steps(encoding, season) - len(covariate), len(covariate)
    table = 0 if encoding is None else table_of(encoding, encodings)
    return ShownPlan(season, model.periods.second, table, *widths, covariate.ctypes.data), covariate
