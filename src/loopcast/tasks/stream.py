"""What a stream follows, by which rules, and where it is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from loopcast.columns import Columns
from loopcast.data.frequency import Frequency
from loopcast.data.panel import Panel
from loopcast.errors import ModelFileError, OptionError
from loopcast.live.folder import holds
from loopcast.live.live import Live
from loopcast.live.manifest import MANIFEST
from loopcast.live.resume import resume
from loopcast.live.rules import Rules
from loopcast.models.forecaster import Forecaster
from loopcast.models.load import load
from loopcast.models.pretrained.forecaster import Pretrained


@dataclass(frozen=True, kw_only=True)
class StreamTask:
    """What is followed, and how.

    model: a file; None is the pretrained network. state: the folder that all is kept in; None keeps nothing. history:
    of a state that is new, by which nothing is judged. columns, freq: of the lines, where there is no model. rules: the
    options of `Forecaster.live` that were asked for. late: takes the lines that came too late.
    """

    model: Path | None = None
    state: Path | None = None
    history: Panel | None = None
    columns: Columns
    freq: str | int | Frequency | None = None
    horizon: int | None = None
    season: int | None = None
    rules: Mapping[str, Any]
    emit: Literal["surprise", "forecast"] = "surprise"
    format: Literal["json", "csv"] = "json"
    late: Callable[[str], None] = lambda line: None

    def __post_init__(self) -> None:
        if self.format == "csv" and self.emit == "forecast":
            raise OptionError("--emit forecast writes lists of numbers, which --format csv has no place for: take json")

    def open(self) -> Live | None:
        """The live state, resumed or new; None where the first row has to say what kind of times there are."""
        if self.state is not None and (self.state / MANIFEST).exists():
            return self._resumed(self.state)
        if self.model is None and self.history is None:
            self._check_new()
            return None
        return self.start(self._forecaster(self.history))

    def _check_new(self) -> None:
        """OptionError at once for options that each row would be refused for, once one said what its times are."""
        if self.freq is None:
            raise OptionError("without a MODEL, give --history, or state the step between rows, as in --freq h")
        Frequency.parse(self.freq)
        Pretrained(horizon=self.horizon, season=self.season, tune=0)
        Rules(**self.rules)

    def _resumed(self, folder: Path) -> Live:
        if self.model is not None and not holds(folder, self._loaded(self.model)):
            raise ModelFileError(f"{folder} holds the state of another model than {self.model}: name another folder")
        live = resume(folder, journal=True)
        asked = replace(live.rules, **self.rules)
        if asked != live.rules:
            live.close()
            raise OptionError(
                f"{folder} was made by other rules, {live.rules}, and not {asked}: leave those options out"
            )
        if self.model is None and (said := self._differs(live)) is not None:
            live.close()
            raise OptionError(f"{folder} was made with {said}: leave that option out, or name another folder")
        return live

    def _differs(self, live: Live) -> str | None:
        """What was stated of the pretrained network and is otherwise in a state, in words; None where all agrees."""
        if self.horizon not in (None, live.horizon):
            return f"horizon={live.horizon}, and not {self.horizon}"
        asked = live.schema.freq if self.freq is None else Frequency.parse(self.freq)
        if (asked.unit, asked.multiple) != (live.schema.freq.unit, live.schema.freq.multiple):
            return f"freq={live.schema.freq.alias}, and not {self.freq}"
        return None

    def _loaded(self, path: Path) -> Forecaster:
        """A model, as far ahead as was asked."""
        found = load(path)
        if self.horizon is None:
            return found
        return found.with_options(horizon=self.horizon).set_model(replace(found.model, horizon=self.horizon))

    def _forecaster(self, panel: Panel | None) -> Forecaster:
        if self.model is not None:
            return self._loaded(self.model)
        return Pretrained(horizon=self.horizon, season=self.season, tune=0).fit(panel)

    def start(self, forecaster: Forecaster) -> Live:
        """A new state, kept where that was asked for."""
        live: Live = forecaster.live(self.history, **self.rules)
        if self.state is None:
            return live
        live.save(self.state)
        return resume(self.state, journal=True)

    def start_at(self, time: Any) -> Live:
        """A new state of the pretrained network for times such as this one."""
        names = self.columns
        table = pl.DataFrame({names.time: [time]} | {name: [1.0] for name in names.targets})
        columns = Columns(time=names.time, target=names.target)
        panel = Panel.from_table(table, columns, freq=self.freq)
        schema = replace(panel.schema, columns=names, has_id=True)
        return self.start(self._forecaster(replace(panel, schema=schema)))
