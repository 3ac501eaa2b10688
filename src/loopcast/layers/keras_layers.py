"""Keras's recurrent layers with the fused kernels inside: the same arguments, weights and results.

`FusedLoop` replaces one method of Keras's layer, the loop over time. All else (state, masks, dropout's random numbers,
constraints, regularizers, files) is Keras's own code.
"""

from abc import abstractmethod
from typing import Any, get_args

import jax
import jax.numpy as jnp

from loopcast.backend import keras
from loopcast.errors import OptionError
from loopcast.nn.cells import CELLS, Array, State
from loopcast.nn.fused import fused_scan, why_not_fused
from loopcast.nn.shapes import CellWeights
from loopcast.nn.stack import Fused

TANH = (keras.activations.tanh, keras.ops.tanh, jnp.tanh)
SIGMOID = (keras.activations.sigmoid, keras.ops.sigmoid, jax.nn.sigmoid)


class FusedLoop(keras.layers.RNN):  # type: ignore[misc]
    """What the three layers share: whether the kernels can run the loop over time, and how they do."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """Which of CELLS it loops."""

    def __init__(self, *args: Any, fused: Fused = "auto", **kwargs: Any) -> None:
        if fused not in get_args(Fused):
            raise OptionError(f"fused is one of {', '.join(map(repr, get_args(Fused)))}, got {fused!r}")
        super().__init__(*args, **kwargs)
        self.fused = fused

    def get_config(self) -> dict[str, Any]:
        """The stock layer's configuration, and `fused`."""
        return {**super().get_config(), "fused": self.fused}

    def describe(self, *, training: bool = False) -> str:
        """Which loop runs the layer and why, in one sentence.

        >>> from loopcast.layers import GRU
        >>> GRU(8, activation="relu").describe()
        "Keras's own loop runs it: its activation is relu, and the kernels compute tanh."
        """
        reason = self.why_not_fused(training=training)
        return "The fused kernels run it." if reason is None else f"Keras's own loop runs it: {reason}."

    def why_not_fused(self, sequences: Array | None = None, *, training: bool = False) -> str | None:
        """Why the kernels cannot run the layer on `sequences`, as a sentence; None if they can.

        sequences: only the dtype counts; None stands for inputs of the layer's own.
        training: whether dropout is at work.
        """
        cell, each_gate = self.cell, getattr(self.cell, "implementation", 2) == 1
        gate = getattr(cell, "recurrent_activation", SIGMOID[0])
        obstacles = (
            (self.fused == "never", 'fused="never" asks for it'),
            (cell.activation not in TANH, f"its activation is {_name(cell.activation)}, and the kernels compute tanh"),
            (gate not in SIGMOID, f"its recurrent_activation is {_name(gate)}, and the kernels compute sigmoid"),
            (self.unroll, "unroll=True asks for one step after another without a loop"),
            (getattr(self, "use_cudnn", False) is True, "use_cudnn=True asks for cuDNN"),
            (
                training and cell.recurrent_dropout > 0,
                "in training, recurrent_dropout drops from the state of each step",
            ),
            (training and cell.dropout > 0 and each_gate, "in training, implementation=1 drops inputs gate by gate"),
            (training and cell.dropout == 1, "in training, dropout=1 leaves nothing of the inputs"),
        )
        mine: Any = jax.ShapeDtypeStruct((), self.compute_dtype)  # type: ignore[no-untyped-call]
        weights = [CellWeights(mine, mine, mine)]
        found = (sentence for met, sentence in obstacles if met)
        return next(found, None) or why_not_fused(self.kind, weights, (), mine if sequences is None else sequences)

    def inner_loop(
        self, sequences: Array, initial_state: list[Array], mask: Any, training: bool = False
    ) -> tuple[Array, Array, list[Array]]:
        """Keras's hook: the last output, all outputs (or the last alone), and the final state."""
        reason = self.why_not_fused(sequences, training=training)
        if reason is None:
            return self._fused_loop(sequences, tuple(initial_state), _observed(mask, sequences), training)
        if self.fused == "always":
            raise OptionError(f'fused="always", but {reason}')
        return super().inner_loop(sequences, initial_state, mask=mask, training=training)

    def _fused_loop(
        self, sequences: Array, state: State, observed: Array | None, training: bool
    ) -> tuple[Array, Array, list[Array]]:
        if training and self.dropout > 0:  # the mask was drawn when the call began, one for all steps
            sequences = sequences * self.cell.get_dropout_mask(sequences[:, 0])[:, None]
        if self.go_backwards:  # outputs stay in the order in which the steps were taken
            sequences = jnp.flip(sequences, axis=1)
            observed = None if observed is None else jnp.flip(observed, axis=1)
        (final,), outputs = fused_scan(
            self.kind, (self._weights(),), (state,), sequences, observed, last_only=not self.return_sequences
        )
        if self.zero_output_for_mask and observed is not None:
            outputs = jnp.where(observed[:, -outputs.shape[1] :, None], outputs, 0.0)
        return outputs[:, -1], outputs, list(final)

    def _weights(self) -> CellWeights:
        cell = self.cell
        bias = jnp.zeros(CELLS[self.kind].bias_shape(cell.units), jnp.float32) if cell.bias is None else cell.bias
        return CellWeights(*map(keras.ops.convert_to_tensor, (cell.kernel, cell.recurrent_kernel, bias)))


