"""How a model file holds what a model knows of covariates: plain facts, and one array of scales."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from loopcast.columns import CALENDAR, Columns
from loopcast.errors import OptionError
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.standardize import Standardization

FACTS = {"columns", "gappy", "categories", "unknown", "parts"}


def to_file(encoding: ExogenousEncoder) -> tuple[dict[str, Any], np.ndarray]:
    """Its facts as plain values, and its scales, float32 `[2, number]`: mean and spread of past, future, static."""
    facts = {name: getattr(encoding, name) for name in FACTS} | {"columns": encoding.columns.to_json()}
    return facts, np.concatenate([np.stack(each) for each in (encoding.past, encoding.future, encoding.static)], axis=1)


def from_file(facts: Any, scales: np.ndarray) -> ExogenousEncoder:
    """The encoding that `to_file` wrote; OptionError where they cannot be of one."""
    if not isinstance(facts, Mapping) or set(facts) != FACTS or not isinstance(facts["unknown"], bool):
        raise OptionError(f"an encoding has the entries {sorted(FACTS)}, got {facts!r}")
    columns, gappy, parts = Columns.from_json(facts["columns"]), facts["gappy"], facts["parts"]
    counts = [len(columns.past), len(columns.future), _count_numbers(columns, facts["categories"])]
    if scales.shape != (2, sum(counts)) or scales.dtype != np.float32 or not (scales[1] > 0).all():
        raise OptionError(f"the scales of {sum(counts)} numbers are float32 [2, number], got {scales.shape}")
    if not _all(gappy, bool) or len(gappy) != counts[0] + counts[1]:
        raise OptionError(f"an encoding says of each covariate whether it has gaps, got {gappy!r}")
    if not _all(parts, str) or not set(parts) <= {*CALENDAR, "holiday"} or len(set(parts)) < len(parts):
        raise OptionError(f"an encoding shows parts of a calendar, got {parts!r}")
    if ("holiday" in parts) != (columns.holidays is not None):
        raise OptionError(f"holidays are shown where the columns name whose, got {parts!r} and {columns}")
    past, future, static = (Standardization(*each) for each in np.split(scales, np.cumsum(counts)[:-1], axis=1))
    plain = {name: facts[name] for name in FACTS - {"columns"}}
    return ExogenousEncoder(columns=columns, past=past, future=future, static=static, **plain)


def _all(values: Any, kind: type) -> bool:
    return isinstance(values, tuple) and all(type(value) is kind for value in values)


def _count_numbers(columns: Columns, categories: Any) -> int:
    """How many static covariates are numbers; OptionError unless the others have categories, each once."""
    if not isinstance(categories, tuple) or len(categories) != len(columns.static):
        raise OptionError(f"an encoding has categories, or none, for each static covariate, got {categories!r}")
    known = [each for each in categories if each is not None]
    if not all(_all(each, str) and each and len(set(each)) == len(each) for each in known):
        raise OptionError("the categories of a static covariate are different words")
    return len(categories) - len(known)
