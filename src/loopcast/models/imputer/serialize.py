"""What an imputer learned as a model file holds it, and back, with everything checked."""

from typing import Any

import numpy as np

from loopcast.errors import OptionError
from loopcast.models.fitted import ModelPayload
from loopcast.models.imputer.baselines import BLENDED, methods_for
from loopcast.models.imputer.blend import EDGES as BLEND_EDGES
from loopcast.models.imputer.blend import NETWORK, Blend
from loopcast.models.imputer.form import ImputerConfig
from loopcast.models.imputer.plan import network_of
from loopcast.models.imputer.scaler import Scale, Scaler
from loopcast.models.imputer.scores import Scores
from loopcast.models.imputer.state import ImputerState
from loopcast.models.imputer.widths import EDGES, WIDTH_SHARES, IntervalWidths
from loopcast.nn.network import CellName
from loopcast.validation import check_positive

FACTS = {"channels", "units", "window", "season", "members", "updates", "series", "measure", "scores", "fitted_on"}
MEASURES = ("fixed", "each")
DIGEST = 64  # letters of a SHA-256


def to_parts(learned: ImputerState, options: dict[str, Any]) -> ModelPayload:
    """What a model file holds; `from_parts` undoes it."""
    form, fixed, usual = learned.form, learned.measure.fixed, learned.measure.prior
    arrays = {
        "weights": learned.weights,
        "shares": learned.blend.shares,
        "widths": learned.widths.sizes,
        "chosen": learned.methods.astype(np.float32),
    }
    facts = {
        "channels": form.channels,
        "units": form.network.units,
        "window": form.window,
        "season": form.season,
        "members": len(learned.weights),
        "updates": learned.updates,
        "series": len(learned.methods) - 1,
        "measure": "fixed" if fixed is not None else "each",
        "scores": {
            method: tuple(None if np.isnan(x) else float(x) for x in mae) for method, mae in learned.scores.mae.items()
        },
        "fitted_on": learned.fitted_on,
    }
    own = {} if fixed is None else {"level": fixed.level, "spread": fixed.spread}
    own |= {} if usual is None else {"usual": usual}
    return ModelPayload(options=options, facts=facts, arrays=arrays | own)


def from_parts(parts: ModelPayload, *, cell: CellName, causal: bool) -> ImputerState:
    """What was learned; OptionError where a fact or the shape of an array cannot be right."""
    facts = parts.facts
    if set(facts) != FACTS:
        raise OptionError(f"expected {sorted(FACTS)}, got {sorted(facts)}")
    for name in ("channels", "window", "season", "members", "updates", "series"):
        check_positive(name, facts[name])
    channels, members = facts["channels"], facts["members"]
    if not isinstance(facts["units"], tuple) or not facts["units"]:
        raise OptionError(f"units are a list of whole numbers, got {facts['units']!r}")
    network = network_of(
        cell, tuple(check_positive("units", units) for units in facts["units"]), channels, causal=causal
    )
    methods, beside = (NETWORK, *methods_for(causal=causal)), (NETWORK, *BLENDED["causal" if causal else "two-sided"])
    shapes: dict[str, tuple[int, ...]] = {
        "weights": (members, network.parameters),
        "shares": (len(beside), channels, len(BLEND_EDGES) + 1),
        "widths": (channels, len(EDGES) + 1, len(WIDTH_SHARES)),
        "chosen": (facts["series"] + 1, channels),
    }
    if facts["measure"] not in MEASURES:
        raise OptionError(f"measure is one of {', '.join(MEASURES)}, got {facts['measure']!r}")
    fixed = facts["measure"] == "fixed"
    shapes |= {"level": (1, channels), "spread": (1, channels)} if fixed else {"usual": (3, channels)} if causal else {}
    parts.check_schema(FACTS, shapes)
    arrays = parts.arrays
    spreads = [arrays["spread"] if fixed else arrays["usual"][1:]] if fixed or causal else []
    if any((each <= 0).any() for each in spreads):
        raise OptionError("a spread is above 0")
    return ImputerState(
        form=ImputerConfig(network=network, window=facts["window"], season=facts["season"], causal=causal),
        weights=arrays["weights"],
        updates=facts["updates"],
        measure=Scaler(
            fixed=Scale(level=arrays["level"], spread=arrays["spread"]) if fixed else None, prior=arrays.get("usual")
        ),
        blend=Blend(methods=beside, shares=arrays["shares"]),
        widths=IntervalWidths(sizes=arrays["widths"]),
        scores=Scores(mae={method: scored(facts["scores"], method, channels) for method in methods}),
        methods=places(arrays["chosen"], len(methods)),
        fitted_on=named(facts["fitted_on"]),
    )


def scored(scores: Any, method: str, channels: int) -> np.ndarray:
    """Errors of one way by channel, NaN for None."""
    found = scores.get(method) if isinstance(scores, dict) else None
    if not isinstance(found, tuple) or len(found) != channels:
        raise OptionError(f"scores hold {channels} numbers of {method!r}, got {found!r}")
    if not all(x is None or (isinstance(x, int | float) and not isinstance(x, bool)) for x in found):
        raise OptionError(f"scores are numbers or null, got {found!r}")
    return np.array([np.nan if x is None else x for x in found], np.float64)


def places(chosen: np.ndarray, methods: int) -> np.ndarray:
    """Which way fills what, as whole numbers below `methods`."""
    whole = chosen.astype(np.int64)
    if (whole != chosen).any() or (whole < 0).any() or (whole >= methods).any():
        raise OptionError(f"chosen are whole numbers from 0 to {methods - 1}")
    return whole


def named(digest: Any) -> str:
    if not isinstance(digest, str) or len(digest) != DIGEST:
        raise OptionError(f"fitted_on is a text of {DIGEST} letters, got {digest!r}")
    return digest
