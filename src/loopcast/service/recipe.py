"""The command, and the lines of Python, that do what a request did."""

import shlex
from collections.abc import Iterator
from typing import Any

from loopcast.columns import STANDARD
from loopcast.data.frequency import Frequency
from loopcast.data.read_options import USUAL
from loopcast.service.options import (
    UNTUNED,
    AnomaliesOptions,
    BacktestOptions,
    ForecastOptions,
    ImputeOptions,
    RequestOptions,
    TableOptions,
)
from loopcast.tasks.models import MAKERS, build_forecasters, build_models
from loopcast.tasks.texts import levels, parse_names, parse_refit

UNNAMED = "series.csv"  # a table that came without a name


def command(asked: RequestOptions, name: str = "") -> str:
    """The command that does the same with the file of this name.

    >>> command(ForecastOptions(horizon=3, model="Auto", strip=True, check=False), "sales.csv")
    'loopcast forecast sales.csv --strip --horizon 3 --model Auto --no-check'
    """
    file = name or UNNAMED
    words = ["loopcast", asked.task, file]
    if isinstance(asked, ForecastOptions) and asked.model not in (UNTUNED, *MAKERS):
        words = ["loopcast", "predict", f"{asked.model.partition('@')[0]}.loopcast", file]
    return shlex.join([*words, *_tokens(asked)])


def _tokens(asked: RequestOptions) -> Iterator[str]:
    """The options that differ from the usual ones, as they are typed."""
    for option, field in type(asked).model_fields.items():
        value, typed = getattr(asked, option), option.replace("_", "-")
        if option == "model":
            yield from _model_tokens(value)
        elif option == "check" and getattr(asked, "model", "") not in MAKERS:
            continue
        elif isinstance(value, bool) and value != field.default:
            yield f"--{typed}" if value else f"--no-{typed}"
        elif value is not None and value != field.default:
            yield from (f"--{typed}", str(value))


def _model_tokens(model: str) -> Iterator[str]:
    if model == UNTUNED:
        yield from ("--model", "Pretrained", "--no-check")
    elif model in MAKERS:
        yield from ("--model", model)


def python(asked: RequestOptions, name: str = "") -> str:
    """Lines of Python that do the same."""
    makers = {
        ForecastOptions: _forecast,
        BacktestOptions: _backtest,
        ImputeOptions: _impute,
        AnomaliesOptions: _anomalies,
    }
    make: Any = makers.get(type(asked))
    if make is None or not isinstance(asked, TableOptions):
        return ""
    return "\n".join(["import loopcast", "", _read(asked, name), *make(asked)]) + "\n"


def _read(asked: TableOptions, name: str) -> str:
    columns, options = asked.columns(), asked.read_options()
    given = {
        "columns": None if columns == STANDARD else f"loopcast.{columns!r}",
        "freq": _step(asked),
        "gaps": None if asked.gaps == "error" else repr(asked.gaps),
        "options": None if options == USUAL else f"loopcast.{options!r}",
    }
    more = "".join(f", {option}={value}" for option, value in given.items() if value is not None)
    return f"panel = loopcast.read({(name or UNNAMED)!r}{more})"


def _step(asked: TableOptions) -> str | None:
    """The frequency as Python writes it; None for that which is inferred."""
    step = asked.step(asked.closed)
    return repr(step.alias if isinstance(step, Frequency) else step) if step is not None else None


def _forecast(asked: ForecastOptions) -> Iterator[str]:
    shown = "[80, 95]" if asked.level is None else repr(list(levels(asked.level)))
    if asked.model == UNTUNED or asked.model in MAKERS:
        name = "Pretrained" if asked.model == UNTUNED else asked.model
        [forecaster] = build_forecasters(name, asked.common(asked.budget), asked.network())
        tuned = forecaster if asked.model != UNTUNED else forecaster.with_options(tune=0)
        yield f"model = {tuned.to_code()}.fit(panel)"
        yield f"print(model.predict(level={shown}))"
        yield from ["print(model.explain())"] if asked.explain else []
        return
    yield f"model = loopcast.load({asked.model.partition('@')[0] + '.loopcast'!r})"
    wanted = repr(list(levels(asked.level or "none")))
    yield f"print(model.predict({asked.horizon}, data=panel, level={wanted}))"
    yield from [f"print(model.explain({asked.horizon}, data=panel))"] if asked.explain else []


def _backtest(asked: BacktestOptions) -> Iterator[str]:
    made = build_models(parse_names("models", asked.models), asked.common(asked.budget))
    given: dict[str, Any] = {
        "n_windows": asked.n_windows,
        "step_size": asked.step_size,
        "refit": parse_refit(asked.refit),
    }
    given |= {"level": list(levels(asked.level)), "season": asked.season, "seeds": asked.seeds, "skip_short": True}
    more = "".join(f", {name}={value!r}" for name, value in given.items() if value is not None)
    yield f"models = [{', '.join(each.to_code() for each in made)}]"
    yield f"done = loopcast.backtest(models, panel, {asked.horizon}{more})"
    yield "print(loopcast.leaderboard(done))"


def _impute(asked: ImputeOptions) -> Iterator[str]:
    given: dict[str, Any] = {
        "mode": asked.mode,
        "season": asked.season,
        "best": asked.best or None,
        "updates": asked.updates,
    }
    given |= {"seed": asked.seed, **{name: value for name, value in asked.bounds().items() if value}}
    options = ", ".join(
        f"{name}={value!r}" for name, value in given.items() if value is not None and (name, value) != ("lower", "auto")
    )
    yield f"imputer = loopcast.Imputer({options}).fit(panel)"
    yield f"print(imputer.impute(level={list(levels(asked.level))!r}))"


def _anomalies(asked: AnomaliesOptions) -> Iterator[str]:
    season = "" if asked.season is None else f"season={asked.season}, "
    yield f"model = loopcast.Pretrained({season}tune=0).fit(panel)"
    yield f"print(loopcast.anomalies(model, level={asked.level:g}))"
