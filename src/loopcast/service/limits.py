"""How much of everything is allowed. A request that asks for more is told so, and costs next to nothing."""

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from loopcast.errors import DataError, OptionError

NAMES = {  # of the options of the command
    "body": "--most-body", "series": "--most-series", "rows": "--most-rows", "horizon": "--most-horizon",
    "header": "--header-seconds", "upload": "--body-seconds", "compute": "--compute-seconds", "queue": "--queue",
    "jobs": "--most-jobs", "kept": "--keep-jobs", "streams": "--most-streams",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Limits:
    """body: bytes of a request. series, rows: of its table, and rows of its answer. horizon: steps ahead.

    header, upload, compute: seconds until the head of a request, its body, and a direct answer have to be there.
    queue: requests that wait for a worker. jobs: that wait, kept: that are finished and can be looked at.
    streams: that are followed.
    """

    body: int = 32 * 2**20
    series: int = 10_000
    rows: int = 1_000_000
    horizon: int = 10_000
    header: float = 10.0
    upload: float = 30.0
    compute: float = 30.0
    queue: int = 16
    jobs: int = 100
    kept: int = 1000
    streams: int = 100

    def __post_init__(self) -> None:
        for each in fields(self):
            if not getattr(self, each.name) > 0:
                raise OptionError(f"{NAMES[each.name]} is above 0, got {getattr(self, each.name)}")

    def to_json(self) -> dict[str, Any]:
        """As plain values, for a worker."""
        return asdict(self)

    def check_horizon(self, horizon: int) -> None:
        """OptionError for too many steps ahead."""
        if horizon > self.horizon:
            raise OptionError(f"this server forecasts at most {self.horizon:,} steps ahead, got {horizon:,}")

    def check_table(self, series: int, rows: int) -> None:
        """DataError for a table that is too large."""
        if series > self.series:
            raise DataError(f"this server takes at most {self.series:,} series at once, got {series:,}: send fewer")
        self.check_rows(rows)

    def check_rows(self, rows: int) -> None:
        """DataError for too many rows."""
        if rows > self.rows:
            raise DataError(f"this server takes at most {self.rows:,} rows at once, got {rows:,}: send fewer")

    def check_answer(self, rows: int) -> None:
        """OptionError for an answer that would be too long."""
        if rows > self.rows:
            raise OptionError(
                f"the answer would have {rows:,} rows, and this server gives at most {self.rows:,}: take fewer series, "
                "or a shorter horizon"
            )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """folder: where a server keeps everything. workers: for direct answers; job_workers: for jobs."""

    folder: Path
    workers: int = 2
    job_workers: int = 1
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.workers < 1 or self.job_workers < 1:
            raise OptionError(f"there is at least one worker of each kind, got {self.workers} and {self.job_workers}")
