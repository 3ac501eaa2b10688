"""One decoder for all steps ahead: quantiles of each, of what the state knows and what the step might be.

    a = tanh(state U + step V + b);  a = a + tanh(a W + c);  o = a R + r

The median is a sum of candidates, weighed by the outputs; gaps from quantile to quantile are positive, so that they
cannot cross. Any step ahead is read by the same numbers, also one beyond those that were trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

PROBABILITIES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)
SIDE = len(PROBABILITIES) // 2  # quantiles on each side of the median
MEDIAN_GAIN = 3.0


class StepWeights(NamedTuple):
    """In the order of the equations."""

    state: Any  # [state + inputs, units]
    step: Any  # [candidates + codes, units]
    bias: Any
    second: Any  # [units, units]
    second_bias: Any
    readout: Any  # [units, 1 + candidates + 2 * SIDE]
    readout_bias: Any


@dataclass(frozen=True, kw_only=True)
class StepDecoder:
    """state, inputs: numbers that are known of a row; candidates, codes: of a step ahead; units: in between."""

    state: int
    inputs: int
    candidates: int
    codes: int
    units: int = 64

    @property
    def outputs(self) -> int:
        return 1 + self.candidates + 2 * SIDE

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name and shape of every weight, in the order of `StepWeights`."""
        return {
            "decoder.state": (self.state + self.inputs, self.units),
            "decoder.step": (self.candidates + self.codes, self.units),
            "decoder.bias": (self.units,),
            "decoder.second": (self.units, self.units),
            "decoder.second_bias": (self.units,),
            "decoder.readout": (self.units, self.outputs),
            "decoder.readout_bias": (self.outputs,),
        }

    def apply(self, weights: StepWeights, state: Any, inputs: Any, candidates: Any, codes: Any, *, xp: Any) -> Any:
        """Quantiles `[..., step, probability]`, in units of the scale, from the base.

        state: `[..., state]`; inputs: `[..., input]`; candidates: `[..., step, candidate]`; codes: `[..., step, code]`.
        xp: the library of the arrays, `jax.numpy` or NumPy itself. This is what the kernels' decoder is to say.
        """
        known = xp.concatenate([state, inputs], axis=-1) @ weights.state + weights.bias
        ahead = xp.concatenate([xp.arcsinh(candidates), codes], axis=-1) @ weights.step
        hidden = xp.tanh(known[..., None, :] + ahead)
        hidden = hidden + xp.tanh(hidden @ weights.second + weights.second_bias)
        out = hidden @ weights.readout + weights.readout_bias
        shares = out[..., 1 : 1 + self.candidates]
        median = MEDIAN_GAIN * out[..., 0] + (shares * candidates).sum(axis=-1)
        gaps = xp.logaddexp(out[..., 1 + self.candidates :], 0.0)  # softplus
        below = median[..., None] - xp.cumsum(gaps[..., :SIDE], axis=-1)
        above = median[..., None] + xp.cumsum(gaps[..., SIDE:], axis=-1)
        return xp.concatenate([below[..., ::-1], median[..., None], above], axis=-1)
