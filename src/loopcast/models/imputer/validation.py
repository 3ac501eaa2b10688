"""What an imputer can be asked, and which series it takes."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from loopcast.data.panel import Panel
from loopcast.data.runs import runs_of
from loopcast.errors import LengthError, OptionError, ValuesError
from loopcast.validation import check_positive, check_seed

LEAST_ROWS = 8  # of the longest series


def check_options(options: Mapping[str, Any]) -> None:
    """OptionError for an option of `Imputer` that means nothing."""
    if options["mode"] not in ("two-sided", "causal"):
        raise OptionError(f'mode is "two-sided" or "causal", got {options["mode"]!r}')
    if options["cell"] not in ("lstm", "gru", "simple"):
        raise OptionError(f"cell is one of 'lstm', 'gru', 'simple', got {options['cell']!r}")
    for name in ("updates", "batch_size", "season", "window"):
        if options[name] is not None:
            check_positive(name, options[name])
    _check_units(options["units"])
    if not isinstance(options["best"], bool):
        raise OptionError(f"best is True or False, got {options['best']!r}")
    if not isinstance(options["show_progress"], bool | None):
        raise OptionError(f"show_progress is True or False, or None, got {options['show_progress']!r}")
    check_seed(options["seed"])
    rate = options["learning_rate"]
    if not isinstance(rate, int | float) or not 0 < rate < math.inf:
        raise OptionError(f"learning_rate is a number above 0, got {rate!r}")


def _check_units(units: Any) -> None:
    if units is None:
        return
    if not isinstance(units, tuple) or not units:
        raise OptionError(f"units is a tuple of whole numbers, one for each layer, got {units!r}")
    for each in units:
        check_positive("units", each)


def check_trainable(panel: Panel, gaps_like: Panel) -> None:
    """That an imputer can learn from `panel`, with gaps like those of the other; errors as `Imputer.fit` says."""
    require_values(panel)
    if panel.lengths.max() < LEAST_ROWS:
        raise LengthError(
            f"an imputer learns from series of {LEAST_ROWS} rows, and the longest has {panel.lengths.max()}: give "
            "longer ones"
        )
    if gaps_like.n_channels != panel.n_channels:
        raise OptionError(f"gaps_like has {gaps_like.n_channels} channels, and the data {panel.n_channels}")


def require_values(panel: Panel) -> None:
    """ValuesError naming the first series and target of which nothing is known."""
    known = np.add.reduceat(~np.isnan(panel.values), panel.offsets[:-1], dtype=np.int64)
    if (known == 0).any():
        series, channel = np.argwhere(known == 0)[0]
        raise ValuesError(
            f"series {panel.ids[int(series)]!r} has no value in {panel.targets[int(channel)]!r}: leave the series or "
            "the column out"
        )


def why_unsure(panel: Panel) -> str | None:
    """Which targets have gaps that are longer than any stretch of their known values, in a sentence; None for none.

    Such a gap cannot be tried: so many values in a row are not there to be hidden.
    """
    missing = np.isnan(panel.values)
    gap, known = (runs_of(flags, panel.offsets).longest(panel.n_channels) for flags in (missing, ~missing))
    wrong = [f"{panel.targets[c]!r} ({gap[c]:,} rows, and {known[c]:,})" for c in np.flatnonzero(gap > known)]
    if not wrong:
        return None
    return (
        f"Gaps longer than any stretch of known values could not be tried, and how sure it is there is not known: "
        f"{', '.join(wrong)}."
    )
