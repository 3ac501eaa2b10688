"""One stream: a live state in a folder, which one thread of the server writes to."""

import asyncio
import io
import json
import math
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl

from loopcast.columns import Columns
from loopcast.errors import DataError, OptionError, quote, quote_all, reason
from loopcast.live.checks import Id
from loopcast.live.live import Live
from loopcast.live.tables import STATUS, SURPRISE, column_of, only_id
from loopcast.service.begin import stream_task
from loopcast.service.bodies import parse_json, table_of
from loopcast.service.options import StreamOptions
from loopcast.service.problems import Problem
from loopcast.service.recent import ManyRows, OneRow, Recent
from loopcast.service.watch import Watchers, changed
from loopcast.tasks.plain import plain
from loopcast.tasks.stream_lines import forecast_facts

FEWEST_ENTRIES = 50_000  # of a journal before a snapshot makes it short again
MOST_SHOWN = 300  # rows of a series to whoever watches it
SECONDS_TOLD = 0.2  # between two looks of whoever watches
MOST_HEALTH = 10_000  # series of which each is asked how it is
READERS: Mapping[str, Callable[[Any], pl.DataFrame]] = {
    ".parquet": pl.read_parquet,
    ".feather": pl.read_ipc,
    ".arrows": pl.read_ipc_stream,
}
Result = TypeVar("Result")


