"""The options that keep forecasts and fills within bounds."""

from dataclasses import dataclass, fields
from typing import Annotated, Any

from cyclopts import Parameter

from loopcast.errors import OptionError


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class BoundOptions:
    """What no forecast and no interval leaves."""

    lower: Annotated[
        str, Parameter(metavar="NUMBER", help="Nothing below it, or none [0 for series that never were].")
    ] = "auto"
    upper: Annotated[float | None, Parameter(metavar="NUMBER", help="Nothing above it.")] = None
    integer: Annotated[bool, Parameter(negative="", help="Only whole numbers.")] = False

    def named(self) -> list[str]:
        """Those that were given."""
        return [each.name for each in fields(self) if getattr(self, each.name) != each.default]

    def options(self) -> dict[str, Any]:
        """As forecasters and imputers take them; OptionError for a lower bound that is no number."""
        lower: float | str | None = self.lower
        if lower == "none":
            lower = None
        elif lower != "auto":
            try:
                lower = float(self.lower)
            except ValueError:
                raise OptionError(f"--lower is a number, or none, got {self.lower!r}") from None
        return {"lower": lower, "upper": self.upper, "integer": self.integer}


NO_BOUNDS = BoundOptions()  # where none was named
