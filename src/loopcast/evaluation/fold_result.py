"""What one fit in a backtest gave."""

from dataclasses import dataclass

from loopcast.data.prediction import Prediction
from loopcast.errors import LoopcastError


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldResult:
    """What one fit gave, and what it cost.

    failure: what the model said instead; nothing of the prediction is then known.
    """

    prediction: Prediction
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    parameters: int = 0
    description: str = ""
    failure: LoopcastError | None = None
