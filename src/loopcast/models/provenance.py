"""When and on what a model was fitted, and with which versions."""

import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any, Self

import numpy as np

from loopcast.data.panel import Panel
from loopcast.data.time_grid import future_times


@cache
def _jax_version() -> str:
    """Without loading JAX."""
    return version("jax")


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """fitted_at: in UTC. series, rows: how many. first, last: the earliest and the latest time, as text.

    python, numpy, jax: their versions then.
    """

    fitted_at: str
    series: int
    rows: int
    first: str
    last: str
    python: str
    numpy: str
    jax: str

    @classmethod
    def of(cls, panel: Panel, now: datetime | None = None) -> Self:
        """Of a fit on `panel` that ends now."""
        ends = future_times(panel.starts, panel.lengths - 1, 1, panel.schema.freq)
        return cls(
            fitted_at=(now or datetime.now(UTC)).isoformat(timespec="seconds"),
            series=panel.n_series,
            rows=panel.n_rows,
            first=str(panel.starts.min()),
            last=str(ends.max()),
            python=platform.python_version(),
            numpy=np.__version__,
            jax=_jax_version(),
        )

    def describe(self) -> str:
        """In a sentence."""
        series = "1 series" if self.series == 1 else f"{self.series:,} series"
        return f"Fitted {self.fitted_at} on {self.rows:,} rows of {series}, {self.first} to {self.last}."


def describe(heading: str, model: Any) -> str:
    """A model in plain words: what was chosen and why, on what, and the tags of its file."""
    lines = [f"{heading}{model.description}"]
    lines += [model.provenance.describe()] if model.provenance is not None else []
    return "\n  ".join([*lines, *(f"{name}: {text}" for name, text in model.tags.items())])


def facts_of(model: Any) -> dict[str, Any]:
    """What a model is, and what it was fitted on, as plain values."""
    fitted = {} if model.provenance is None else asdict(model.provenance)
    return {
        "description": model.description,
        "parameters": model.n_parameters,
        "targets": list(model.schema.columns.targets),
        "freq": str(model.schema.freq),
        **fitted,
        "tags": dict(model.tags),
    }
