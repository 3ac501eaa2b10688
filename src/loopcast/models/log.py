"""What a fit tells a log: what was chosen, on what, and what the model cannot do."""

import logging
from typing import Any

logger = logging.getLogger(__name__)


def log_fit(name: str, model: Any) -> None:
    """Say what a fit came to: an INFO of several lines, and a WARNING where intervals cannot be had."""
    logger.info("%s: %s\n  %s", name, model.description, model.provenance.describe())
    why = getattr(model, "uncalibrated", "")
    if why and not model.own_horizon:
        logger.warning("%s cannot say how sure it is: %s", name, why)
