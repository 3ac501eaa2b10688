"""How an imputer learns: known values are hidden, and it is told how far off it was."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.cache import enable_compile_cache
from loopcast.errors import TrainingError
from loopcast.models.imputer.form import ImputerConfig, output
from loopcast.models.imputer.mask_sampler import MaskSampler
from loopcast.nn.cells import Array
from loopcast.training.adam import Moments, adam_update, bias_corrected_rate, clip_by_norm
from loopcast.training.config import TrainingConfig, rates

SCALE_LOSS_WEIGHT = (
    0.1  # how much the sizes of errors count: little, so that gradients are clipped for the errors themselves
)
CHECK = 50  # updates after which a loss is looked at: sooner, the device would wait for it


class Progress(NamedTuple):
    """What one update hands to the next."""

    weights: Array
    moments: Moments


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingSet:
    """What is learned from: scaled values `[row, channel]` with NaN, the rows of each series, and how to hide."""

    form: ImputerConfig
    values: np.ndarray
    offsets: np.ndarray
    hiding: MaskSampler


def train(
    lesson: TrainingSet, recipe: TrainingConfig, updates: int, callback: Callable[[str], None], seed: int
) -> np.ndarray:
    """The weights, one vector, after so many updates; `callback` is told the latest known loss before each.

    Ctrl-C goes through. TrainingError where a loss is not finite.
    """
    enable_compile_cache()
    start = jax.device_put(lesson.form.network.initial(seed))
    progress = Progress(start, Moments.zero(len(start)))
    rng = np.random.default_rng(seed)
    update = np.arange(updates)
    pace = rates(recipe, update, updates)
    step = bias_corrected_rate(pace, update)
    said = ""
    for number in range(updates):
        callback(said)
        values, inside = sample_windows(lesson, rng, recipe.batch_size)
        hidden = lesson.hiding.sample(rng, recipe.batch_size, lesson.form.window)
        progress, loss = imputer_step(
            lesson.form,
            recipe.clip,
            progress,
            values,
            inside,
            hidden,
            np.float32(pace[number]),
            np.float32(step[number]),
        )
        if (number + 1) % CHECK == 0 or number + 1 == updates:
            said = f"loss {require_finite(float(loss), number + 1):.3f}"
    return np.asarray(progress.weights)


def sample_windows(lesson: TrainingSet, rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` windows from anywhere, float32 `[count, window, channel]`, and which rows of each are in its series."""
    width, lengths = lesson.form.window, np.diff(lesson.offsets)
    places = np.maximum(lengths - width, 0) + 1
    ends = np.cumsum(places)
    drawn = rng.integers(ends[-1], size=count)
    series = np.searchsorted(ends, drawn, side="right")
    rows = (lesson.offsets[series] + drawn - (ends - places)[series])[:, None] + np.arange(width)
    inside = rows < lesson.offsets[series + 1][:, None]
    values = lesson.values[np.minimum(rows, len(lesson.values) - 1)]
    return np.where(inside[..., None], values, np.float32(np.nan)), inside


def require_finite(loss: float, updates: int) -> float:
    if not np.isfinite(loss):
        raise TrainingError(f"training broke down after {updates} updates (loss {loss:g}): try a lower learning_rate")
    return loss


@jax.jit(static_argnums=(0, 1))
def imputer_step(
    form: ImputerConfig,
    clip: float | None,
    progress: Progress,
    values: Array,
    inside: Array,
    hidden: Array,
    rate: Array,
    step: Array,
) -> tuple[Progress, Array]:
    """One update towards values that are known and `hidden`, and the mean absolute error of them before it."""
    asked = hidden & ~jnp.isnan(values)

    def loss(weights: Array) -> tuple[Array, Array]:
        said = output(form, weights, jnp.where(asked, jnp.nan, values), inside)
        off = jnp.abs(jnp.where(asked, said.values - jnp.where(asked, values, 0.0), 0.0))
        doubt = (
            jnp.log(said.expected_errors) + jax.lax.stop_gradient(off) / said.expected_errors
        )  # Laplace's, least where sizes fit
        error, count = off.sum(), jnp.maximum(asked.sum(), 1)
        return (error + SCALE_LOSS_WEIGHT * jnp.where(asked, doubt, 0.0).sum()) / count, error / count

    (_, value), gradient = jax.value_and_grad(loss, has_aux=True)(progress.weights)
    weights, moments = adam_update(
        progress.weights, progress.moments, clip_by_norm(gradient, clip), rate=rate, step=step, weight_decay=None
    )
    return Progress(weights, moments), value
