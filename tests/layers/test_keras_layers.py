"""Our Keras layers beside Keras's own, from the same weights."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loopcast import kernels, layers
from loopcast.backend import keras
from loopcast.errors import OptionError
from loopcast.kernels import LIBRARY

pytestmark = pytest.mark.filterwarnings(
    # Keras, as it reads its variables: they have NumPy 1's signature of __array__
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras.src.*"
)

NAMES = ("SimpleRNN", "GRU", "LSTM")
VARIANTS = [("SimpleRNN", {}), ("GRU", {}), ("GRU", {"reset_after": False}), ("LSTM", {})]
needs_kernels = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")


def close(actual, expected, share=1e-5):
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        if jnp.issubdtype(a.dtype, jnp.inexact):
            np.testing.assert_allclose(a, b, rtol=share, atol=share * max(1.0, np.abs(b).max(initial=0.0)))
        else:
            np.testing.assert_array_equal(a, b)


def both(name, units, shape, *, fused="always", rng=None, **options):
    """Our layer and Keras's, built for inputs of `shape`, with the same random distinct weights."""
    rng = np.random.default_rng(0) if rng is None else rng
    ours = getattr(layers, name)(units, fused=fused, **options)
    stock = getattr(keras.layers, name)(units, **options)
    for layer in (ours, stock):
        layer.build(shape)
    stock.set_weights([rng.normal(size=w.shape) / np.sqrt(max(1, w.shape[0])) for w in stock.get_weights()])
    ours.set_weights(stock.get_weights())
    return ours, stock


def value_and_gradients(layer, inputs, states=None, mask=None, *, training=False):
    """Outputs, variables after the call, and gradients of a random weighting of the outputs."""
    trainable, others = ([v.value for v in vs] for vs in (layer.trainable_variables, layer.non_trainable_variables))

    def weighted(trainable, inputs, states):
        results, after = layer.stateless_call(
            trainable, others, inputs, initial_state=states, mask=mask, training=training
        )
        rng = np.random.default_rng(1)
        parts = [(leaf * rng.normal(size=leaf.shape).astype(np.float32)).sum() for leaf in jax.tree.leaves(results)]
        return sum(parts), (results, after)

    (_, results), gradients = jax.jit(jax.value_and_grad(weighted, argnums=(0, 1, 2), has_aux=True))(
        trainable, inputs, states
    )
    return results, gradients


def random_case(seed):
    """A layer's options, its shape, what it is called on and whether it trains; every third seed the same cell."""
    rng = np.random.default_rng(seed)

    def coin(chance=0.5):
        return bool(rng.random() < chance)

    name, units = NAMES[seed % 3], int(rng.choice([1, 3, 17]))
    batch, time, width = int(rng.choice([0, 1, 3, 17])), int(rng.choice([1, 3, 17])), int(rng.choice([0, 1, 3, 17]))
    switches = ("return_sequences", "return_state", "go_backwards", "stateful", "zero_output_for_mask", "use_bias")
    options = {switch: coin() for switch in switches} | {"dropout": 0.3 * coin(), "seed": 5}
    if name == "GRU":
        options["reset_after"] = coin()
    inputs = jnp.asarray(rng.normal(size=(batch, time, width)), jnp.float32)
    count = 2 if name == "LSTM" else 1
    states = [jnp.asarray(rng.normal(size=(batch, units)), jnp.float32) for _ in range(count)] if coin() else None
    mask = jnp.asarray(rng.random((batch, time)) < 0.6) if coin() else None
    return name, units, options, (inputs, states, mask), coin(), rng


@needs_kernels
@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(6, 400))])
def test_random_layers_equal_stock_keras_forward_and_gradient(seed):
    name, units, options, arguments, training, rng = random_case(seed)
    ours, stock = both(name, units, arguments[0].shape, rng=rng, **options)
    expected = value_and_gradients(stock, *arguments, training=training)
    close(value_and_gradients(ours, *arguments, training=training), expected)


@needs_kernels
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_calls_outside_a_compiled_program_equal_stock_keras(name, options):
    inputs = np.random.default_rng(2).normal(size=(3, 7, 2)).astype(np.float32)
    ours, stock = both(name, 5, inputs.shape, return_sequences=True, return_state=True, go_backwards=True, **options)
    close(ours(inputs), stock(inputs))


@needs_kernels
@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 1), (1, 5)])
@pytest.mark.parametrize("dtype", [bool, np.int32, np.float32])
def test_masks_come_in_every_shape_and_dtype_that_keras_takes(shape, dtype):
    rng = np.random.default_rng(3)
    mask = (rng.random(shape) < 0.5).astype(dtype)
    inputs = rng.normal(size=(3, 5, 2)).astype(np.float32)
    ours, stock = both("GRU", 4, inputs.shape, return_sequences=True)
    close(ours(inputs, mask=mask), stock(inputs, mask=mask))


