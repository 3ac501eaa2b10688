"""loopcast serve and loopcast token: forecasts over HTTP, and a page."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from loopcast.cli.printing import say
from loopcast.errors import OptionError

Models = Annotated[Path, Parameter(metavar="FOLDER", help="Where models, jobs and streams are kept.")]
MISSING = "loopcast serve needs libraries that are not installed: pip install loopcast[serve]"


def serve(
    *,
    models: Models = Path("loopcast-service"),
    host: Annotated[str, Parameter(help="Where to listen; others than this machine's need a token.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="0 takes one that is free.")] = 8000,
    workers: Annotated[int, Parameter(help="Processes for direct answers.")] = 2,
    job_workers: Annotated[int, Parameter(help="Processes for jobs.")] = 1,
    most_body: Annotated[int, Parameter(metavar="MIB", help="Size of a request.")] = 32,
    most_series: Annotated[int, Parameter(metavar="N", help="Series of a request.")] = 10_000,
    most_rows: Annotated[int, Parameter(metavar="N", help="Rows of a request, and of an answer.")] = 1_000_000,
    most_horizon: Annotated[int, Parameter(metavar="STEPS", help="Steps ahead.")] = 10_000,
    header_seconds: Annotated[float, Parameter(help="Until the head of a request has to be there.")] = 10.0,
    body_seconds: Annotated[float, Parameter(help="Until its body has to be there.")] = 30.0,
    compute_seconds: Annotated[float, Parameter(help="That a direct answer may take.")] = 30.0,
    queue: Annotated[int, Parameter(help="Requests that wait for a worker; more are told to come again.")] = 16,
    most_jobs: Annotated[int, Parameter(metavar="N", help="Jobs that wait.")] = 100,
    keep_jobs: Annotated[int, Parameter(metavar="N", help="Finished jobs that are kept.")] = 1000,
    most_streams: Annotated[int, Parameter(metavar="N", help="Streams that are followed.")] = 100,
) -> None:
    """Serve forecasts over HTTP, and a page to drop a file on, until SIGTERM or Ctrl-C."""
    from loopcast.service.limits import Limits, Settings

    limits = Limits(
        body=most_body * 2**20,
        series=most_series,
        rows=most_rows,
        horizon=most_horizon,
        header=header_seconds,
        upload=body_seconds,
        compute=compute_seconds,
        queue=queue,
        jobs=most_jobs,
        kept=keep_jobs,
        streams=most_streams,
    )
    settings = Settings(folder=models.absolute(), workers=workers, job_workers=job_workers, limits=limits)
    check_installed()
    from loopcast.service.server import serve as run

    run(settings, host, port, lambda text: say(text, file=sys.stderr))


def token(
    name: Annotated[str, Parameter(help="Whose it is, such as grafana.")],
    /,
    *,
    models: Models = Path("loopcast-service"),
    scope: Annotated[
        Literal["read", "run", "admin"],
        Parameter(help="Look at jobs, streams and models; forecast, too; put and end them, too."),
    ] = "run",
    end: Annotated[bool, Parameter(negative="", help="End the token of this name.")] = False,
) -> None:
    """Print a new token for the server of a folder; only its hash is kept."""
    from loopcast.service import tokens
    from loopcast.service.store import Store

    store = Store(models.absolute())
    if end:
        tokens.end(store, name)
    else:
        print(tokens.make(store, name, scope))
    store.close()


def check_installed() -> None:
    """OptionError where the libraries of the service are not there."""
    from importlib.util import find_spec

    missing = [name for name in ("fastapi", "uvicorn", "python_multipart", "prometheus_client") if not find_spec(name)]
    if missing:
        raise OptionError(f"{MISSING} (missing: {', '.join(missing)})")
