"""Names of the numbers that are known besides the values of series, in their order."""

from collections.abc import Iterable

from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import TRAILING


def names_of_rows(encoding: ExogenousEncoder | None) -> tuple[str, ...]:
    """Of what is known of a row; none without an encoding."""
    if encoding is None:
        return ()
    return (*_columns(encoding.columns.past), *_static(encoding), *_ahead(encoding))


def names_of_steps(encoding: ExogenousEncoder | None, season: int) -> tuple[str, ...]:
    """Of what is known of a step ahead."""
    if encoding is None:
        return ()
    future = encoding.columns.future
    counts = [round(share * season) for share in TRAILING]
    means = [f"{name}, mean of {count} rows" for count in counts if count > 1 for name in future]
    return (*_ahead(encoding), *means, *(f"{name}, change from a season before" for name in future))


def _ahead(encoding: ExogenousEncoder) -> list[str]:
    clock = [name for part in encoding.parts for name in encoding.calendar.names(part)]
    return [*_columns(encoding.columns.future), *clock]


def _columns(names: Iterable[str]) -> list[str]:
    return [shown for name in names for shown in (name, f"{name} is there", f"age of {name}")]


def _static(encoding: ExogenousEncoder) -> list[str]:
    kinds = list(zip(encoding.columns.static, encoding.categories, strict=True))
    numbers = [name for name, known in kinds if known is None]
    return [*numbers, *(f"{name} is {category}" for name, known in kinds if known for category in known)]
