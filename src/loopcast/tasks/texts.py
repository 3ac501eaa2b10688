"""What one text of a command line or of a request says, as values."""

import re
from dataclasses import replace

from loopcast.columns import STANDARD, Bands, Columns
from loopcast.errors import OptionError

TAB = {"\\t": "\t", "tab": "\t"}  # names of a separator


def whole_numbers(text: str) -> tuple[int, ...]:
    """`24,168` as (24, 168); OptionError for anything else."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise OptionError(f"these are whole numbers with commas between, such as 24,168, not {text!r}")
    return tuple(int(part) for part in parts)


def levels(text: str) -> tuple[float, ...]:
    """`80,95` as (80, 95), `none` as (); OptionError for what is no percentage.

    >>> levels("95,80"), levels("none")
    ((80, 95), ())
    """
    if text == "none":
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"\d+(\.\d+)?", part) for part in parts):
        raise OptionError(f"--level is percentages with commas between, such as 80,95, or none; got {text!r}")
    return Bands.of(level=[float(part) if "." in part else int(part) for part in parts]).levels


def parse_names(option: str, text: str, example: str = "pm25,no2") -> tuple[str, ...]:
    """`pm25,no2` as ('pm25', 'no2'); OptionError, which names the option, for a name that is empty.

    >>> parse_names("target", "pm25, no2")
    ('pm25', 'no2')
    """
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        said = option.replace("_", "-")
        raise OptionError(f"--{said} is one name, or several with commas between, such as {example}; got {text!r}")
    return names


def parse_holidays(text: str | None) -> str | tuple[str, ...] | None:
    """The country or countries that --holidays names.

    >>> parse_holidays("DE"), parse_holidays("DE,FR")
    ('DE', ('DE', 'FR'))
    """
    names = () if text is None else parse_names("holidays", text, "DE,FR")
    return names if len(names) > 1 else next(iter(names), None)


def resolve_columns(id_: str | None, time: str | None, target: str | None, usual: Columns = STANDARD) -> Columns:
    """The columns that --id, --time and --target name; those that were not given are as `usual`.

    >>> resolve_columns(None, "day", "pm25,no2")
    Columns(time='day', target=('pm25', 'no2'))
    """
    targets = usual.targets if target is None else parse_names("target", target)
    whole = usual.time if time is None or time_parts(time) else time
    return replace(usual, id=id_ or usual.id, time=whole, target=targets if len(targets) > 1 else targets[0])


def time_parts(time: str | None) -> tuple[str, ...]:
    """The columns that make up the time, where --time names several.

    >>> time_parts("year,month"), time_parts("day")
    (('year', 'month'), ())
    """
    names = () if time is None else parse_names("time", time)
    return names if len(names) > 1 else ()


def parse_refit(text: str) -> bool | int:
    """When models are fitted anew; OptionError for anything but never, always or a number.

    >>> parse_refit("never"), parse_refit("always"), parse_refit("3")
    (False, True, 3)
    """
    if text in ("never", "always"):
        return text == "always"
    if not text.isdecimal() or text == "0":
        raise OptionError(f"--refit is never, always or a number of cutoffs, got {text!r}")
    return int(text)
