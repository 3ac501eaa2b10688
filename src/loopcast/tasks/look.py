"""What is in a file, and the command that forecasts it: what `loopcast look` says."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from loopcast.columns import ID, TARGET, TIME
from loopcast.data.dates_as_numbers import count_of
from loopcast.data.look import Look, Proposal
from loopcast.data.panel import Panel

SAID = {
    "separator": "{0!r} between fields",
    "decimal": "decimal comma",
    "thousands": "{0!r} between thousands",
    "encoding": "encoding {0}",
    "time_format": "times written as {0}",
    "time_parts": "the time in several columns",
    "na": "{0} for missing values",
    "strip": "spaces around fields",
    "header": "no header",
    "skip_rows": "the table after line {0}",
    "sheet": "the sheet {0!r}",
    "layout": "a column for each series",
    "resample": "rows that are not one for each step, in order",
}
SENTINELS = (-99, -99.9, -100, -200, -999, -999.9, -9999, -99999)
MOST_STEPS = 24  # that the next command forecasts
USUAL_GAPS = "error"
FLAGS = {"strip": "--strip", "header": "--no-header"}  # options without a value, by what they state


@dataclass(frozen=True, kw_only=True, eq=False)
class LookResult:
    """What a look at a file found."""

    file: Path
    found: Look

    def facts(self) -> dict[str, Any]:
        """Everything as plain values: what `--json` prints.

        written: how, in words. columns: what each seems to be. options: by name, those that read it. next: the command
        that forecasts it, horizon steps ahead; with_words: with its columns of text too, None where that makes no
        difference. Where no way was found to read it, why_not says the last reason.
        """
        found = self.found
        facts: dict[str, Any] = {"written": [], "columns": columns_of(found), "notes": notes_of(found), "next": None}
        if found.proposal is None or found.panel is None:
            return facts | {"why_not": found.why_not}
        panel, proposal = found.panel, found.proposal
        return facts | {
            "written": written_in(proposal),
            "series": panel.n_series,
            "rows": panel.n_rows,
            "first": str(panel.starts.min()),
            "last": str(panel.times_of(panel.offsets[1:] - 1).max()),
            "frequency": str(panel.schema.freq),
            "missing": int(np.isnan(panel.values).sum()),
            "options": options_of(proposal),
            "horizon": horizon_for(panel),
            "next": next_command(self.file, proposal, panel),
            "with_words": found.with_words and next_command(self.file, found.with_words, panel),
        }


def written_in(proposal: Proposal) -> list[str]:
    """How a file is written, in words."""
    stated = proposal.options.stated()
    values = {name: ", ".join(value) if isinstance(value, tuple) else value for name, value in stated.items()}
    return [SAID[name].format(value) for name, value in values.items() if name in SAID]


def columns_of(found: Look) -> dict[str, str]:
    """What each column seems to be."""
    roles, proposal = found.roles, found.proposal
    known = dict.fromkeys(roles.time, "time") if proposal is None else {}
    known |= {name: found.words.said(name) or "text" for name in roles.words} | dict.fromkeys(roles.numbers, "numbers")
    if proposal is not None:
        wide = proposal.options.layout == "wide"
        targets = roles.numbers if wide else proposal.columns.targets
        known |= dict.fromkeys(targets, "series" if wide else "target") | {proposal.columns.id: "id"}
        known |= dict.fromkeys(proposal.options.time_parts or (proposal.columns.time,), "time")
    return {name: known.get(name, "empty") for name in found.names if name}


def notes_of(found: Look) -> list[str]:
    """What a reader has to decide."""
    notes = []
    if found.proposal is not None and len(found.roles.formats) > 1:
        used = found.proposal.options.time_format
        others = " or ".join(f"--time-format {shlex.quote(each)}" for each in found.roles.formats if each != used)
        notes.append(f"All times can be read in another way too: where that is meant, {others}.")
    if found.proposal is not None and len(found.roles.numbers) > 1 and found.proposal.options.layout == "long":
        notes.append("Of several columns of numbers the first is taken; --target names another, or several.")
    if found.panel is not None and (sentinel := sentinel_of(found.panel)) is not None:
        notes.append(
            f"{sentinel:g} comes often, far below all else: where it stands for a missing value, --na {sentinel:g}."
        )
    if found.closing is not None and found.proposal is not None:
        name, target = found.closing.name, found.proposal.columns.targets[0]
        value = ("no", "yes")[int(found.closing.value)] if name in found.words.truths else f"{found.closing.value:g}"
        notes.append(
            f"Wherever {name} is {value}, {target} is 0 or empty, as on closed days: a forecast knows "
            f"those ahead with --future-covariates {shlex.quote(name)} --future FILE."
        )
    if found.with_words is not None and found.with_words.columns.past:
        notes.append(
            "Text is taken as known up to the last row; where it is known ahead too, --future-covariates and --future."
        )
    if found.proposal is not None and found.proposal.options.resample is not None:
        notes.append("The mean of each step is proposed; --aggregate sum is for amounts.")
    if found.proposal is not None and found.proposal.columns.id not in found.names and found.roles.keys:
        names = " and ".join(found.roles.keys)
        notes.append(
            f"Rows of the same time are told apart by {names} together: where each pair is a series of its own, make "
            "one column of both, for --id."
        )
    if found.panel is not None and (said := counted_times(found.panel)) is not None:
        notes.append(said)
    return notes


def counted_times(panel: Panel) -> str | None:
    """What whole numbers that are times seem to count, and what is lost where they are read as plain ones."""
    if panel.schema.freq.unit != "int":
        return None
    times = panel.times_of(np.arange(panel.n_rows))
    count = count_of(times)
    if count is None:
        return None
    first = int(times[0])
    return (
        f"Times seem to be {count.called}: {first} is {count.time(first)}. As plain numbers they have no season: write "
        "them as such times, or state one with --season."
    )


def sentinel_of(panel: Panel) -> float | None:
    """A number that seems to stand for a missing value: the least, far below all others, and there several times."""
    values = np.unique(panel.values[~np.isnan(panel.values)])
    if len(values) < 3 or values[0] not in SENTINELS or values[1] - values[0] < 2 * (values[-1] - values[1]):
        return None
    return float(values[0]) if (panel.values == values[0]).sum() > 1 else None


def horizon_for(panel: Panel) -> int:
    """How far to forecast: a season or so, where series are long enough."""
    return max(1, min(panel.season if panel.season > 1 else 10, MOST_STEPS, int(panel.lengths.min()) // 5))


def next_command(file: Path, proposal: Proposal, panel: Panel) -> str:
    """The command that forecasts the file."""
    return shlex.join(["loopcast", "forecast", str(file), *typed(proposal), "--horizon", str(horizon_for(panel))])


def options_of(proposal: Proposal) -> dict[str, Any]:
    """The options that read a file as proposed, by name."""
    columns, stated = proposal.columns, proposal.options.stated()
    parts = stated.pop("time_parts", ())
    long = stated.get("layout") != "wide"
    given = {
        "id": columns.id if columns.id != ID else None,
        "time": ",".join(parts) or (columns.time if columns.time != TIME else None),
        "target": ",".join(columns.targets) if columns.targets != (TARGET,) and long else None,
        "past_covariates": ",".join(columns.past) or None,
        "future_covariates": ",".join(columns.future) or None,
        "static": ",".join(columns.static) or None,
        **{name: value if isinstance(value, bool) else _text(value) for name, value in stated.items()},
        "closed": ",".join(proposal.closed) or None,
        "gaps": proposal.gaps if proposal.gaps != USUAL_GAPS else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def typed(proposal: Proposal) -> list[str]:
    """The options of a command that read a file as proposed."""
    tokens = []
    for name, value in options_of(proposal).items():
        tokens += [FLAGS[name]] if name in FLAGS else [f"--{name.replace('_', '-')}", value]
    return tokens


def _text(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else "tab" if value == "\t" else str(value)
