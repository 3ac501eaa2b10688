"""What a recurrent forecaster sees besides its values, and what it makes of gaps, in sentences."""

from loopcast.data.panel import Panel
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.scaling import Scaling
from loopcast.models.recurrent.defaults import PanelStats


def why_targets(panel: Panel) -> tuple[str, ...]:
    if panel.n_channels == 1:
        return ()
    return (f"One state sees {panel.n_channels} targets together and gives all of them ({', '.join(panel.targets)}).",)


def describe_exogenous(encoding: ExogenousEncoder | None) -> tuple[str, ...]:
    if encoding is None:
        return ()
    columns, calendar = encoding.columns, ", ".join(encoding.parts)
    kinds = [
        f"{kind} {', '.join(names)}"
        for kind, names in (("past", columns.past), ("future", columns.future), ("static", columns.static))
        if names
    ]
    seen = "; ".join([*kinds, *([f"the calendar's {calendar}"] if calendar else [])])
    ahead = " What is known ahead also corrects each step of the forecast." if encoding.ahead_width else ""
    return (f"Each step also shows {seen}.{ahead}",)


def why_gaps(facts: PanelStats, scaling: Scaling) -> tuple[str, ...]:
    """Nothing where the network does not expect missing values."""
    if not scaling.gaps:
        return ()
    share = f"{100 * facts.missing:.2g} % of the values are" if facts.missing else "No value is"
    return (
        f"{share} missing; each step also shows whether its own is there and how many steps ago the last one was. "
        f"What is missing is no target.{_why_bridge(scaling)}",
    )


def _why_bridge(scaling: Scaling) -> str:
    if not scaling.max_interpolated_gap:
        return ""
    steps = f"{scaling.max_interpolated_gap} steps" if scaling.max_interpolated_gap > 1 else "a step"
    return f" Across gaps of at most {steps} it shows the straight line, once their end is known."
