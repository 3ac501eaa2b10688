"""Windows of a panel to learn forecasting from: a source of batches that are indices into rows on the device."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from loopcast.features.gather import DeviceRows, to_device
from loopcast.features.scaling import Scaling
from loopcast.features.windows import WindowIndex, WindowPlan
from loopcast.nn.heads import DistributionName
from loopcast.nn.network import Network
from loopcast.training.config import TrainingConfig
from loopcast.training.forecast_objective import ForecastObjective

VALIDATION_BATCH = 64
NO_WINDOW = np.array([0, 0, 1, 0, 0], np.int32)  # fills a last batch: no row of it counts


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowData:
    """A network, how it sees windows, what its output means, the values, and where the windows lie.

    values: float32 `[row, channel]` of the whole panel.
    exogenous: float32 `[row, number]`, what is known at each row besides; the last `network.n_future` ahead as well.
    codes: int32 `[row, table]`, the categories of each row's series.
    interpolated: `values` with short gaps bridged, where the scaling takes it so.
    allow_unknown: whether the last category of each table stands for unknown ones, as now and then any in training.
    validation: None, and every epoch counts as better than the one before.
    refit_windows: windows over all rows, those held back for validation included, for a last training on everything
        once the number of epochs is chosen; None leaves that out.
    """

    cure: ClassVar[str] = ", a clip of 1 or less, or a scaling"

    network: Network
    scaling: Scaling
    plan: WindowPlan
    distribution: DistributionName
    values: np.ndarray
    training: WindowIndex
    validation: WindowIndex | None
    refit_windows: WindowIndex | None
    exogenous: np.ndarray | None = None
    codes: np.ndarray | None = None
    interpolated: np.ndarray | None = None
    allow_unknown: bool = False

    def for_refit(self) -> "WindowData":
        """The same task with nothing held back."""
        training = self.training if self.refit_windows is None else self.refit_windows
        return replace(self, training=training, validation=None, refit_windows=None)

    def objective(self, recipe: TrainingConfig) -> ForecastObjective:
        return ForecastObjective(
            network=self.network,
            scaling=self.scaling,
            plan=self.plan,
            distribution=self.distribution,
            point_loss=recipe.loss,
            padded=self.training.padded,
            unknown=self.allow_unknown,
        )

    def to_device(self) -> DeviceRows:
        return to_device(self.values, self.exogenous, self.codes, self.interpolated)

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
