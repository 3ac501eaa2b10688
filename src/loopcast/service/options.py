"""What can be asked of a request: the options of the command of that name, with the same names and defaults."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from loopcast.columns import STANDARD, Columns
from loopcast.data.frequency import Frequency
from loopcast.data.open_days import daily_step
from loopcast.data.read_options import ReadOptions
from loopcast.errors import OptionError, brief
from loopcast.tasks.models import DEFAULT_MODELS, CommonOptions, seconds
from loopcast.tasks.texts import TAB, levels, parse_holidays, parse_names, resolve_columns, time_parts, whole_numbers

ROLES = {"past_covariates": "past", "future_covariates": "future", "static": "static", "calendar": "calendar"}
AS_THEY_ARE = (
    "decimal", "thousands", "encoding", "time_format", "strip", "header", "skip_rows", "sheet", "layout", "resample",
    "aggregate",
)  # fmt: skip
UNTUNED = "pretrained"  # the model that is always there: the pretrained network, as it is shipped


def _text(value: Any) -> Any:
    """A list as the command line writes it."""
    return ",".join(str(each) for each in value) if isinstance(value, list) else value


def _number(value: Any) -> Any:
    """A step that is a whole number."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 19 else value


Kind = TypeVar("Kind", bound=BaseModel)
Names = Annotated[str, BeforeValidator(_text)]
Step = Annotated[int | str, BeforeValidator(_number)]