@keras.saving.register_keras_serializable(package="loopcast")
class SimpleRNN(FusedLoop, keras.layers.SimpleRNN):  # type: ignore[misc]
    """h' = tanh(x W + b + h U), over a sequence (Elman, 1990): `keras.layers.SimpleRNN`, in a fused kernel.

    Arguments, weights, shapes and results are those of `keras.layers.SimpleRNN`; `LSTM` says what is added.

    >>> import numpy as np
    >>> SimpleRNN(3, return_sequences=True)(np.ones((2, 5, 1), np.float32)).shape
    (2, 5, 3)
    """

    kind = "simple"


@keras.saving.register_keras_serializable(package="loopcast")
class GRU(FusedLoop, keras.layers.GRU):  # type: ignore[misc]
    """The gated recurrent unit (Cho et al., 2014), over a sequence: `keras.layers.GRU`, in a fused kernel.

    Arguments, weights, shapes and results are those of `keras.layers.GRU`; `LSTM` says what is added.

    >>> import numpy as np
    >>> GRU(3)(np.ones((2, 5, 1), np.float32)).shape
    (2, 3)
    """

    @property
    def kind(self) -> str:
        return "gru" if self.cell.reset_after else "gru_reset_before"


@keras.saving.register_keras_serializable(package="loopcast")
class LSTM(FusedLoop, keras.layers.LSTM):  # type: ignore[misc]
    """Long short-term memory (Gers et al., 2000), over a sequence: `keras.layers.LSTM`, in a fused kernel.

    Arguments, weights, shapes and results (to rounding) are those of `keras.layers.LSTM`: inputs
    `[batch, time, feature]` to `[batch, units]`, or `[batch, time, units]` with return_sequences=True.

    fused: "auto" runs the kernels where they can compute what the layer's other arguments say, in float32 on a CPU,
        and Keras's own loop elsewhere; "always" is an OptionError where they cannot, once the layer runs; "never"
        is Keras's own loop. `describe()` says which runs, and why.

    NaN at a step stays in its own series' outputs from there on; at a masked step it is not used, in gradients neither.
    The kernels have reverse-mode derivatives, once: `fused="never"` is for jax.jvp and second derivatives.
    A saved model names these layers: use one of them, such as `loopcast.layers.LSTM`, before `keras.saving.load_model`.
    Raises OptionError for another value of `fused`, and Keras's errors for the rest.

    >>> import numpy as np
    >>> layer = LSTM(3, return_sequences=True, return_state=True)
    >>> outputs, h, c = layer(np.ones((2, 5, 1), np.float32))
    >>> outputs.shape, h.shape, c.shape
    ((2, 5, 3), (2, 3), (2, 3))
    """

    kind = "lstm"


def _observed(mask: Any, sequences: Array) -> Array | None:
    """Keras's mask as bool `[batch, time]`; it comes in any dtype, `[batch, time]` or `[batch, time, 1]`."""
    mask = mask[0] if isinstance(mask, list | tuple) else mask
    if mask is None:
        return None
    observed = jnp.asarray(mask, bool)
    observed = observed.any(axis=-1) if observed.ndim == 3 else observed
    return jnp.broadcast_to(observed, sequences.shape[:2])


def _name(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)
