"""What came of a task: the JSON that answers it, and for a job the files that can be fetched besides."""

from collections.abc import Callable, Iterator
from typing import Any

from loopcast.service.options import RequestOptions
from loopcast.service.request import Work
from loopcast.service.work import Filled
from loopcast.tasks.plain import to_json

MEDIA_TYPES = {
    "result.json": "application/json",
    "charts.json": "application/json",
    "table.csv": "text/csv; charset=utf-8",
    "report.html": "text/html; charset=utf-8",
    "model.loopcast": "application/octet-stream",
}


def answer(asked: RequestOptions, result: Any) -> bytes:
    """As the command of that name prints with --json; a filled table besides."""
    facts = result.facts(wide=True) if getattr(asked, "wide", False) else result.facts()
    return to_json(facts).encode()


def files(work: Work, asked: RequestOptions, result: Any) -> Iterator[tuple[str, bytes]]:
    """The files of a finished job, by name."""
    from loopcast.service import charts, recipe  # they load what draws pages

    command = recipe.command(asked, work.name)
    same = {"command": command, "python": recipe.python(asked, work.name)}
    yield "result.json", to_json({**result.facts(), "same": same}).encode()
    makers: dict[str, Callable[[], bytes | None]] = {
        "table.csv": lambda: table(result),
        "charts.json": lambda: charts.charts_json(result),
        "report.html": lambda: result.page(command) if hasattr(result, "page") else None,
        "model.loopcast": lambda: model(result),
    }
    for name, make in makers.items():
        content = make()
        if content is not None:
            yield name, content


def table(result: Any) -> bytes | None:
    """The table of a result as CSV."""
    from loopcast.tasks.backtest import BacktestResult

    if isinstance(result, BacktestResult):
        return result.backtest.table.write_csv().encode()
    found = result.table() if callable(result.table) else result.table
    return found.write_csv().encode()


def model(result: Any) -> bytes | None:
    """The model file of what was fitted."""
    from loopcast.storage import model_file
    from loopcast.tasks.forecast import ForecastResult

    if isinstance(result, ForecastResult):
        return model_file.to_bytes(result.forecasters[0])  # a request names one
    return model_file.to_bytes(result.result.imputer) if isinstance(result, Filled) else None
