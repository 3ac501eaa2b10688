"""The options that say how a file is written."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from loopcast.tasks.texts import TAB, parse_names

if TYPE_CHECKING:  # what it needs loads with the file
    from loopcast.data.read_options import ReadOptions


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """How a file writes its table; what is not named is as in a file of Loopcast's own."""

    separator: Annotated[
        str | None, Parameter(metavar="CHAR", help="Between the fields of a line: ';', '|', tab [by the ending].")
    ] = None
    decimal: Annotated[Literal[".", ","], Parameter(help="In numbers.")] = "."
    thousands: Annotated[
        str | None, Parameter(metavar="CHAR", help="Between groups of three digits, such as . or ' [nothing].")
    ] = None
    encoding: Annotated[str, Parameter(metavar="NAME", help="Of a text file, such as latin-1 or utf-16.")] = "utf-8"
    time_format: Annotated[
        str | None, Parameter(metavar="FORMAT", help="How times are written, such as %d.%m.%Y [ISO 8601].")
    ] = None
    na: Annotated[
        str | None,
        Parameter(
            metavar="A,B", allow_leading_hyphen=True, help="What stands for a missing value, such as NA,-200 [nothing]."
        ),
    ] = None
    strip: Annotated[bool, Parameter(negative="", help="Spaces around fields are no part of them.")] = False
    header: Annotated[bool, Parameter(help="The first line names the columns; else they are column_1 and so on.")] = (
        True
    )
    skip_rows: Annotated[int, Parameter(metavar="N", help="Lines before the table.")] = 0
    sheet: Annotated[str | None, Parameter(metavar="NAME", help="Of an Excel file [its only one].")] = None
    layout: Annotated[
        Literal["long", "wide"], Parameter(help="A row for each series and time, or a column for each series.")
    ] = "long"
    categories: Annotated[
        str | None, Parameter(metavar="A,B", help="Covariates of text, which become a 0 or 1 for each value.")
    ] = None
    resample: Annotated[
        int | str | None, Parameter(metavar="STEP", help="Make one row of all in a step such as 1min, 1h or D.")
    ] = None
    aggregate: Annotated[
        Literal["mean", "sum", "min", "max", "median", "first", "last"] | None,
        Parameter(help="What becomes of the numbers of a step."),
    ] = None

    def read_options(self, time_parts: tuple[str, ...]) -> "ReadOptions":
        """As `read` takes them; OptionError for what means nothing."""
        from loopcast.data.read_options import ReadOptions

        return ReadOptions(
            separator=self.separator and TAB.get(self.separator, self.separator),
            decimal=self.decimal,
            thousands=self.thousands,
            encoding=self.encoding,
            time_format=self.time_format,
            time_parts=time_parts,
            strip=self.strip,
            header=self.header,
            skip_rows=self.skip_rows,
            sheet=self.sheet,
            layout=self.layout,
            resample=self.resample,
            aggregate=self.aggregate,
            na=() if self.na is None else parse_names("na", self.na),
            categories=() if self.categories is None else parse_names("categories", self.categories),
        )
