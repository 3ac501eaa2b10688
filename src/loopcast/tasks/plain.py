"""Facts as JSON: what `--json` prints, and what a request is answered by."""

import json
import math
from collections.abc import Mapping
from typing import Any

from loopcast.public import public


def to_json(facts: Mapping[str, Any]) -> str:
    """One JSON object on one line, with the version; times are ISO 8601 or integers, a missing number is null."""
    return json.dumps(plain({"loopcast": public("__version__"), **facts}), allow_nan=False)


def plain(value: Any) -> Any:
    """`value` in what JSON knows."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else value.isoformat()
