"""The training of the shipped network: always fresh synthetic series, a mean of late weights, resumable."""

import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jax
import numpy as np
from safetensors.numpy import load_file, save_file

from loopcast.models.pretrained.weights import shipped_network
from loopcast.nn.origin_network import OriginNetwork
from loopcast.pretraining.plan import BATCH, KINDS, kinds_of_updates
from loopcast.pretraining.pools import draw_pool
from loopcast.training.adam import Moments
from loopcast.training.config import TrainingConfig, rates
from loopcast.training.data_source import Losses
from loopcast.training.origin_objective import OriginObjective
from loopcast.training.origin_pool import Examples, Pool
from loopcast.training.run import means_of, paces_of, program_of, run_updates
from loopcast.training.train_step import TrainState, TrainStep

RECIPE = TrainingConfig(
    epochs=1, batch_size=BATCH, learning_rate=2e-3, loss="mae", schedule="one-cycle", warm=0.06, average=0.995, clip=1.0
)
KEPT = 500  # updates between two files


@dataclass(frozen=True, kw_only=True)
class Pretraining:
    """updates: in all; seed: of weights and series; out: the file of weights, and beside it that of the progress."""

    updates: int
    seed: int
    out: Path

    def run(self) -> None:
        """To the end; what was interrupted goes on from the last file, to the same bits."""
        program = program_of(OriginObjective(network=OriginNetwork(shape=shipped_network())), RECIPE)
        state, done = self._begun(program)
        kinds = kinds_of_updates(self.updates, self.seed)
        rate = rates(RECIPE, np.arange(self.updates), self.updates)
        counts = np.bincount(kinds[:done], minlength=len(KINDS))
        pools = lru_cache(len(KINDS))(self._pool)
        sums: list[Losses] = []
        began = time.monotonic()
        for update in range(done, self.updates):
            place = kinds[update]
            number, within = divmod(int(counts[place]), KINDS[place].updates_per_pool)
            counts[place] += 1
            examples, order = pools(place, number)
            draw = jax.tree.map(lambda part: part[None], Pool(examples=examples, order=order).draw(within, BATCH))
            state, losses = run_updates(program, state, examples, draw, paces_of(rate[update : update + 1], update))
            sums += losses
            if (update + 1) % KEPT == 0 or update + 1 == self.updates:
                self._keep(state, update + 1)
                took = time.monotonic() - began
                sys.stderr.write(f"{update + 1:6} of {self.updates}  loss {means_of(sums).loss:.4f}  {took:.0f} s\n")
                sums = []

    def _pool(self, place: int, number: int) -> tuple[Examples, np.ndarray]:
        """A kind's pool, on the device."""
        pool = draw_pool(KINDS[place], self.seed, place, number)
        return jax.device_put(pool.examples), pool.order

    @property
    def _file(self) -> Path:
        return self.out.with_suffix(".progress")

    def _begun(self, program: TrainStep) -> tuple[TrainState, int]:
        state = program.start(self.seed)
        if not self._file.exists():
            return state, 0
        kept = load_file(self._file)
        moments, done = Moments(*jax.device_put((kept["first"], kept["second"]))), int(kept["updates"][0])
        weights, mean, update = jax.device_put((kept["weights"], kept["mean"], np.int32(done)))
        return state._replace(weights=weights, moments=moments, update=update, mean=mean), done

    def _keep(self, state: TrainState, updates: int) -> None:
        arrays = {"weights": state.weights, "first": state.moments.first, "second": state.moments.second}
        whole = {name: np.asarray(part) for name, part in (arrays | {"mean": state.best}).items()}
        save_file(whole | {"updates": np.array([updates])}, self._file)
        save_file({"weights": whole["mean"]}, self.out)
