"""The loop of epochs: shuffle, train, validate, keep the best, know when to stop."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import jax
import numpy as np

from loopcast.errors import TrainingError
from loopcast.features.gather import to_device
from loopcast.features.sizes import power_of_two
from loopcast.nn.network import Weights
from loopcast.nn.weights import from_vector
from loopcast.training.adam import bias_corrected_rate
from loopcast.training.config import TrainingConfig, rates
from loopcast.training.early_stopping import EarlyStopping, tolerance
from loopcast.training.train_step import Losses, StepSizes, TrainState, TrainStep
from loopcast.training.training_data import Epoch, Trained, TrainingData

CHUNK = 256  # batches in one compiled call: Ctrl-C and the progress bar wait for at most one call
VALIDATION_BATCH = 64
NO_WINDOW = np.array([0, 0, 1, 0, 0], np.int32)  # fills a last batch: no row of it counts


class Means(NamedTuple):
    """Of the losses of an epoch."""

    loss: float
    last_step_mse: float


class Training:
    """Training of one task by one recipe. `trained` is the best so far, at every moment, or None.

    Where rows are held back, they choose the number of epochs: in a short training or in a long one, each with the
    whole of its schedule, whichever forecasts them better. Then every member is trained on everything, from seeds that
    follow one another, for that number. Until the first of them is done, the best weights of the choice stand.
    """

    def __init__(self, task: TrainingData, recipe: TrainingConfig, *, members: int = 1) -> None:
        self.task, self.recipe, self.members = task, recipe, members
        self.trained: Trained | None = None

    def run(self, callback: Callable[[Epoch, int], None]) -> None:
        """Train until the epochs are done or patience is out; `callback` is told of every epoch, and of how many.

        Whatever stops it, Ctrl-C included, `trained` stays as it was before the epoch that was cut short.
        Raises TrainingError when a loss or a weight is NaN or infinite.
        """
        self.select_epochs(callback)
        self.refit(callback)

    def select_epochs(self, callback: Callable[[Epoch, int], None]) -> None:
        """The first half of `run`: `trained` is then the better one of the trainings that are tried."""
        self.trained = self._chosen(callback)

    def refit(self, callback: Callable[[Epoch, int], None]) -> None:
        """The second half of `run`: every member, on everything."""
        first = self.trained
        if first is None:
            raise TrainingError("nothing is trained yet: choose first")
        if self.task.refit_windows is None:
            self._add_members(first, first.members, self.task, replace(self.recipe, epochs=first.epochs), callback)
        else:
            last = replace(self.recipe, epochs=first.best_epoch, patience=None)
            self._add_members(first, (), self.task.for_refit(), last, callback)

    def _chosen(self, callback: Callable[[Epoch, int], None]) -> Trained:
        """The better one of the trainings that are tried; the longest where nothing is held back to tell."""
        tries = self.recipe.epoch_candidates if self.task.validation is not None else self.recipe.epoch_candidates[-1:]
        chosen = self._tried(tries[0], callback)
        for epochs in tries[1:]:
            tried = self._tried(epochs, callback)
            chosen = self.trained = tried if tried.valid_loss <= chosen.valid_loss else chosen
        return chosen

    def _tried(self, epochs: int, callback: Callable[[Epoch, int], None]) -> Trained:
        """A training of so many epochs; `trained` goes along with it where there is nothing better yet."""
        begun = self.trained is None
        for tried in TrainingRun(self.task, replace(self.recipe, epochs=epochs)).epochs():
            if begun:
                self.trained = tried
            callback(tried.history[-1], epochs)
        return tried

    def _add_members(
        self,
        first: Trained,
        members: tuple[Weights, ...],
        task: TrainingData,
        recipe: TrainingConfig,
        callback: Callable[[Epoch, int], None],
    ) -> None:
        history = first.history
        for number in range(len(members), self.members):
            seeded = replace(recipe, seed=recipe.seed + number)
            for one in TrainingRun(task, seeded, member=number, final=self.task.refit_windows is not None).epochs():
                callback(one.history[-1], recipe.epochs)
            members, history = members + one.members, history + one.history
            self.trained = replace(first, members=members, history=history)


class TrainingRun:
    """One network, trained once."""

    def __init__(self, task: TrainingData, recipe: TrainingConfig, *, member: int = 0, final: bool = False) -> None:
        self.task, self.recipe, self.member, self.final = task, recipe, member, final
        self.program = TrainStep.of(task, recipe)
        self.rows = to_device(task.values, task.exogenous, task.codes, task.interpolated)

    @property
    def batches(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.task.training) // self.recipe.batch_size)

    def epochs(self) -> Iterator[Trained]:
        """What training has come to after each epoch."""
        carry = self.program.start(self.recipe.seed)
        judges = len(self.task.validation) if self.task.validation is not None else 1
        best = EarlyStopping(patience=self.recipe.patience, tolerance=tolerance(judges), weights=carry.weights)
        history: list[Epoch] = []
        order = np.random.default_rng(self.recipe.seed)
        while len(history) < self.recipe.epochs and not best.out_of_patience:
            carry, means = self._train(carry, len(history), order)
            epoch = Epoch(
                epoch=len(history) + 1,
                member=self.member,
                final=self.final,
                loss=means.loss,
                last_step_mse=means.last_step_mse,
                valid_loss=self._validate(carry),
            )
            require_finite(epoch, carry.weights, self.recipe)
            history.append(epoch)
            best = best.update(epoch, carry.weights)
            weights = jax.device_put(from_vector(self.task.network, np.asarray(best.weights)))
            yield Trained(members=(weights,), epochs=self.recipe.epochs, best_epoch=best.epoch, history=tuple(history))

    def _train(self, carry: TrainState, before: int, order: np.random.Generator) -> tuple[TrainState, Means]:
        index = self.task.training.stacked()[order.permutation(len(self.task.training))]
        update = np.arange(before * self.batches, (before + 1) * self.batches)
        rate = rates(self.recipe, update, self.recipe.epochs * self.batches)
        step = bias_corrected_rate(rate, update)
        works = (batched(index, self.recipe.batch_size), rate.astype(np.float32), step.astype(np.float32))
        sums = []
        for windows, rate, step in zip(*map(chunks, works), strict=True):
            pace = StepSizes(*jax.device_put((pad_to_power_of_two(rate), pad_to_power_of_two(step))))
            carry, losses = self.program.run_batches(
                carry, self.rows, pad_to_power_of_two(windows), np.int32(len(windows)), pace
            )
            sums.append(losses)
        return carry, means_of(sums)

    def _validate(self, carry: TrainState) -> float | None:
        if self.task.validation is None:
            return None
        batches = batched(self.task.validation.stacked(), VALIDATION_BATCH)
        return means_of(
            [self.program.validate(carry.weights, self.rows, pad_to_power_of_two(batches), np.int32(len(batches)))]
        ).loss


def batched(index: np.ndarray, size: int) -> np.ndarray:
    """`[window, 5]` to `[batch, size, 5]`; a last batch is filled with windows that count for nothing."""
    missing = -len(index) % size
    return np.concatenate([index, np.tile(NO_WINDOW, (missing, 1))]).reshape(-1, size, index.shape[1])


def pad_to_power_of_two(rows: np.ndarray) -> np.ndarray:
    """`rows` with zeros after them, up to a power of two: sizes that are near one another compile once."""
    room = power_of_two(len(rows)) - len(rows)
    return np.concatenate([rows, np.zeros((room, *rows.shape[1:]), rows.dtype)])


def chunks(rows: np.ndarray) -> list[np.ndarray]:
    """`rows`, one a batch, in stretches of nearly equal length, at most STRETCH each."""
    return np.array_split(rows, -(-len(rows) // CHUNK))


def require_finite(epoch: Epoch, weights: jax.Array, recipe: TrainingConfig) -> None:
    """TrainingError, with what to try, when a loss of `epoch` or a weight after it is NaN or infinite."""
    losses = [epoch.loss, 0.0 if epoch.valid_loss is None else epoch.valid_loss]
    if np.isfinite(losses).all() and np.isfinite(np.asarray(weights)).all():
        return
    raise TrainingError(
        f"training broke down in epoch {epoch.epoch} (loss {epoch.loss:g}, not every weight is finite): try a "
        f"learning_rate below {recipe.learning_rate:g}, a clip of 1 or less, or a scaling; "
        "weights of earlier epochs, if there were any, are kept"
    )


def means_of(sums: Sequence[Losses]) -> Means:
    """Means over all of `sums`; 0 where nothing counts: where nothing varies there is nothing to get wrong."""
    loss, last_square, counted, counted_last = (
        sum(float(np.asarray(part, np.float64).sum()) for part in parts) for parts in zip(*sums, strict=True)
    )
    return Means(loss / max(counted, 1.0), last_square / max(counted_last, 1.0))
