"""The beginning of a stream, in a worker: its folder, and in it the state after all that came before."""

from pathlib import Path
from typing import Any

from loopcast.service import bodies
from loopcast.service.options import UNTUNED, StreamOptions, validated
from loopcast.service.request import Work
from loopcast.tasks.stream import StreamTask


def stream_task(asked: StreamOptions, state: Path, **given: Any) -> StreamTask:
    """What is followed in a folder, as `loopcast stream` follows it."""
    return StreamTask(
        state=state,
        columns=asked.columns(),
        freq=asked.step(asked.closed),
        horizon=asked.horizon,
        season=asked.season,
        rules=asked.rules(),
        **given,
    )


def begin_stream(work: Work, state: Path) -> dict[str, Any]:
    """A folder with the live state of a stream that is new: of what came before, where the body has that.

    Its options as they were understood, whatever part of the request said them.
    """
    said = bodies.object_in(work.path) if work.path.suffix == ".json" else {}
    empty = "rows" not in said if work.path.suffix == ".json" else work.path.stat().st_size == 0
    work = work.with_options(said) if empty else work.opened()
    asked = validated(StreamOptions, work.options)
    model = None if asked.model == UNTUNED else work.model_file(asked.model)
    if asked.horizon is not None:
        work.limits.check_horizon(asked.horizon)
    history = None if empty else work.whole(asked, **work.like(model)).panel
    live = stream_task(asked, state, model=model, history=history).open()
    if live is not None:
        live.close()
    return asked.model_dump()