class RequestOptions(BaseModel):
    """Options by name; another name is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    task: ClassVar[str] = ""


class TableOptions(RequestOptions):
    """Where the id, the time and the targets are, on which calendar, and how the table is written."""

    id: str | None = Field(None, description="Column that tells series apart [unique_id].")
    time: Names | None = Field(None, description="Column of times, or several: year,month,day,hour [ds].")
    target: Names | None = Field(None, description="Column of numbers, or several with commas between [y].")
    freq: Step | None = Field(None, description="Step of the calendar: MS, D, h, 15min, or 1 for integers [inferred].")
    closed: Names | None = Field(None, description="Weekdays and days without rows, such as sun,2026-12-25.")
    gaps: Literal["error", "insert"] = Field("error", description="What to do with times that have no row.")
    separator: str | None = Field(None, description="Between the fields of a line [by the type].")
    decimal: Literal[".", ","] = Field(".", description="In numbers.")
    thousands: str | None = Field(None, description="Between groups of three digits [nothing].")
    encoding: str = Field("utf-8", description="Of text, such as latin-1 or utf-16.")
    time_format: str | None = Field(None, description="How times are written, such as %d.%m.%Y [ISO 8601].")
    na: Names | None = Field(None, description="What stands for a missing value, such as NA,-200 [nothing].")
    strip: bool = Field(False, description="Spaces around fields are no part of them.")
    header: bool = Field(True, description="The first line names the columns.")
    skip_rows: int = Field(0, description="Lines before the table.")
    sheet: str | None = Field(None, description="Of an Excel file [its only one].")
    layout: Literal["long", "wide"] = Field("long", description="A row for each series and time, or wide.")
    categories: Names | None = Field(None, description="Covariates of text, which become a 0 or 1 for each value.")
    resample: Step | None = Field(None, description="Make one row of all in a step such as 1min, 1h or D.")
    aggregate: Literal["mean", "sum", "min", "max", "median", "first", "last"] | None = Field(
        None, description="What becomes of the numbers of a step."
    )

    def columns(self, usual: Columns = STANDARD) -> Columns:
        """The columns that were named; the others are as `usual`."""
        return resolve_columns(self.id, self.time, self.target, usual)

    def step(self, closed: str | None) -> int | str | Frequency | None:
        """The step of the calendar that was stated, beside days that are closed; no file is looked for."""
        return self.freq if closed is None else daily_step(self.freq, parse_names("closed", closed))

    def read_options(self) -> ReadOptions:
        """How the table is written; OptionError for what means nothing."""
        return ReadOptions(
            **{name: getattr(self, name) for name in AS_THEY_ARE},
            separator=self.separator and TAB.get(self.separator, self.separator),
            time_parts=time_parts(self.time),
            na=() if self.na is None else parse_names("na", self.na),
            categories=() if self.categories is None else parse_names("categories", self.categories),
        )


class WithCovariates(TableOptions):
    """And what is known besides."""

    past_covariates: Names | None = Field(None, description="Columns of numbers known up to the last row.")
    future_covariates: Names | None = Field(None, description="Columns known over the steps ahead too; see future.")
    static: Names | None = Field(None, description="Columns that do not change within a series.")
    calendar: Names | None = Field(None, description="Parts of the time to show: hour, weekday, month, or auto.")
    holidays: Names | None = Field(None, description="Show the public holidays of a country or several: DE,FR.")
    holiday_window: int = Field(0, description="Show so many days before and after each holiday too.")

    def columns(self, usual: Columns = STANDARD) -> Columns:
        """The columns that were named; the others are as `usual`."""
        given = {option: getattr(self, option) for option in ROLES}
        named = {option: parse_names(option, text) for option, text in given.items() if text is not None}
        roles: dict[str, Any] = {ROLES[name]: "auto" if each == ("auto",) else each for name, each in named.items()}
        known = super().columns(usual)
        known_days = {"holidays": parse_holidays(self.holidays), "holiday_window": self.holiday_window}
        return Columns(**{**vars(known), **known_days, **roles})


class LookOptions(WithCovariates):
    """Of a look at a table."""

    task = "look"


class Bounded(BaseModel):
    """What no forecast and no interval leaves."""

    lower: float | Literal["auto", "none"] = Field("auto", description="Nothing below it [0 where none ever was].")
    upper: float | None = Field(None, description="Nothing above it.")
    integer: bool = Field(False, description="Only whole numbers.")

    def bounds(self) -> dict[str, Any]:
        """As forecasters and imputers take them."""
        return {"lower": None if self.lower == "none" else self.lower, "upper": self.upper, "integer": self.integer}


class Fitted(WithCovariates, Bounded):
    """Of forecasters that are fitted."""

    season: int | None = Field(None, description="Steps in a season [usual for the calendar].")
    seed: int = Field(0, description="The same seed gives the same answer.")
    horizon: int = Field(description="Steps ahead.", ge=1, examples=[12])

    def common(self, budget: str) -> CommonOptions:
        """What all models share."""
        return CommonOptions(
            horizon=self.horizon,
            seasons=None if self.season is None else (self.season,),
            seed=self.seed,
            budget=seconds(budget),
            bounds=self.bounds(),
        )


class ForecastOptions(Fitted):
    """Of a forecast."""

    task = "forecast"

    model: str = Field(
        UNTUNED,
        description="Of this server, in small letters (NAME or NAME@VERSION); or Auto, Pretrained, Recurrent and "
        "so on, which are fitted first. `pretrained` is the shipped network, as it is, compared with nothing.",
    )
    level: Names | None = Field(None, description="Percentages of the intervals, or none [80,95 where series allow].")
    budget: str = Field("60s", description="About how long Auto may take, such as 60s or 2m.")
    cell: Literal["lstm", "gru", "simple"] | None = Field(None, description="Kind of recurrent layer [lstm].")
    units: Names | None = Field(None, description="Units of each layer, such as 40,40 [40].")
    updates: int | None = Field(None, description="Updates of the weights [400, or 800 with covariates].")
    check: bool = Field(True, description="Compare with the baselines on the last steps of the history.")
    explain: bool = Field(False, description="Say what the forecasts are made of, in the answer and the report.")
    wide: bool = Field(False, description="Of several targets: columns MODEL-TARGET instead of a row for each.")

    def network(self) -> dict[str, Any]:
        """The options of a network that were given."""
        named = {name: getattr(self, name) for name in ("cell", "updates")}
        named["units"] = None if self.units is None else whole_numbers(self.units)
        return {name: value for name, value in named.items() if value is not None}


class BacktestOptions(Fitted):
    """Of a backtest."""

    task = "backtest"

    n_windows: int = Field(3, description="How many past cutoffs to forecast from.", ge=1)
    step_size: int | None = Field(None, description="Steps from one cutoff to the next [the horizon].")
    refit: str = Field("never", description="Fit never again, always, or every so many cutoffs.")
    models: Names = Field(DEFAULT_MODELS, description="Which models: those, LSTM, GRU, SimpleRNN, Auto.")
    level: Names = Field("80,95", description="Percentages of the intervals, or none.")
    seeds: int = Field(1, description="Fits of each network, from different seeds.", ge=1)
    budget: str = Field("60s", description="About how long Auto may take.")


class ImputeOptions(TableOptions, Bounded):
    """Of filling gaps."""

    task = "impute"

    season: int | None = Field(None, description="Steps in a season [usual for the calendar].")
    mode: Literal["two-sided", "causal"] | None = Field(None, description="See both sides of a gap [two-sided].")
    best: bool = Field(False, description="Fill each column as did best on hidden values.")
    updates: int | None = Field(None, description="Steps of training [by how much is known].")
    level: Names = Field("90", description="Percentages of the intervals, such as 90, or none.")
    seed: int | None = Field(None, description="The same seed fills with the same numbers [0].")


class AnomaliesOptions(TableOptions):
    """Of finding anomalies."""

    task = "anomalies"

    level: float = Field(99, description="Percentage of the interval that a value is to lie in.")
    season: int | None = Field(None, description="Steps in a season [usual for the calendar].")


class StreamOptions(TableOptions):
    """Of a stream: what is followed, by which model, and by which rules rows come in. A table with it came before."""

    task = "stream"

    model: str = Field(UNTUNED, description="Of this server (NAME or NAME@VERSION).")
    horizon: int | None = Field(None, description="Steps ahead [the model's].", ge=1)
    season: int | None = Field(None, description="Steps in a season, of the pretrained network [the calendar's].")
    gaps: Literal["error", "insert"] = Field("insert", description="Steps left out: missing, or an error.")
    level: Names | None = Field(None, description="Percentages of the intervals [80,95].")
    lateness: int | None = Field(None, description="How many steps late a row may come [0].")
    new: Literal["start", "refuse"] | None = Field(None, description="What a series that is new does [start].")
    longest_gap: int | None = Field(None, description="Steps that may be left out [1000].")
    most_series: int = Field(10_000, description="That are followed.")

    def rules(self) -> dict[str, Any]:
        """As `Forecaster.live` takes them."""
        named = {name: getattr(self, name) for name in ("lateness", "new", "gaps", "longest_gap", "most_series")}
        named |= {"level": None if self.level is None else levels(self.level)}
        return {name: value for name, value in named.items() if value is not None}


OPTIONS: Mapping[str, type[RequestOptions]] = {
    each.task: each
    for each in (ForecastOptions, BacktestOptions, ImputeOptions, AnomaliesOptions, LookOptions, StreamOptions)
}


def validated(kind: type[Kind], given: Mapping[str, Any]) -> Kind:
    """Options of a kind; OptionError that names the first that is wrong, and says how many more are."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise OptionError(said(error)) from error


def said(error: ValidationError) -> str:
    """What is wrong with the first of some options, in a sentence; unknown names come first."""
    unknown = "extra_forbidden"
    first, *others = sorted(error.errors(include_url=False), key=lambda each: each["type"] != unknown)
    name = ".".join(str(part) for part in first["loc"]) or "the request"
    message = "no option is called so; /openapi.json has their names" if first["type"] == unknown else first["msg"]
    more = f" (and {len(others)} more)" if others else ""
    return brief(f"{name}: {message}{more}", 300)
