"""KServe's time-series API: series as arrays in, their mean forecast and quantiles out."""

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from loopcast.columns import Bands
from loopcast.data.convert import check_compatible
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.data.time_grid import future_times
from loopcast.data.validate import LARGEST
from loopcast.errors import DataError, OptionError, quote, quote_all
from loopcast.models.forecaster import Forecaster
from loopcast.models.pretrained.forecaster import Pretrained
from loopcast.service import bodies
from loopcast.service.catalog import loaded
from loopcast.service.options import UNTUNED, validated
from loopcast.service.request import Work

Kind = Literal["univariate_time_series", "multivariate_time_series"]
STEPS = {"S": "s", "T": "min", "H": "h", "D": "D", "W": "7D", "M": "MS", "Q": "QS", "Y": "YS"}
WORDS = {"second": "S", "minute": "T", "hour": "H", "day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
ENDS = {"MS": "ME", "QS": "QE", "YS": "YE"}
UNDATED = "1970-01-01T00:00:00"  # where a series that says no start is taken to begin


class SeriesInput(BaseModel):
    """A series, or several that go together: values, null where one is missing."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    type: Kind = "univariate_time_series"
    name: str = Field(max_length=200)
    series: list[float | None] | list[list[float | None]]
    frequency: Literal[
        "S", "T", "H", "D", "W", "M", "Q", "Y",
        "second", "minute", "hour", "day", "week", "month", "quarter", "year",
    ]  # fmt: skip
    start_timestamp: str | None = None


class SeriesOptions(BaseModel):
    """How far, and which quantiles."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    horizon: int = Field(ge=1)
    quantiles: list[float] | None = None


class SeriesRequest(BaseModel):
    """What KServe's clients send."""

    model_config = ConfigDict(extra="ignore")

    model: str
    inputs: list[SeriesInput] = Field(min_length=1)
    options: SeriesOptions


class SeriesForecast(BaseModel):
    """The forecast of one input."""

    type: Kind
    name: str
    mean_forecast: list[float] | list[list[float]]
    frequency: str
    start_timestamp: str
    quantiles: dict[str, list[float] | list[list[float]]] | None = None


class SeriesOutput(BaseModel):
    """All forecasts of a request."""

    type: str = "time_series_forecast"
    id: str
    status: str = "completed"
    content: list[SeriesForecast]
    error: None = None


class SeriesAnswer(BaseModel):
    """What KServe's clients get."""

    id: str
    created_at: int
    status: str = "completed"
    error: None = None
    model: str
    outputs: list[SeriesOutput]


def forecast_series(work: Work) -> bytes:
    """The answer to a request; errors are those of `Forecaster.predict`.

    The mean is the median where a model says no mean. The pretrained network says its own quantiles, which nothing on
    these series has calibrated: POST /v1/forecast does that.
    """
    asked = validated(SeriesRequest, bodies.object_in(work.path))
    work.limits.check_horizon(asked.options.horizon)
    rows = sum(len(each.series) for each in asked.inputs)
    work.limits.check_table(len(asked.inputs), rows)
    work.limits.check_answer(len(asked.inputs) * asked.options.horizon)
    model = None if asked.model == UNTUNED else loaded(work.model_file(asked.model))
    content = [_forecast(each, asked.options, model) for each in asked.inputs]
    name = str(uuid.uuid4())
    facts = {
        "id": name,
        "created_at": int(time.time()),
        "status": "completed",
        "error": None,
        "model": asked.model,
        "outputs": [
            {"type": "time_series_forecast", "id": name, "status": "completed", "content": content, "error": None}
        ],
    }
    return json.dumps(facts, allow_nan=False).encode()


def _forecast(given: SeriesInput, options: SeriesOptions, model: Forecaster | None) -> dict[str, Any]:
    """The forecast of one input, as plain values."""
    panel = panel_of(given)
    forecaster = model or _untuned(panel)
    probabilities = Bands.of(quantiles=options.quantiles or ()).quantiles
    told = forecaster.predict_panel(_fitting(panel, forecaster), options.horizon, (0,), probabilities)
    start = future_times(panel.starts, panel.lengths, 1, panel.schema.freq)[0]
    return {
        "type": given.type,
        "name": given.name,
        "mean_forecast": _steps(given, told.values[0, 0]),
        "frequency": given.frequency,
        "start_timestamp": start.isoformat(),
        "quantiles": dict(_quantiles(given, told, probabilities)) if probabilities else None,
    }


def _untuned(panel: Panel) -> Forecaster:
    """The pretrained network as it is shipped: nothing is fitted, and its quantiles are its own."""
    return Pretrained(tune=0).fit_panel(panel, calibrate=False)


def _fitting(panel: Panel, forecaster: Forecaster) -> Panel:
    """The panel as the model names its columns; OptionError where it forecasts others."""
    schema = forecaster.model.schema
    known = schema.columns.targets
    if len(known) != panel.n_channels:
        raise OptionError(
            f"the model forecasts {quote_all(known)}, and the series has {panel.n_channels} values a step"
        )
    named = replace(panel, schema=replace(panel.schema, columns=schema.columns))
    check_compatible(named.schema, schema)
    return named


def _quantiles(given: SeriesInput, told: Prediction, probabilities: Sequence[float]) -> Iterator[tuple[str, Any]]:
    if told.quantiles is None:
        raise OptionError(f"{told.name} says no quantiles so far ahead: calibrate it, or ask for fewer steps")
    for place, probability in enumerate(probabilities):
        yield f"{probability:g}", _steps(given, told.quantiles[0, 0, :, :, place])


def _steps(given: SeriesInput, values: np.ndarray) -> list[Any]:
    """`[step, channel]` as lists: of numbers where there is one channel."""
    found: list[Any] = values.astype(np.float64).tolist()
    return [each for [each] in found] if given.type == "univariate_time_series" else found


def panel_of(given: SeriesInput) -> Panel:
    """The values of an input as a panel of one series; DataError for rows of unequal length, or beyond 3.4e38."""
    many = given.type == "multivariate_time_series"
    if many != any(isinstance(each, list) for each in given.series):
        raise DataError(f"series {quote(given.name)} does not hold what its type says: numbers, or lists of numbers")
    try:
        values = np.array(given.series, np.float64)
    except ValueError as error:
        raise DataError(f"series {quote(given.name)} has rows of unequal length: fill the shorter with null") from error
    if not values.size or np.nanmax(np.abs(values), initial=0) > LARGEST:
        raise DataError(f"series {quote(given.name)} has values, of 3.4e38 in size at most; leave out what has none")
    values = values.reshape(len(values), -1)
    begun = _begun(given.start_timestamp or UNDATED, step_of(given), values.shape[1])
    return replace(begun, values=values, offsets=np.array([0, len(values)]))


@lru_cache(maxsize=1000)
def _begun(start: str, step: str, channels: int) -> Panel:
    """A series with its first row alone: to look at a calendar takes longer than to forecast, and many share theirs."""
    return Panel.from_array(np.zeros((1, 1, channels)), ids=["series"], start=start, freq=step)


def step_of(given: SeriesInput) -> str:
    """The frequency as Loopcast calls it: months, quarters and years are counted from the day of the start.

    >>> step_of(SeriesInput(name="a", series=[1.0], frequency="M", start_timestamp="2024-01-31"))
    'ME'
    """
    step = STEPS[WORDS.get(given.frequency, given.frequency)]
    if step not in ENDS:
        return step
    date = (given.start_timestamp or UNDATED)[:10].split("-")
    if len(date) < 3 or not all(part.isdecimal() for part in date):
        raise DataError(f"series {quote(given.name)}: start_timestamp is ISO 8601, such as 2024-01-31T00:00:00Z")
    month, day = int(date[1]), int(date[2])
    if not 1 <= month <= 12:
        raise DataError(f"series {quote(given.name)}: start_timestamp has no month {month}")
    step = ENDS[step] if day > 30 else step
    anchor = "" if step in ("MS", "ME") else f"-{MONTHS[month - 1]}"
    return f"{step}{anchor}" + (f"-{day}" if 1 < day <= 30 else "")


EXAMPLE: Mapping[str, Any] = {
    "model": "pretrained",
    "inputs": [
        {
            "type": "univariate_time_series",
            "name": "sales",
            "series": [112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118],
            "frequency": "M",
            "start_timestamp": "2024-01-01T00:00:00",
        }
    ],
    "options": {"horizon": 3, "quantiles": [0.1, 0.5, 0.9]},
}