# A layer that the kernels cannot run, whether it trains, and words of the sentence that says why
REASONS = [
    ("SimpleRNN", {"activation": "relu"}, False, "activation is relu"),
    ("GRU", {"activation": None}, False, "activation is linear"),
    ("LSTM", {"recurrent_activation": "hard_sigmoid"}, False, "recurrent_activation is hard_sigmoid"),
    ("GRU", {"reset_after": False, "recurrent_dropout": 0.4, "seed": 1}, True, "recurrent_dropout"),
    ("LSTM", {"unroll": True}, False, "unroll"),
    ("GRU", {"recurrent_dropout": 0.4, "seed": 1}, True, "recurrent_dropout"),
    ("SimpleRNN", {"recurrent_dropout": 0.4, "seed": 1}, True, "recurrent_dropout"),
    # use_cudnn=False keeps Keras 3.15 from its own mistake: it takes the mask of each gate for one mask
    ("LSTM", {"dropout": 0.4, "seed": 1, "implementation": 1, "use_cudnn": False}, True, "implementation=1"),
    ("SimpleRNN", {"dropout": 1.0, "seed": 1}, True, "dropout=1"),
    ("LSTM", {"dtype": "mixed_float16"}, False, "float16"),
    ("GRU", {"dtype": "mixed_bfloat16"}, False, "bfloat16"),
]


@needs_kernels
@pytest.mark.parametrize(("name", "options", "training", "words"), REASONS)
def test_where_the_kernels_cannot_run_it_says_why_and_keras_s_own_loop_does(name, options, training, words):
    inputs = jnp.asarray(np.random.default_rng(4).normal(size=(3, 4, 2)), jnp.float32)
    ours, stock = both(name, 3, inputs.shape, fused="auto", **options)
    assert words in ours.why_not_fused(training=training)
    assert ours.describe(training=training).startswith("Keras's own loop runs it: ")
    np.testing.assert_array_equal(ours(inputs, training=training), stock(inputs, training=training))
    ours.fused = "always"
    with pytest.raises(OptionError, match=f'fused="always", but .*{words}'):
        ours(inputs, training=training)


@needs_kernels
@pytest.mark.parametrize("options", [{"recurrent_dropout": 0.4}, {"dropout": 0.4, "implementation": 1}])
def test_dropout_out_of_training_does_not_keep_the_kernels_from_running(options):
    inputs = np.random.default_rng(4).normal(size=(3, 4, 2)).astype(np.float32)
    ours, stock = both("LSTM", 3, inputs.shape, **options)
    assert ours.describe() == "The fused kernels run it."
    close(ours(inputs), stock(inputs))


@needs_kernels
def test_fused_never_and_inputs_of_another_dtype_are_for_keras_s_own_loop():
    layer = layers.LSTM(3, fused="never")
    assert layer.describe() == 'Keras\'s own loop runs it: fused="never" asks for it.'
    whole = jnp.ones((2, 3, 1), jnp.int32)
    assert "int32" in layers.LSTM(3).why_not_fused(whole)
    ours, stock = both("LSTM", 3, whole.shape, fused="auto")
    np.testing.assert_array_equal(ours(whole), stock(whole))


def test_cudnn_where_it_is_asked_for_is_keras_s_affair():
    with pytest.raises(ValueError, match="cuDNN is not supported"):
        layers.LSTM(3, use_cudnn=True)(np.ones((2, 3, 1), np.float32))


def test_another_value_of_fused_is_an_error():
    with pytest.raises(OptionError, match="'auto', 'always', 'never', got 'sometimes'"):
        layers.GRU(3, fused="sometimes")


def test_without_the_library_keras_s_own_loop_runs(monkeypatch, tmp_path):
    monkeypatch.setattr(kernels, "LIBRARY", tmp_path / "absent.so")
    inputs = np.ones((2, 3, 1), np.float32)
    ours, stock = both("GRU", 3, inputs.shape, fused="auto")
    assert "not built" in ours.describe()
    np.testing.assert_array_equal(ours(inputs), stock(inputs))


@needs_kernels
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_it_works_under_vmap_and_scan(name, options):
    inputs = jnp.asarray(np.random.default_rng(5).normal(size=(3, 4, 6, 2)), jnp.float32)

    def mapped_and_total(layer):
        weights, others = ([v.value for v in vs] for vs in (layer.trainable_variables, layer.non_trainable_variables))

        def loss(weights, inputs):
            return jnp.square(layer.stateless_call(weights, others, inputs)[0]).sum()

        mapped = jax.vmap(jax.grad(loss), in_axes=(None, 0))(weights, inputs)
        return mapped, jax.lax.scan(lambda total, x: (total + loss(weights, x), None), 0.0, inputs)[0]

    ours, stock = both(name, 3, (4, 6, 2), **options)
    close(mapped_and_total(ours), mapped_and_total(stock))


