"""Which of the candidates that were compared is taken, and why."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from loopcast.evaluation.backtest_result import Backtest, ModelRun
from loopcast.evaluation.leaderboard import Leaderboard
from loopcast.evaluation.verdict import number
from loopcast.models.forecaster import Forecaster
from loopcast.models.mean import Mean
from loopcast.selection.plan import is_trained

MARGIN, LEAST_MARGIN, MOST_MARGIN = 0.5, 0.05, 0.3  # of an error: over the root of how many forecasts, within these


def mean_of_trained(tried: Sequence[Forecaster]) -> Mean | None:
    """The mean of what was trained; None where that is fewer than two."""
    trained = [each for each in tried if is_trained(each)]
    if len(trained) < 2:
        return None
    first = trained[0]
    return Mean(
        models=trained,
        horizon=first.horizon,
        season=first.season,
        lower=first.lower,
        upper=first.upper,
        integer=first.integer,
    )


def with_mean(compared: Backtest, mean: Mean | None) -> Backtest:
    """With what the mean of some of the models would have said, for they said it already."""
    if mean is None:
        return compared
    names = {each.name for each in mean.models}
    members = [each for each in compared.predictions if each.name in names]
    said = replace(members[0], name=mean.name, values=np.mean([each.values for each in members], axis=0))
    run = ModelRun(name=mean.name, network=True, code=mean.to_code())
    return replace(compared, predictions=(*compared.predictions, said), models=(*compared.models, run))


def usual(tried: Sequence[Forecaster], mean: Mean | None) -> str | None:
    """What is taken unless another is clearly better: the mean of what was trained, where there is one.

    Else the pretrained network, as tuned where that was tried; None where neither was.
    """
    from loopcast.models.pretrained.forecaster import Pretrained

    if mean is not None:
        return mean.name
    return next((each.name for each in reversed(tried) if isinstance(each, Pretrained)), None)


def errors_of(board: Leaderboard) -> dict[str, float]:
    """The error of each model, by which the board goes."""
    return dict(board.table.select("model", board.measure).iter_rows())


def choose(board: Leaderboard, usual: str | None, forecasts: int) -> tuple[str, str]:
    """Which model to take, and why: the best one, unless it is not clearly better than the usual one.

    forecasts: how many of each model were compared. A few say little of what comes next, and what does best on most
    series is then the better guess.
    """
    errors, best = errors_of(board), board.table["model"][0]
    if usual is None or best == usual or errors.get(usual) is None:
        return best, f"the best {{where}} ({_first_two(board, errors)})."
    margin = float(np.clip(MARGIN / np.sqrt(forecasts), LEAST_MARGIN, MOST_MARGIN))
    if errors[best] < (1 - margin) * errors[usual]:
        return best, f"the best {{where}}, by more than {margin:.0%} ({_first_two(board, errors)})."
    least = f"{best} has the least, {number(errors[best])} where it has {number(errors[usual])}"
    return usual, (
        f"which does best on most series: {{where}} none has an error clearly below its own, by {margin:.0%} "
        f"({board.measure.upper()}: {least})."
    )


def _first_two(board: Leaderboard, errors: dict[str, float]) -> str:
    """The errors of the best and of the next one."""
    said = [f"{name} has {number(errors[name])}" for name in board.table["model"][:2]]
    return f"{board.measure.upper()}: {', '.join(said)}"
