"""What a model keeps of histories, and the compiled steps on it: take rows in, read off, feed back."""

from operator import getitem
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.features.gather import per_channel, side_by_side
from loopcast.features.interpolate import Past
from loopcast.features.scaling import Scaling
from loopcast.models.recurrent.ensemble import Members, MemberStates, Model, said, scan, step, zero_states
from loopcast.nn.compiled import compiled
from loopcast.nn.heads import DISTRIBUTIONS, DistributionName
from loopcast.nn.network import Network

Array = jax.Array


class Carry(NamedTuple):
    """All that a model keeps of a batch of histories."""

    states: MemberStates
    past: Past  # the latest `reach` values, [batch, channel, reach], NaN where there is none
    given: Array  # what the members gave after the latest one, [member, batch, given]


class Coming(NamedTuple):
    """What is known of a batch of series besides their values, at a cutoff."""

    static: Array  # [batch, number]
    codes: Array  # int32 [batch, table]
    ahead: Array  # [batch, step, number]: of the steps to come


def nothing_seen(model: Model, batch: int) -> Carry:
    """The carry before the first observation."""
    shapes = jax.eval_shape(lambda: zero_states(model.network, model.members, batch))
    states = jax.tree.map(lambda shape: np.zeros(shape.shape, shape.dtype), shapes)  # of NumPy: nothing to compile
    past = np.full((batch, model.channels, model.scaling.reach), np.nan, np.float32)
    given = np.zeros((len(model.members), batch, model.network.given), np.float32)
    return Carry(*jax.device_put((states, Past(past, past if model.scaling.bridge else None), given)))


class Taken(NamedTuple):
    """Rows of a batch of series, to be taken in."""

    values: Past  # [batch, channel, time]
    known: Array  # [batch, time, number]
    codes: Array  # int32 [batch, table]


@compiled(2)
def absorb(
    network: Network, scaling: Scaling, members: Members, carry: Carry, taken: Taken, observed: Array | None
) -> Carry:
    """Take rows in; where `observed` `[batch, time]` is False, nothing changes (None: all is)."""
    steps, reach = taken.values.values.shape[-1], scaling.reach
    joined = carry.past.then(taken.values, jnp.concatenate)
    past = joined.each(getitem, (..., slice(1, None))).each(stretches, reach)
    own = side_by_side(scaling.view(past.values, 1, past.bridged).features)
    features = jnp.concatenate([own, taken.known], axis=-1)
    states, given = scan(network, members, carry.states, features, taken.codes, observed=observed, last_only=True)
    return Carry(states, joined.each(getitem, (..., slice(steps, None))), given[:, :, -1])


def stretches(values: Array, width: int) -> Array:
    """Every stretch of `width` neighbours, `[..., time]` to `[..., time - width + 1, width]`."""
    if width == 1:
        return values[..., None]
    return values[..., jnp.arange(values.shape[-1] - width + 1)[:, None] + jnp.arange(width)]


@compiled(3)
def outputs_of(network: Network, channels: int, horizon: int, members: Members, given: Array, ahead: Array) -> Array:
    """`outputs_now`, compiled."""
    return outputs_now(network, channels, horizon, members, given, ahead)


def outputs_now(network: Network, channels: int, horizon: int, members: Members, given: Array, ahead: Array) -> Array:
    """The outputs for each channel, `[batch, channel, horizon * parameter]`, of what was given last."""
    return per_channel(said(network, members, given[:, :, None], ahead)[:, 0], channels, horizon)


@compiled(4)
def roll(
    network: Network,
    scaling: Scaling,
    distribution: DistributionName,
    blocks: int,
    members: Members,
    carry: Carry,
    coming: Coming,
) -> Array:
    """`blocks` times the network's horizon ahead, `[batch, channel, blocks * horizon]`: each is fed back."""
    kind, channels = DISTRIBUTIONS[distribution], carry.past.values.shape[1]
    horizon = network.outputs // (kind.parameters * channels)

    def read(carry: Carry, ahead: Array) -> Array:
        own = outputs_now(network, channels, horizon, members, carry.given, ahead)
        return scaling.value_of(scaling.view(carry.past.values, horizon, carry.past.bridged), kind.median(own))

    def push(carry: Carry, each: tuple[Array, Array]) -> tuple[Carry, None]:
        value, known = each
        past = carry.past.each(lambda each: jnp.concatenate([each[..., 1:], value[..., None]], axis=-1))
        own = scaling.view(past.values, 1, past.bridged).features
        inputs = jnp.concatenate([own.reshape(len(own), -1), coming.static, known], axis=-1)
        states, given = step(network, members, carry.states, inputs, coming.codes)
        return Carry(states, past, given), None

    def block(carry: Carry, ahead: Array) -> tuple[Carry, Array]:
        said_ahead = read(carry, ahead)
        steps = (jnp.moveaxis(said_ahead, -1, 0), jnp.moveaxis(ahead, 1, 0))
        return jax.lax.scan(push, carry, steps)[0], said_ahead

    # A gap that is open at the cutoff stays one: what is bridged there knows what came.
    carry = carry._replace(past=carry.past.each(lambda each: scaling.whole(carry.past.values, each)))
    known = coming.ahead.reshape(len(coming.ahead), blocks, horizon, -1)
    if blocks == 1:
        return read(carry, known[:, 0])
    carry, earlier = jax.lax.scan(block, carry, jnp.moveaxis(known[:, :-1], 1, 0))
    before = jnp.moveaxis(earlier, 0, 2).reshape(*carry.past.values.shape[:2], -1)
    return jnp.concatenate([before, read(carry, known[:, -1])], axis=-1)


@compiled(2)
def unscaled(_: Network, scaling: Scaling, past: Past, scaled: Array) -> Array:
    """The values that outputs `[batch, channel, horizon, probability]` mean."""
    view = scaling.view(past.values, scaled.shape[-2], past.bridged)
    return jax.vmap(lambda each: scaling.value_of(view, each), in_axes=-1, out_axes=-1)(scaled)
