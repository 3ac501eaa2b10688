"""One training of one network: batches, epochs, the best weights so far, and when to stop."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from loopcast.errors import TrainingError
from loopcast.features.sizes import power_of_two
from loopcast.training.adam import bias_corrected_rate
from loopcast.training.config import TrainingConfig, rates
from loopcast.training.data_source import DataSource, Losses, Objective
from loopcast.training.early_stopping import EarlyStopping, tolerance
from loopcast.training.history import Epoch, Trained
from loopcast.training.train_step import StepSizes, TrainState, TrainStep

DIVERGED = 100  # times as large a loss as before, or as the usual size of errors where that was less
CHUNK = 256  # batches in one compiled call: Ctrl-C and the progress bar wait for at most one call
LEAST = 64  # places for batches in one: so few sizes are compiled


class Means(NamedTuple):
    """Of the losses of an epoch."""

    loss: float
    last_step_mse: float


class TrainingRun:
    """One network, trained once.

    rows: what the source's `to_device` gave, once for all runs of a fit. start: weights to go on from; None: new ones.
    """

    def __init__(
        self,
        source: DataSource,
        recipe: TrainingConfig,
        rows: Any,
        *,
        member: int = 0,
        final: bool = False,
        start: np.ndarray | None = None,
    ) -> None:
        self.source, self.recipe, self.rows, self.member, self.final = source, recipe, rows, member, final
        self.start = start
        self.program = program_of(source.objective(recipe), recipe)
        self.held_back = source.validation_batches
        self.untrained = 0.0  # the loss on what is held back before the first epoch
        self.ends = np.append(0, np.cumsum(source.updates(recipe)))

    def require_learned(self, trained: Trained) -> None:
        """TrainingError where forecasts of the rows held back are much worse than those of the untrained network."""
        if trained.valid_loss > DIVERGED * max(self.untrained, 1.0):
            raise TrainingError(
                f"training diverged: the loss on the rows held back is {trained.valid_loss:g} after it, and "
                f"{self.untrained:g} before: {self.cure}"
            )

    @property
    def cure(self) -> str:
        """What to try where it breaks down."""
        return f"try a learning_rate below {self.recipe.learning_rate:g}{self.source.cure}"

    def epochs(self) -> Iterator[Trained]:
        """What training has come to after each epoch. TrainingError when a loss or a weight is NaN or infinite."""
        carry = self.program.start(self.recipe.seed, self.start)
        best = EarlyStopping(patience=self.recipe.patience, tolerance=tolerance(self.source.judges), weights=carry.best)
        self.untrained = self._validate(carry) or 0.0
        history: list[Epoch] = []
        rng = np.random.default_rng(self.recipe.seed)
        while len(history) < self.recipe.epochs and not best.out_of_patience:
            carry, means = self._train(carry, len(history), rng)
            epoch = Epoch(
                epoch=len(history) + 1,
                member=self.member,
                final=self.final,
                loss=means.loss,
                last_step_mse=means.last_step_mse,
                valid_loss=self._validate(carry),
            )
            require_finite(epoch, carry.weights, self.cure)
            history.append(epoch)
            best = best.update(epoch, carry.best)
            weights = jax.device_put(self.program.objective.from_vector(np.asarray(best.weights)))
            yield Trained(members=(weights,), epochs=self.recipe.epochs, best_epoch=best.epoch, history=tuple(history))

    def _train(self, carry: TrainState, before: int, rng: np.random.Generator) -> tuple[TrainState, Means]:
        first, last = self.ends[before : before + 2]
        batches = self.source.batches(last - first, self.recipe, rng)
        paces = paces_of(rates(self.recipe, np.arange(first, last), self.ends[-1]), first)
        carry, sums = run_updates(self.program, carry, self.rows, batches, paces)
        return carry, means_of(sums)

    def _validate(self, carry: TrainState) -> float | None:
        if self.held_back is None:
            return None
        count = np.int32(len(jax.tree.leaves(self.held_back)[0]))
        works = jax.tree.map(padded, self.held_back)
        return means_of([self.program.validate(carry.best, self.rows, works, count)]).loss


def program_of(objective: Objective, recipe: TrainingConfig) -> TrainStep:
    """What is compiled for a recipe."""
    return TrainStep(objective=objective, clip=recipe.clip, weight_decay=recipe.weight_decay, average=recipe.average)


def paces_of(rate: np.ndarray, first: int) -> StepSizes:
    """How far updates go at these rates, of which the first is update number `first`."""
    step = bias_corrected_rate(rate, first + np.arange(len(rate)))
    return StepSizes(*(each.astype(np.float32) for each in (rate, step)))


def run_updates(
    program: TrainStep, carry: TrainState, rows: Any, batches: Any, paces: StepSizes
) -> tuple[TrainState, list[Losses]]:
    """Take in `batches`, a pytree of arrays `[update, ...]`, at most CHUNK in one compiled call."""
    sums, count = [], len(paces.rate)
    for part in np.array_split(np.arange(count), -(-count // CHUNK)):
        works, pace = jax.tree.map(lambda each, part=part: padded(each[part]), (batches, paces))
        carry, losses = program.run_batches(carry, rows, works, np.int32(len(part)), jax.device_put(pace))
        sums.append(losses)
    return carry, sums


def require_finite(epoch: Epoch, weights: jax.Array, cure: str) -> None:
    """TrainingError, with what to try, when a loss of `epoch` or a weight after it is NaN or infinite."""
    losses = [epoch.loss, 0.0 if epoch.valid_loss is None else epoch.valid_loss]
    if np.isfinite(losses).all() and np.isfinite(np.asarray(weights)).all():
        return
    raise TrainingError(
        f"training broke down in epoch {epoch.epoch} (loss {epoch.loss:g}, not every weight is finite): {cure}; "
        "weights of earlier epochs, if there were any, are kept"
    )


def padded(rows: np.ndarray) -> np.ndarray:
    """`rows` with zeros after them, up to a power of two from LEAST on: sizes that are near compile once."""
    room = max(power_of_two(len(rows)), LEAST) - len(rows)
    return np.concatenate([rows, np.zeros((room, *rows.shape[1:]), rows.dtype)])


def means_of(sums: Sequence[Losses]) -> Means:
    """Means over all of `sums`; 0 where nothing counts: where nothing varies there is nothing to get wrong."""
    loss, last_square, counted, counted_last = (
        sum(float(np.asarray(part, np.float64).sum()) for part in parts) for parts in zip(*sums, strict=True)
    )
    return Means(loss / max(counted, 1.0), last_square / max(counted_last, 1.0))
