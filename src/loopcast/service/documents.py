"""What OpenAPI says of the routes: bodies, options, answers, and examples that run."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi.responses import JSONResponse

from loopcast.service.kserve import EXAMPLE, SeriesAnswer, SeriesRequest
from loopcast.service.options import (
    OPTIONS,
    AnomaliesOptions,
    BacktestOptions,
    ForecastOptions,
    ImputeOptions,
    RequestOptions,
)
from loopcast.service.problems import MEDIA_TYPE

SUMMARIES = {
    "look": "Look at a table: how it is written, what its columns are, what reads it",
    "forecast": "Forecast a table",
    "backtest": "Forecast from past cutoffs, and say which model to use",
    "impute": "Fill the gaps of a table",
    "anomalies": "Find the rows that those before them do not lead to expect",
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was expected, what came, and what to try."},
        "kind": {"type": "string"},
        "cure": {"type": "object", "description": "Options that read the table."},
    },
}
CODES = {
    400: "An option means nothing, or the request cannot be read",
    401: "No token, or none that is known",
    403: "The token may not do this, or the request is another site's",
    404: "Not there",
    408: "The body was too slow",
    409: "Not in this state",
    413: "Too large",
    415: "A type of body that is no table's, or packed",
    422: "The data cannot be used as it is",
    429: "Too many are waiting: come again",
    504: "It takes too long for a direct answer",
}
FAILURES: dict[int | str, dict[str, Any]] = {
    code: {"description": text, "content": {MEDIA_TYPE: {"schema": PROBLEM}}} for code, text in CODES.items()
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "As the command prints with --json", "content": {"application/json": {"schema": {}}}},
    **FAILURES,
}
DAYS = tuple(f"2024-01-{day:02d}" for day in range(1, 15))
VALUES = (5, 6, 9, 7, 6, 11, 3, 5, 7, 9, 8, 6, 12, 3)
ROWS = tuple({"unique_id": "shop", "ds": day, "y": value} for day, value in zip(DAYS, VALUES, strict=True))
CSV = "unique_id,ds,y\n" + "".join(f"{row['unique_id']},{row['ds']},{row['y']}\n" for row in ROWS)
NEEDED: Mapping[str, Mapping[str, Any]] = {
    "forecast": {"horizon": 3},
    "backtest": {"horizon": 3, "models": "Naive,SeasonalNaive", "n_windows": 1, "level": "none"},
    "impute": {"updates": 5},
}
BINARY = ("application/vnd.apache.parquet", "application/vnd.apache.arrow.file", "application/vnd.apache.arrow.stream")


def json_response(facts: Any, code: int = 200, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Plain values as JSON."""
    return JSONResponse(facts, code, headers=dict(headers or {}))


def body_of(task: str) -> dict[str, Any]:
    """The options and the body of a task."""
    kind, needed = OPTIONS[task], NEEDED.get(task, {})
    options = properties(kind)
    rows = {"type": "array", "items": {"type": "object"}, "minItems": 1, "description": "An object for each row."}
    whole = {"type": "object", "required": ["rows"], "properties": {"rows": rows, **options}}
    form = {"file": {"type": "string", "format": "binary", "description": "Its name says how it is written."}}
    content: dict[str, Any] = {
        "application/json": {"schema": whole, "example": {"rows": list(ROWS), **needed}},
        "text/csv": {"schema": {"type": "string"}, "example": CSV},
        "multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {**form, **options}}},
        **{name: {"schema": {"type": "string", "format": "binary"}} for name in BINARY},
    }
    return {
        "parameters": list(parameters(options, needed)),
        "requestBody": {"required": True, "content": content},
    }


def jobs_body() -> dict[str, Any]:
    """The options of all tasks, and a body."""
    kinds = (ForecastOptions, BacktestOptions, ImputeOptions, AnomaliesOptions)
    options = {name: each for kind in kinds for name, each in properties(kind).items()}
    named = {"name": {"type": "string", "description": "Of the file, as it is shown."}}
    return {**body_of("forecast"), "parameters": list(parameters(options | named, NEEDED["forecast"]))}


def properties(kind: type[RequestOptions]) -> dict[str, Any]:
    """The options of a kind, by name, each with its schema."""
    return dict(kind.model_json_schema()["properties"])


def parameters(options: Mapping[str, Any], needed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Options as they stand in an address; those beside rows of JSON need not stand there too."""
    for name, schema in options.items():
        about = {"name": name, "in": "query", "schema": schema, "description": schema.get("description", "")}
        yield about | ({"example": needed[name]} if name in needed else {})


def inlined(schema: dict[str, Any]) -> Any:
    """A schema with its definitions where it refers to them."""
    known = schema.pop("$defs", {})

    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return whole(known[part["$ref"].rpartition("/")[2]])
        return {name: whole(each) for name, each in part.items()}

    return whole(schema)


SERIES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": inlined(SeriesRequest.model_json_schema()),
                "example": dict(EXAMPLE),
            }
        },
    }
}
SERIES_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"model": SeriesAnswer}, **FAILURES}
STREAM: dict[str, Any] = {
    "parameters": list(parameters(properties(OPTIONS["stream"]), {"freq": "D", "horizon": 3})),
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": properties(OPTIONS["stream"])},
                "example": {"freq": "D", "horizon": 3},
            },
            "text/csv": {"schema": {"type": "string"}, "example": CSV},
        },
    },
}
UPDATE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["rows"],
                    "properties": {"rows": {"type": "array", "items": {"type": "object"}, "minItems": 1}},
                },
                "example": {"rows": [{"unique_id": "shop", "ds": "2024-01-15", "y": 5.0}]},
            },
            "text/csv": {"schema": {"type": "string"}, "example": "unique_id,ds,y\nshop,2024-01-16,6\n"},
            **{name: {"schema": {"type": "string", "format": "binary"}} for name in BINARY},
        },
    }
}
MODEL: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