@needs_kernels
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_the_comparison_would_notice_swapped_gates_and_transposed_weights(name, options):
    inputs = np.random.default_rng(6).normal(size=(3, 5, 3)).astype(np.float32)
    ours, stock = both(name, 4, inputs.shape, **options)
    expected, weights = stock(inputs), stock.get_weights()
    order = np.roll(np.arange(weights[1].shape[1] // 4), 1)
    columns = (4 * order[:, None] + np.arange(4)).ravel()
    swapped = [w[..., columns] for w in weights]
    transposed = weights[1].reshape(4, -1, 4).transpose(2, 1, 0).reshape(weights[1].shape)
    wrong = [[weights[0], transposed, weights[2]], [*weights[:2], 0 * weights[2]]]
    for changed in wrong + [swapped] * (name != "SimpleRNN"):
        ours.set_weights(changed)
        with pytest.raises(AssertionError):
            close(ours(inputs), expected)


@needs_kernels
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_nan_stays_in_its_series_and_at_masked_steps_it_is_not_used(name, options):
    rng = np.random.default_rng(7)
    inputs, mask = jnp.asarray(rng.normal(size=(3, 5, 2)), jnp.float32), jnp.ones((3, 5), bool).at[1, 2].set(False)
    holed = inputs.at[1, 2].set(jnp.nan)
    layer, _ = both(name, 4, inputs.shape, **options)
    np.testing.assert_array_equal(np.isnan(layer(holed)).all(axis=1), [False, True, False])
    clean, filled = (value_and_gradients(layer, x, None, mask) for x in (inputs, holed))
    for a, b in zip(jax.tree.leaves(filled), jax.tree.leaves(clean), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_a_configuration_goes_to_stock_keras_and_back(name, options):
    cls, stock_cls = getattr(layers, name), getattr(keras.layers, name)
    config = cls(3, dropout=0.2, go_backwards=True, fused="never", name="mine", **options).get_config()
    stock = stock_cls.from_config({key: value for key, value in config.items() if key != "fused"})
    assert config == stock.get_config() | {"fused": "never"}
    assert cls.from_config(config).get_config() == config
    assert cls.from_config(stock.get_config()).fused == "auto"


def model(source, *, seed=0):
    """An embedding that masks, four recurrent layers and a dense one, of a source of layers."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((None,)),
            keras.layers.Embedding(7, 3, mask_zero=True),
            source.LSTM(5, return_sequences=True, dropout=0.2, seed=3),
            source.GRU(4, return_sequences=True),
            source.GRU(3, return_sequences=True, reset_after=False),
            source.SimpleRNN(4),
            keras.layers.Dense(1),
        ]
    )


@needs_kernels
def test_fit_equals_that_of_stock_keras():
    rng = np.random.default_rng(8)
    x = rng.integers(0, 7, size=(32, 9))
    y = rng.normal(size=(32, 1)).astype(np.float32)
    stock, ours = model(keras.layers), model(layers)
    ours.set_weights(stock.get_weights())
    losses = []
    for one in (stock, ours):
        one.compile(optimizer="adam", loss="mse")
        losses.append(one.fit(x, y, epochs=3, batch_size=16, shuffle=False, verbose=0).history["loss"])
    assert losses[0][-1] < losses[0][0]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    for a, b in zip(ours.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


LOAD = """
import sys, numpy as np
from loopcast import kernels, layers
from loopcast.backend import keras
layers.LSTM
loaded = keras.saving.load_model(sys.argv[1])
np.save(sys.argv[2], loaded.predict(np.arange(12).reshape(2, 6) % 7, verbose=0))
print([type(part).__module__ for part in loaded.layers if hasattr(part, "fused")])
"""


@pytest.mark.slow
def test_a_saved_model_is_loaded_by_another_process(tmp_path):
    saved, path, results = model(layers), tmp_path / "model.keras", tmp_path / "results.npy"
    saved.save(path)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(path), str(results)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(["loopcast.layers.keras_layers"] * 4)
    np.testing.assert_array_equal(np.load(results), saved.predict(np.arange(12).reshape(2, 6) % 7, verbose=0))


def test_importing_what_stands_beside_them_does_not_load_keras():
    code = "import sys, loopcast.nn.stack; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_another_name_is_an_attribute_error():
    assert set(layers.__all__) <= set(dir(layers))
    with pytest.raises(AttributeError, match="no attribute 'ConvLSTM1D'"):
        layers.ConvLSTM1D  # noqa: B018
