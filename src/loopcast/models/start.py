"""What a training goes on from: a forecaster that was fitted before."""

from typing import Any

from loopcast.errors import OptionError, quote
from loopcast.models.estimator import Estimator
from loopcast.models.model import Model


def require_fitted(start: Any) -> Model | None:
    """The model of a fitted forecaster, None for None; NotFittedError or OptionError for anything else."""
    if start is None:
        return None
    model = start.model if isinstance(start, Estimator) else None
    if not isinstance(model, Model):
        raise OptionError(f"start is a fitted forecaster, got {quote(start)}: a file of one is read by loopcast.load")
    return model


def no_start(name: str) -> OptionError:
    """The error of a forecaster that trains no network, or one that is not gone on with."""
    return OptionError(f"{name} goes on from no model: fit it without start, or take a Recurrent or Pretrained")
