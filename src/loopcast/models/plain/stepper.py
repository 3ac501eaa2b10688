"""One step of one series a call, outside JAX: microseconds, where dispatching a compiled program takes more."""

from collections.abc import Callable
from itertools import pairwise
from threading import Lock

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.errors import OptionError
from loopcast.forks import check_not_forked
from loopcast.models.plain.ensemble import Members, step, zero_states
from loopcast.nn.ctypes_step import DirectStep
from loopcast.nn.network import Network

Step = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


class Stepper:
    """A network's members, ready to take one observation at a time: `state, output = stepper(state, features)`.

    features: float32 `[feature]`, a row of what `PlainRecurrent.features` gives. NaN makes everything after it NaN.
    state: an opaque float32 vector, `stepper.start` before the first observation. It is not kept here but goes in and
        comes out, new each time: one stepper serves any number of series, and any number of threads in turn.
    output: float32 `[output]`, the mean over members, in the network's own units.

    The fused kernels take the step, called directly; where they cannot run, a compiled program does.
    Raises OptionError for features or a state of another shape.
    """

    def __init__(self, network: Network, members: Members) -> None:
        make = _by_kernels if network.runs_on_kernels else _by_program
        numbers, self._take = make(network, members)
        self._shapes = (numbers,), (network.inputs,)
        self.start = np.zeros(numbers, np.float32)

    def __call__(self, state: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if (state.shape, features.shape) != self._shapes:
            raise OptionError(
                f"state and features have the shapes {self._shapes[0]} and {self._shapes[1]}, "
                f"got {state.shape} and {features.shape}"
            )
        check_not_forked()
        return self._take(state, features)


def _by_kernels(network: Network, members: Members) -> tuple[int, Step]:
    """How many numbers a state has, and the step; every member's state follows the one before."""
    each = [_direct(DirectStep(network.cell, weights.layers, weights.dense)) for weights in members]
    return each[0] if len(each) == 1 else _averaged(each)


def _direct(call: DirectStep) -> tuple[int, Step]:
    lock = Lock()

    def take(state: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with lock:
            call.before[:] = state
            call.inputs[:] = features
            call.run()
            return call.after.copy(), call.outputs.copy()

    return call.before.size, take


def _averaged(members: list[tuple[int, Step]]) -> tuple[int, Step]:
    ends = np.cumsum([0, *(numbers for numbers, _ in members)])
    each = [(slice(a, b), take) for (a, b), (_, take) in zip(pairwise(ends), members, strict=True)]

    def take_all(state: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        after, outputs = zip(*(take(state[own], features) for own, take in each), strict=True)
        return np.concatenate(after), np.mean(outputs, axis=0)

    return int(ends[-1]), take_all


def _by_program(network: Network, members: Members) -> tuple[int, Step]:
    """The same by one compiled program."""
    leaves, tree = jax.tree.flatten(jax.eval_shape(lambda: zero_states(network, members, 1)))
    ends = np.cumsum([0, *(leaf.size for leaf in leaves)])

    @jax.jit
    def run(vector: jax.Array, features: jax.Array) -> tuple[jax.Array, jax.Array]:
        parts = [vector[a:b].reshape(leaf.shape) for (a, b), leaf in zip(pairwise(ends), leaves, strict=True)]
        states, said = step(network, members, jax.tree.unflatten(tree, parts), features[None])
        return jnp.concatenate([jnp.zeros(0), *(leaf.ravel() for leaf in jax.tree.leaves(states))]), said[0]

    def take(state: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        after, output = run(np.asarray(state, np.float32), np.asarray(features, np.float32))
        return np.array(after), np.array(output)

    return int(ends[-1]), take
