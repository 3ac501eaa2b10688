"""The training of the shipped network: always fresh synthetic series, a mean of late weights, resumable."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from safetensors.numpy import load_file, save_file

from loopcast.models.pretrained.weights import shipped_network
from loopcast.nn.origin_network import OriginNetwork
from loopcast.pretraining.plan import KINDS, kinds_of_updates
from loopcast.pretraining.pools import Pool, draw_pool
from loopcast.training.adam import Moments, bias_corrected_rate
from loopcast.training.origin_objective import OriginBatch, OriginObjective
from loopcast.training.train_step import StepSizes, TrainState, TrainStep

PEAK, WARM, CLIP = 2e-3, 0.06, 1.0  # learning rate, share of the updates before it, largest norm of a gradient
AVERAGED, EVERY = 0.95, 10  # how much of the mean of weights is kept, every so many updates
KEPT = 500  # updates between two files


class Progress(NamedTuple):
    """How far training has come."""

    state: TrainState
    mean: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Pretraining:
    """updates: in all; seed: of weights and series; out: the file of weights, and beside it that of the progress."""

    updates: int
    seed: int
    out: Path

    def run(self) -> None:
        """To the end; what was interrupted goes on from the last file, to the same bits."""
        program = TrainStep(
            objective=OriginObjective(network=OriginNetwork(shape=shipped_network())), clip=CLIP, weight_decay=None
        )
        progress, done = self._begun(program)
        kinds, rate = kinds_of_updates(self.updates, self.seed), self._rates()
        step = bias_corrected_rate(rate, np.arange(self.updates))
        counts = np.bincount(kinds[:done], minlength=len(KINDS))
        pools = lru_cache(len(KINDS))(lambda place, number: draw_pool(KINDS[place], self.seed, place, number))
        losses, began = [], time.monotonic()
        for update in range(done, self.updates):
            batch = _batch(pools, kinds[update], counts)
            pace = StepSizes(
                *jax.device_put((np.float32(rate[update : update + 1]), np.float32(step[update : update + 1])))
            )
            stacked = jax.tree.map(lambda part: part[None], batch)
            state, sums = program.run_batches(progress.state, None, stacked, np.int32(1), pace)
            mean = progress.mean
            if (update + 1) % EVERY == 0:
                kept = AVERAGED if update > EVERY else 0.0
                mean = kept * mean + (1 - kept) * np.asarray(state.weights)
            progress = Progress(state, mean)
            losses.append(float(sums.loss) / max(float(sums.counted), 1e-6))
            if (update + 1) % KEPT == 0 or update + 1 == self.updates:
                self._keep(progress, update + 1)
                took = time.monotonic() - began
                sys.stderr.write(f"{update + 1:6} of {self.updates}  loss {np.mean(losses):.4f}  {took:.0f} s\n")
                losses = []

    def _rates(self) -> np.ndarray:
        """Up in a straight line, then down half a cosine."""
        update = np.arange(self.updates)
        warm = max(round(WARM * self.updates), 1)
        falling = 0.5 * (1 + np.cos(np.pi * np.clip((update - warm) / max(self.updates - warm, 1), 0, 1)))
        rates: np.ndarray = PEAK * np.where(update < warm, (update + 1) / warm, falling)
        return rates

    @property
    def _file(self) -> Path:
        return self.out.with_suffix(".progress")

    def _begun(self, program: TrainStep) -> tuple[Progress, int]:
        state = program.start(self.seed)
        if not self._file.exists():
            return Progress(state, np.asarray(state.weights)), 0
        kept = load_file(self._file)
        moments = Moments(*jax.device_put((kept["first"], kept["second"])))
        done = int(kept["updates"][0])
        state = TrainState(*jax.device_put((kept["weights"], moments, np.uint32(self.seed), np.int32(done))))
        return Progress(state, kept["mean"]), done

    def _keep(self, progress: Progress, updates: int) -> None:
        weights, moments = progress.state.weights, progress.state.moments
        arrays = {"weights": weights, "first": moments.first, "second": moments.second, "mean": progress.mean}
        whole = {name: np.asarray(part) for name, part in arrays.items()} | {"updates": np.array([updates])}
        save_file(whole, self._file)
        save_file({"weights": progress.mean.astype(np.float32)}, self.out)


def _batch(pools: Callable[[int, int], Pool], place: int, counts: np.ndarray) -> OriginBatch:
    """The next examples of a kind."""
    number, within = divmod(int(counts[place]), KINDS[place].updates_per_pool)
    counts[place] += 1
    return pools(place, number).batch(within)