class ServedStream:
    """Takes rows in and forecasts; what it answers has reached the disk.

    model: the name of the model that it was made by.
    """

    def __init__(self, name: str, asked: StreamOptions, folder: Path) -> None:
        self.name, self.asked, self.folder = name, asked, folder
        self._task = stream_task(asked, folder)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stream")
        self.live: Live | None = None
        self.recent = Recent()
        self.last_health: dict[str, Any] | None = None
        self._watchers = Watchers()

    async def call(self, do: Callable[..., Result], *values: Any) -> Result:
        """Have the stream's thread do something; requests take their turns."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, do, *values)

    def open(self) -> None:
        """Go on from the folder; nothing is followed yet where no row has come."""
        self.live = self._task.open()

    def update(self, content: bytes, ending: str) -> bytes:
        """Take the rows of a body in, all of them or none, and say of each what it was and how surprising.

        Errors are those of `Live.update`, and DataError for a body that is no table.
        """
        answer = self._taken(self._rows(content, ending))
        live = self._known()
        live.sync()
        if live.journaled >= max(FEWEST_ENTRIES, 10 * len(live)):
            live.save(self.folder)
        return json.dumps(answer, allow_nan=False).encode()

    def end_watching(self) -> None:
        """Have those who watch go."""
        self._watchers.end()

    def notify(self) -> None:
        """Have those who watch look."""
        self._watchers.tell(self.name)

    async def events(self, text: str, target: str | None) -> AsyncIterator[str]:
        """What becomes of a series, as server-sent events: rows, its forecast, and how the stream is.

        target: of several, the one that is shown; None is the first.
        """
        since = 0
        with self._watchers.watching(self.name) as came:
            while not self._watchers.ended:
                since, view = await self.call(self._view, (text, target), since)
                yield f"event: rows\ndata: {json.dumps(plain(view), allow_nan=False)}\n\n"
                await asyncio.sleep(SECONDS_TOLD)
                async for alive in changed(came):
                    yield alive

    def _view(self, whose: tuple[str, str | None], since: int) -> tuple[int, dict[str, Any]]:
        """What came of a series after so many rows of the stream, and how many there are now."""
        (text, target), targets = whose, self._known().schema.columns.targets
        place = self.place_of(target)
        rows, ahead = self.recent.of(self.id_of(text), place, since, MOST_SHOWN), self.forecast(text)
        if len(targets) > 1:
            ahead = {name: said[targets[place]] if isinstance(said, dict) else said for name, said in ahead.items()}
        return self.recent.count, {"rows": rows, "forecast": ahead, "health": self.health()}

    def place_of(self, target: str | None) -> int:
        """Which of the targets one is; Problem 404 where none is called so."""
        targets = self._known().schema.columns.targets
        if target is not None and target not in targets:
            raise Problem(404, f"there is no target {quote(target)}: there are {quote_all(targets)}")
        return 0 if target is None else targets.index(target)

    def _rows(self, content: bytes, ending: str) -> list[dict[str, Any]] | pl.DataFrame:
        if ending == ".json":
            said = parse_json(content)
            rows = said.get("rows") if isinstance(said, dict) else said
            if not isinstance(rows, list) or not rows:
                raise DataError('the body is {"rows": [...]}, with an object for each row')
            return rows
        if ending == ".ndjson":
            return [parse_json(line) for line in content.splitlines() if line.strip()]
        try:
            return self._table(content, ending)
        except (pl.exceptions.PolarsError, OSError, ValueError) as error:
            raise DataError(f"the body is no table that can be read: {reason(error)}") from error

    def _table(self, content: bytes, ending: str) -> pl.DataFrame:
        if ending in READERS:
            return READERS[ending](io.BytesIO(content))
        if ending not in (".csv", ".tsv"):
            raise OptionError("rows of a stream are JSON, CSV, Parquet or Arrow")
        columns = self._columns()
        table = pl.read_csv(io.BytesIO(content), infer_schema=False, separator="," if ending == ".csv" else "\t")
        numbers = columns.targets if self.live is None else self.live.numbers
        kinds: dict[str, Any] = dict.fromkeys(numbers, pl.Float64)
        if self.live is not None and isinstance(self.live.first_id, int):
            kinds[columns.id] = pl.Int64
        return table.with_columns(pl.col(name).cast(kind) for name, kind in kinds.items() if name in table.columns)

    def _columns(self) -> Any:
        return self.asked.columns() if self.live is None else self.live.schema.columns

    def _taken(self, rows: list[dict[str, Any]] | pl.DataFrame) -> dict[str, Any]:
        columns = self._columns()
        if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], dict):
            return self._one(rows[0], columns)
        table = rows if isinstance(rows, pl.DataFrame) else table_of(rows)
        missing = next((name for name in (columns.time, *columns.targets) if name not in table.columns), None)
        if missing is not None or not table.height:
            raise DataError(f"the rows have no column {quote(missing)}" if missing else "there is no row")
        self._begin(table[columns.time][0])
        live = self._known()
        done = live.update(table)
        self.recent.add(ManyRows(done, live.schema.columns, only_id(live.schema)))
        targets = columns.targets
        surprises = [done[column_of(SURPRISE, name, targets)].to_list() for name in targets]
        return {"rows": table.height, "status": done[STATUS].to_list(), "surprise": _of_each(targets, surprises)}

    def _one(self, row: dict[str, Any], columns: Columns) -> dict[str, Any]:
        time, targets = columns.time, columns.targets
        missing = next((name for name in (time, *targets) if name not in row), None)
        if missing is not None:
            raise DataError(f"the row has no {quote(missing)}")
        self._begin(row[time])
        live = self._known()
        id_, values = row.get(live.schema.columns.id, only_id(live.schema)), [row[name] for name in targets]
        y = values[0] if len(targets) == 1 else dict(zip(targets, values, strict=True))
        given = {name: row[name] for name in columns.covariates if name in row} or None
        seen = live.update_one(id_, row[time], y, given)
        surprises = [None if math.isnan(each) else float(each) for each in np.atleast_1d(seen.surprise)]
        drifts = [bool(each) for each in np.atleast_1d(seen.drift)]
        self.recent.add(OneRow(id_, str(row[time]), seen.status, values, surprises, drifts))
        each = {
            name: _of_each(targets, [[one] for one in said])
            for name, said in (("surprise", surprises), ("drift", drifts))
        }
        return {"rows": 1, "status": [seen.status], **each}

    def _begin(self, time: Any) -> None:
        """Where no row has come yet, the first one says what kind of times there are."""
        if self.live is None:
            self.live = self._task.start_at(time)

    def _known(self) -> Live:
        if self.live is None:
            raise OptionError("this stream has no series yet: send rows first")
        return self.live

    def id_of(self, text: str) -> Id:
        """An id as an address writes it, of the kind that the others have."""
        numbers = isinstance(self._known().first_id, int)
        return int(text) if numbers and text.removeprefix("-").isdecimal() and len(text) < 19 else text

    def forecast(self, text: str) -> dict[str, Any]:
        """What comes after a series; Problem 404 where it is not followed, ValuesError where it has no value yet."""
        live = self._known()
        try:
            ahead = live.predict_one(self.id_of(text))
        except OptionError as error:
            raise Problem(404, str(error)) from error
        return {"series": text, **forecast_facts(ahead, live.name, live.levels, live.schema.columns.targets)}

    def facts(self) -> dict[str, Any]:
        """What is followed, and how it is."""
        about = {"name": self.name, "model": self.asked.model, "series": 0, "ids": [], "health": None}
        live = self.live
        if live is None:
            return about
        more = {
            "targets": list(live.schema.columns.targets),
            "horizon": live.horizon,
            "levels": list(live.levels),
            "frequency": str(live.schema.freq.alias),
        }
        health = self.health()
        return about | more | {"series": len(live), "ids": live.ids[:100], "health": health}

    def health(self) -> dict[str, Any] | None:
        """All series together: how many are behind or have drifted, errors, and the share outside of intervals."""
        live = self.live
        if live is None or len(live) > MOST_HEALTH:
            return None
        table = live.health()
        judged = max(1, int(table["judged"].sum()))
        shares = {
            f"missed-{level:g}": float((table[f"missed-{level:g}"].fill_nan(0) * table["judged"]).sum()) / judged
            for level in live.levels
        }
        of_rows = table.gather_every(len(live.schema.columns.targets))  # which are those of each target
        sums = {name: int(of_rows[name].sum()) for name in ("rows", "stale", "duplicates", "late", "revised")}
        sums |= {name: int(table[name].sum()) for name in ("drifts", "judged")}
        self.last_health = {"series": of_rows.height, **sums, **shares}
        return self.last_health

    def close(self) -> None:
        """Have the next start find a journal that is short, and let others use the folder."""
        if self.live is not None:
            if self.live.journaled:
                self.live.save(self.folder)
            self.live.close()
            self.live = None

    def remove(self) -> None:
        """End it, with all that it knows."""
        if self.live is not None:
            self.live.close()
            self.live = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _of_each(targets: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    """What is said of the rows of the target; of several, by their names."""
    return rows[0] if len(targets) == 1 else dict(zip(targets, rows, strict=True))
