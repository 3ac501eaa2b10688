"""The cells as plain NumPy loops, one series and one step at a time, in float64."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def simple(kernel, recurrent, bias, h, x):
    (h,) = h
    return (np.tanh(x @ kernel + h @ recurrent + bias),)


def lstm(kernel, recurrent, bias, state, x):
    h, c = state
    u = len(h)
    z = x @ kernel + h @ recurrent + bias
    i, f, g, o = sigmoid(z[:u]), sigmoid(z[u : 2 * u]), np.tanh(z[2 * u : 3 * u]), sigmoid(z[3 * u :])
    c = f * c + i * g
    return o * np.tanh(c), c


def gru(kernel, recurrent, bias, state, x):
    (h,) = state
    u = len(h)
    a, b = x @ kernel + bias[0], h @ recurrent + bias[1]
    z, r = sigmoid(a[:u] + b[:u]), sigmoid(a[u : 2 * u] + b[u : 2 * u])
    return (z * h + (1 - z) * np.tanh(a[2 * u :] + r * b[2 * u :]),)


def gru_reset_before(kernel, recurrent, bias, state, x):
    (h,) = state
    u = len(h)
    z, r = (sigmoid((x @ kernel + bias + h @ recurrent)[k * u : (k + 1) * u]) for k in range(2))
    return (z * h + (1 - z) * np.tanh((x @ kernel + bias)[2 * u :] + (r * h) @ recurrent[:, 2 * u :]),)


STEPS = {"simple": simple, "lstm": lstm, "gru": gru, "gru_reset_before": gru_reset_before}


def run(cell, weights, states, inputs, observed=None):
    """`inputs` `[batch, time, input]`, weights (kernel, recurrent, bias), states `[batch, units]` each."""
    weights = [np.asarray(part, np.float64) for part in weights]
    batch, time = inputs.shape[:2]
    outputs = np.zeros((batch, time, states[0].shape[1]))
    finals = [np.array(state, np.float64) for state in states]
    for series in range(batch):
        state = tuple(final[series] for final in finals)
        for t in range(time):
            if observed is None or observed[series, t]:
                state = STEPS[cell](*weights, state, inputs[series, t].astype(np.float64))
            outputs[series, t] = state[0]
        for final, part in zip(finals, state, strict=True):
            final[series] = part
    return finals, outputs
