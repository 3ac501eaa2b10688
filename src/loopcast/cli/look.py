"""loopcast look: what is in a file, and the command that forecasts it."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from loopcast.cli import printing
from loopcast.cli.options import Json
from loopcast.cli.tables import USUAL, SeriesOptions
from loopcast.errors import DataError


def look(
    file: Annotated[Path, Parameter(help="A table: .csv, .tsv, .parquet, .feather or .xlsx.")],
    /,
    *,
    table: SeriesOptions = USUAL,
    json: Json = False,
) -> None:
    """Say how FILE seems to be written, what its columns, span, frequency and gaps are, and what to type next."""
    from loopcast.data.look import look as look_at
    from loopcast.tasks.look import LookResult

    found = look_at(file, table.columns(), table.options())
    facts = LookResult(file=file, found=found).facts()
    if json:
        printing.print_object(facts)
        return
    if facts["written"]:
        printing.say(f"Written with: {', '.join(facts['written'])}.")
    printing.say(f"Columns: {', '.join(f'{name} ({role})' for name, role in facts['columns'].items())}.")
    if found.proposal is None:
        raise DataError(f"no way was found to read {file}: {found.why_not}")
    printing.say(f"{facts['series']:,} series, {facts['rows']:,} rows from {facts['first']} to {facts['last']}.")
    printing.say(f"Frequency {facts['frequency']}; {facts['missing']:,} values are missing.")
    for note in facts["notes"]:
        printing.say(note)
    printing.say(f"\nNext: {facts['next']}")
    if facts["with_words"]:
        printing.say(f"\nWith its text too: {facts['with_words']}")
