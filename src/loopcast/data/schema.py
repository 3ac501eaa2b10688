"""How a table looked, so that a forecast can look the same: names, types, frequency, kind of table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from loopcast.columns import Columns
from loopcast.data.frequency import Frequency
from loopcast.errors import LoopcastError, ModelFileError, quote, reason

Kind = Literal["polars", "pandas", "pyarrow"]

INTEGERS = {
    str(dtype).lower(): dtype
    for dtype in (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
}
STORED = ("columns", "freq", "time")  # what a model asks of tables to come; how its own was typed, its panel knows


@dataclass(frozen=True, kw_only=True)
class TableSchema:
    """How a table looked. A saved model keeps of it what it asks of tables to come: columns, frequency, times.

    columns: the names of its columns; has_id: whether it had a column that tells series apart.
    freq: the step of its calendar.
    time: "int64" (or another integer type), "date" or "datetime[us]", "datetime[ns, Europe/Berlin]".
    kind: which library's table a forecast is given back as.
    id_type, time_type: what that library calls the types of the two columns, "" where `time` says enough.

    >>> schema = TableSchema(columns=Columns(), has_id=True, freq=Frequency.parse("MS"), time="date")
    >>> TableSchema.from_json(schema.to_json()) == schema
    True
    """

    columns: Columns
    has_id: bool
    freq: Frequency
    time: str
    kind: Kind = "polars"
    id_type: str = ""
    time_type: str = ""

    @property
    def time_dtype(self) -> pl.DataType:
        """The polars type of the times."""
        return time_dtype(self.time)

    @property
    def zone(self) -> str | None:
        """The time zone of the times, None where they have none."""
        dtype = self.time_dtype
        return dtype.time_zone if isinstance(dtype, pl.Datetime) else None

    def to_json(self) -> dict[str, Any]:
        """What a model file holds of it, as plain values that `json.dumps` takes."""
        return {"columns": self.columns.to_json(), "freq": self.freq.alias, "time": self.time}

    @classmethod
    def from_json(cls, plain: Any) -> "TableSchema":
        """A schema of what `to_json` wrote; ModelFileError where the values are anything else."""
        if not isinstance(plain, Mapping) or set(plain) != set(STORED):
            raise ModelFileError(f"the model's table schema needs exactly the entries {STORED}, got {quote(plain)}")
        try:
            columns = Columns.from_json(plain["columns"])
            freq = Frequency.parse(plain["freq"])
            time_dtype(plain["time"])
        except (LoopcastError, pl.exceptions.PolarsError) as error:
            raise ModelFileError(f"the model's table schema is damaged: {reason(error)}") from error
        if (freq.unit == "int") != (plain["time"] in INTEGERS) or (freq.family == "clock" and plain["time"] == "date"):
            raise ModelFileError(f"times of type {quote(plain['time'])} cannot have the frequency {freq}")
        return cls(columns=columns, has_id=True, freq=freq, time=plain["time"])


def time_name(dtype: pl.DataType) -> str:
    """The name by which a schema calls a type of times."""
    if isinstance(dtype, pl.Datetime):
        return f"datetime[{dtype.time_unit}{f', {dtype.time_zone}' if dtype.time_zone else ''}]"
    return str(dtype).lower()


def time_dtype(name: str) -> pl.DataType:
    """The type that `time_name` called so; ModelFileError where there is none."""
    if not isinstance(name, str):
        raise ModelFileError(f"the type of times is named in words, got {quote(name)}")
    parts = re.fullmatch(r"datetime\[(ms|us|ns)(?:, ([A-Za-z0-9_+/-]{1,64}))?\]", name)
    if parts is not None:
        dtype = pl.Datetime(parts[1], parts[2])  # type: ignore[arg-type]
        pl.Series([0]).cast(pl.Datetime("us", "UTC")).cast(dtype)  # an unknown zone fails here and not later
        return dtype
    if name == "date":
        return pl.Date()
    if name in INTEGERS:
        return INTEGERS[name]()
    raise ModelFileError(f"{quote(name)} is no type of times: expected an integer type, date or datetime[us, zone]")
