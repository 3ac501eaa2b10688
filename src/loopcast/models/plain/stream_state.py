"""What a plain network keeps of histories, and the compiled steps on it: take rows in, read off, feed back."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.features.gather import per_channel
from loopcast.features.sizes import FARTHEST
from loopcast.models.plain.ensemble import Ensemble, Members, MemberStates, scan, step, zero_states
from loopcast.nn.compiled import jit_network
from loopcast.nn.network import Network

Array = jax.Array


class StreamState(NamedTuple):
    """All that a model keeps of a batch of histories."""

    states: MemberStates
    past: Array  # the latest values, [batch, channel, lag], 0 where there is none
    said: Array  # the output after the latest one, [batch, output]


def initial_state(model: Ensemble, batch: int) -> StreamState:
    """Before the first observation."""
    shapes = jax.eval_shape(lambda: zero_states(model.network, model.members, batch))
    states = jax.tree.map(lambda shape: np.zeros(shape.shape, shape.dtype), shapes)  # of NumPy: nothing to compile
    past = np.zeros((batch, model.channels, model.lags), np.float32)
    return StreamState(*jax.device_put((states, past, np.zeros((batch, model.network.outputs), np.float32))))


@jit_network(1)
def update_state(
    network: Network, members: Members, carry: StreamState, values: Array, observed: Array | None
) -> StreamState:
    """Take `values` `[batch, channel, time]` in; where `observed` `[batch, time]` is False, nothing changes (None: all
    is).
    """
    steps, lags = values.shape[-1], carry.past.shape[-1]
    joined = jnp.concatenate([carry.past, values], axis=-1)
    features = shown(joined[..., 1:], lags)
    states, said = scan(network, members, carry.states, features, observed=observed, last_only=True)
    return StreamState(states, joined[..., steps:], said[:, -1])


def shown(values: Array, lags: int) -> Array:
    """What the network sees at each step but the first `lags - 1`, `[batch, time, channel * lag]`."""
    steps = values.shape[-1] - lags + 1
    each = values[..., jnp.arange(steps)[:, None] + jnp.arange(lags)]  # [batch, channel, time, lag]
    return each.swapaxes(1, 2).reshape(len(values), steps, -1)


@jit_network(2)
def rollout(network: Network, blocks: int, members: Members, carry: StreamState) -> Array:
    """`blocks` times the network's horizon ahead, `[batch, channel, blocks * horizon]`: each is fed back.

    What is fed back stays within FARTHEST times the range of the latest values and the first block: small errors of
    errors would grow without end.
    """
    channels = carry.past.shape[1]

    def push(carry: StreamState, value: Array) -> tuple[StreamState, None]:
        past = jnp.concatenate([carry.past[..., 1:], value[..., None]], axis=-1)
        states, said = step(network, members, carry.states, past.reshape(len(past), -1))
        return StreamState(states, past, said), None

    def block(carry: StreamState, _: None) -> tuple[StreamState, Array]:
        ahead = jnp.clip(per_channel(carry.said, channels), low, high)
        return jax.lax.scan(push, carry, jnp.moveaxis(ahead, -1, 0))[0], ahead

    first = per_channel(carry.said, channels)
    if blocks == 1:
        return first
    low, high = within_reach(carry.past, first)
    carry, earlier = jax.lax.scan(block, carry, None, length=blocks - 1)
    before = jnp.moveaxis(earlier, 0, 2).reshape(*carry.past.shape[:2], -1)
    return jnp.concatenate([before, jnp.clip(per_channel(carry.said, channels), low, high)], axis=-1)


def within_reach(past: Array, first: Array) -> tuple[Array, Array]:
    """The lowest and the highest value of later blocks, `[batch, channel, 1]`."""
    seen = jnp.concatenate([past, first], axis=-1)
    low, high = seen.min(-1, keepdims=True), seen.max(-1, keepdims=True)
    room = FARTHEST * (high - low)
    return low - room, high + room
