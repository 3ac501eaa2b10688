"""Windows of a panel to learn forecasting from: a source of batches that are indices into rows on the device."""

from dataclasses import dataclass, replace
from typing import ClassVar

import jax
import numpy as np

from loopcast.features.gather import to_device
from loopcast.features.windows import WindowIndex, WindowPlan
from loopcast.nn.network import Network
from loopcast.training.config import TrainingConfig
from loopcast.training.forecast_objective import ForecastObjective

VALIDATION_BATCH = 64
NO_WINDOW = np.array([0, 0, 1, 0, 0], np.int32)  # fills a last batch: no row of it counts


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowData:
    """A network, how many of the latest values it sees at each step, the values, and where the windows lie.

    values: float64 `[row, channel]` of the whole panel.
    validation: None, and every epoch counts as better than the one before.
    refit_windows: windows over all rows, those held back for validation included, for a last training on everything
        once the number of epochs is chosen; None leaves that out.
    """

    cure: ClassVar[str] = ", or a clip of 1 or less"

    network: Network
    lags: int
    plan: WindowPlan
    values: np.ndarray
    training: WindowIndex
    validation: WindowIndex | None
    refit_windows: WindowIndex | None

    def for_refit(self) -> "WindowData":
        """The same task with nothing held back."""
        training = self.training if self.refit_windows is None else self.refit_windows
        return replace(self, training=training, validation=None, refit_windows=None)

    def objective(self, recipe: TrainingConfig) -> ForecastObjective:
        return ForecastObjective(
            network=self.network, lags=self.lags, plan=self.plan, loss_name=recipe.loss, padded=self.training.padded
        )

    def to_device(self) -> jax.Array:
        return to_device(self.values)

    def updates(self, recipe: TrainingConfig) -> np.ndarray:
        return np.full(recipe.epochs, -(-len(self.training) // recipe.batch_size))

    def batches(self, count: int, recipe: TrainingConfig, rng: np.random.Generator) -> np.ndarray:
        """Every window once, in another order."""
        return batched(self.training.stacked()[rng.permutation(len(self.training))], recipe.batch_size)

    @property
    def validation_batches(self) -> np.ndarray | None:
        return None if self.validation is None else batched(self.validation.stacked(), VALIDATION_BATCH)

    @property
    def judges(self) -> int:
        return 1 if self.validation is None else len(self.validation)


def batched(index: np.ndarray, size: int) -> np.ndarray:
    """`[window, 5]` to `[batch, size, 5]`; a last batch is filled with windows that count for nothing."""
    missing = -len(index) % size
    return np.concatenate([index, np.tile(NO_WINDOW, (missing, 1))]).reshape(-1, size, index.shape[1])
