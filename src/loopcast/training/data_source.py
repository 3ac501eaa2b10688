"""What the loop of training asks of what is learned and of where its examples come from."""

from typing import Any, ClassVar, NamedTuple, Protocol

import jax
import numpy as np

from loopcast.training.config import TrainingConfig

Array = jax.Array


class Losses(NamedTuple):
    """Sums over batches, place by place: a sum over places takes a CPU as long as everything else about a loss."""

    loss: Array  # of whatever shape a batch's losses have
    last_square: Array  # squared errors where the last step is looked at by itself; zeros where it is not
    counted: Array  # how many losses there were
    counted_last: Array  # and how many at the last step


class Objective(Protocol):
    """What a network is to learn, as a value that is compiled: objectives that are equal share their compiled code."""

    def initial(self, seed: int) -> np.ndarray:
        """Every weight to start from, one vector."""

    def from_vector(self, vector: Any) -> Any:
        """The weights again, as `loss` takes them."""

    @property
    def runs_on_kernels(self) -> bool:
        """Whether the kernels do nearly all of the work; see `loopcast.nn.compiled`."""

    @property
    def prefetches(self) -> bool:
        """Whether a batch is encoded in the turn before its own, and not in one go with what reads it."""

    @property
    def draws(self) -> bool:
        """Whether a training loss is drawn: dropout, and the like."""

    def gather(self, rows: Any, batch: Any) -> Any:
        """The examples of a batch, encoded; `rows`: what batches point into, on the device."""

    def loss(self, weights: Any, examples: Any, key: Array | None, *, training: bool) -> tuple[Array, Losses]:
        """The number to be made smaller, and what is counted up. key: of what is drawn; None draws nothing."""

    def no_losses(self, batches: Any) -> Losses:
        """Zeros of the shapes that `loss` counts up for `batches`."""


class DataSource(Protocol):
    """Batches, pytrees of arrays `[update, ...]` that point into rows, which are on the device once per fit."""

    cure: ClassVar[str]  # what else to try where training breaks down

    def objective(self, recipe: TrainingConfig) -> Objective: ...

    def updates(self, recipe: TrainingConfig) -> np.ndarray:
        """How many batches each epoch has, int64 `[epoch]`."""

    def batches(self, count: int, recipe: TrainingConfig, rng: np.random.Generator) -> Any:
        """Those of the next epoch."""

    @property
    def validation_batches(self) -> Any:
        """Batches whose loss says when to stop; None where nothing is held back."""

    @property
    def judges(self) -> int:
        """How many series' forecasts that loss is the mean of."""
