"""What a model keeps of histories, and the compiled steps on it: take rows in, read off, feed back."""

from operator import getitem
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.features.gather import merge_channels, per_channel
from loopcast.features.interpolate import History
from loopcast.features.scaling import Scaling
from loopcast.features.sizes import FARTHEST
from loopcast.models.recurrent.ensemble import Ensemble, Members, MemberStates, ensemble_mean, scan, step, zero_states
from loopcast.nn.compiled import jit_network
from loopcast.nn.heads import DISTRIBUTIONS, DistributionName
from loopcast.nn.network import Network

Array = jax.Array


class StreamState(NamedTuple):
    """All that a model keeps of a batch of histories."""

    states: MemberStates
    past: History  # the latest `reach` values, [batch, channel, reach], NaN where there is none
    given: Array  # what the members gave after the latest one, [member, batch, given]


class FutureInputs(NamedTuple):
    """What is known of a batch of series besides their values, at a cutoff."""

    static: Array  # [batch, number]
    codes: Array  # int32 [batch, table]
    ahead: Array  # [batch, step, number]: of the steps to come


def initial_state(model: Ensemble, batch: int) -> StreamState:
    """The carry before the first observation."""
    shapes = jax.eval_shape(lambda: zero_states(model.network, model.members, batch))
    states = jax.tree.map(lambda shape: np.zeros(shape.shape, shape.dtype), shapes)  # of NumPy: nothing to compile
    past = np.full((batch, model.channels, model.scaling.lookback), np.nan, np.float32)
    given = np.zeros((len(model.members), batch, model.network.raw_width), np.float32)
    return StreamState(
        *jax.device_put((states, History(past, past if model.scaling.max_interpolated_gap else None), given))
    )


class InputChunk(NamedTuple):
    """Rows of a batch of series, to be taken in."""

    values: History  # [batch, channel, time]
    known: Array  # [batch, time, number]
    codes: Array  # int32 [batch, table]


@jit_network(2)
def update_state(
    network: Network, scaling: Scaling, members: Members, carry: StreamState, taken: InputChunk, observed: Array | None
) -> StreamState:
    """Take rows in; where `observed` `[batch, time]` is False, nothing changes (None: all is)."""
    steps, reach = taken.values.values.shape[-1], scaling.lookback
    joined = carry.past.concat(taken.values, jnp.concatenate)
    past = joined.map(getitem, (..., slice(1, None))).map(sliding_windows, reach)
    own = merge_channels(scaling.encode(past.values, 1, past.bridged).features)
    features = jnp.concatenate([own, taken.known], axis=-1)
    states, given = scan(network, members, carry.states, features, taken.codes, observed=observed, last_only=True)
    return StreamState(states, joined.map(getitem, (..., slice(steps, None))), given[:, :, -1])


def sliding_windows(values: Array, width: int) -> Array:
    """Every stretch of `width` neighbours, `[..., time]` to `[..., time - width + 1, width]`."""
    if width == 1:
        return values[..., None]
    return values[..., jnp.arange(values.shape[-1] - width + 1)[:, None] + jnp.arange(width)]


@jit_network(3)
def outputs_of(network: Network, channels: int, horizon: int, members: Members, given: Array, ahead: Array) -> Array:
    """`read_outputs`, compiled."""
    return read_outputs(network, channels, horizon, members, given, ahead)


def read_outputs(network: Network, channels: int, horizon: int, members: Members, given: Array, ahead: Array) -> Array:
    """The outputs for each channel, `[batch, channel, horizon * parameter]`, of what was given last."""
    return per_channel(ensemble_mean(network, members, given[:, :, None], ahead)[:, 0], channels, horizon)


@jit_network(4)
def rollout(
    network: Network,
    scaling: Scaling,
    distribution: DistributionName,
    blocks: int,
    members: Members,
    carry: StreamState,
    coming: FutureInputs,
) -> Array:
    """`blocks` times the network's horizon ahead, `[batch, channel, blocks * horizon]`: each is fed back.

    What is fed back stays within FARTHEST times the range of the latest values and the first block: small errors of
    errors would grow without end.
    """
    kind, channels = DISTRIBUTIONS[distribution], carry.past.values.shape[1]
    horizon = network.outputs // (kind.parameters * channels)

    def read(carry: StreamState, ahead: Array) -> Array:
        own = read_outputs(network, channels, horizon, members, carry.given, ahead)
        return scaling.denormalize(scaling.encode(carry.past.values, horizon, carry.past.bridged), kind.median(own))

    def push(carry: StreamState, each: tuple[Array, Array]) -> tuple[StreamState, None]:
        value, known = each
        past = carry.past.map(lambda each: jnp.concatenate([each[..., 1:], value[..., None]], axis=-1))
        own = scaling.encode(past.values, 1, past.bridged).features
        inputs = jnp.concatenate([own.reshape(len(own), -1), coming.static, known], axis=-1)
        states, given = step(network, members, carry.states, inputs, coming.codes)
        return StreamState(states, past, given), None

    def block(carry: StreamState, ahead: Array) -> tuple[StreamState, Array]:
        said_ahead = jnp.clip(read(carry, ahead), low, high)
        steps = (jnp.moveaxis(said_ahead, -1, 0), jnp.moveaxis(ahead, 1, 0))
        return jax.lax.scan(push, carry, steps)[0], said_ahead

    # A gap that is open at the cutoff stays one: what is bridged there knows what came.
    carry = carry._replace(past=carry.past.map(lambda each: scaling.interpolate_closed_gaps(carry.past.values, each)))
    known = coming.ahead.reshape(len(coming.ahead), blocks, horizon, -1)
    if blocks == 1:
        return read(carry, known[:, 0])
    low, high = within_reach(carry.past.values, read(carry, known[:, 0]))
    carry, earlier = jax.lax.scan(block, carry, jnp.moveaxis(known[:, :-1], 1, 0))
    before = jnp.moveaxis(earlier, 0, 2).reshape(*carry.past.values.shape[:2], -1)
    return jnp.concatenate([before, jnp.clip(read(carry, known[:, -1]), low, high)], axis=-1)


def within_reach(past: Array, first: Array) -> tuple[Array, Array]:
    """The lowest and the highest value of later blocks, `[batch, channel, 1]`; infinite where there is no value."""
    seen = jnp.concatenate([past, first], axis=-1)
    there = ~jnp.isnan(seen)
    low = jnp.where(there, seen, jnp.inf).min(-1, keepdims=True)
    high = jnp.where(there, seen, -jnp.inf).max(-1, keepdims=True)
    room = jnp.maximum(FARTHEST * (high - low), 0.0)
    return low - room, high + room


@jit_network(2)
def denormalize(_: Network, scaling: Scaling, past: History, scaled: Array) -> Array:
    """The values that outputs `[batch, channel, horizon, probability]` mean."""
    view = scaling.encode(past.values, scaled.shape[-2], past.bridged)
    return jax.vmap(lambda each: scaling.denormalize(view, each), in_axes=-1, out_axes=-1)(scaled)
