"""What a network is shown besides values, in words."""

from loopcast.data.calendar_features import resolve_features
from loopcast.data.panel import Panel


def known_in_words(panel: Panel) -> str:
    """What is known of the series besides their values; empty where nothing is."""
    columns = panel.schema.columns
    parts = resolve_features(columns, panel.schema.freq)
    return "; ".join([*columns.covariates, *([f"the calendar's {', '.join(parts)}"] if parts else [])])
