"""Made-up series for trying things out."""

import numpy as np

from loopcast.errors import OptionError, quote


def generate_time_series(batch_size: int, n_steps: int, *, shared_frequency: bool = False, seed: int) -> np.ndarray:
    """Series that are each the sum of two sine waves and a little noise, float32 `[batch, time, 1]`.

    For t from 0 to 1 in `n_steps` steps, with frequencies f1, f2 and offsets o1, o2 drawn from [0, 1) for each
    series, and noise from [-0.5, 0.5) for each step:

        y(t) = 0.5 sin((t - o1)(10 f1 + 10)) + 0.2 sin((t - o2)(20 f2 + 20)) + 0.1 noise

    shared_frequency: draw the same series with f2 in place of f1, which is what the notebook that made these
    series known does by a slip (Géron, Hands-On Machine Learning, chapter 15); its published numbers need it.
    seed: the same seed gives the same series. No value is missing.

    Raises OptionError for anything but positive whole numbers (and a seed of at least 0).

    >>> generate_time_series(2, 50, seed=42).shape
    (2, 50, 1)
    """
    _whole("batch_size", batch_size, 1)
    _whole("n_steps", n_steps, 1)
    _whole("seed", seed, 0)
    random = np.random.default_rng(seed)
    freq1, freq2, offset1, offset2 = random.random((4, batch_size, 1))
    noise = random.random((batch_size, n_steps)) - 0.5
    time = np.linspace(0, 1, n_steps)
    first = np.sin((time - offset1) * (10 * (freq2 if shared_frequency else freq1) + 10))
    second = np.sin((time - offset2) * (20 * freq2 + 20))
    return (0.5 * first + 0.2 * second + 0.1 * noise)[..., None].astype(np.float32)


def _whole(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise OptionError(f"{name} is a whole number of at least {least}, got {quote(value)}")
