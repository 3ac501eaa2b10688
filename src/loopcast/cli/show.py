"""loopcast show: what a model file holds, in words."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from loopcast.cli import printing
from loopcast.cli.options import Json


def show(
    model: Annotated[Path, Parameter(help="A file that --save, or save(), wrote.")],
    /,
    *,
    json: Json = False,
) -> None:
    """Say what is in a MODEL file: what was fitted, on what and when, and its tags."""
    from loopcast.storage import model_file
    from loopcast.storage.registry import kind_of

    estimator = model_file.load(model)
    if not json:
        printing.say(estimator.describe())
        return
    known = estimator.model
    printing.print_object(
        {
            "kind": kind_of(estimator),
            "options": estimator.stored_options(),
            "targets": list(known.schema.columns.targets),
            "frequency": known.schema.freq.alias,
            "description": known.description,
            "fitted": None if known.provenance is None else vars(known.provenance),
            "tags": dict(known.tags),
        }
    )
