"""A live state out of its folder."""

import os
from pathlib import Path

from loopcast.live.folder import open_for_writing, read
from loopcast.live.live import Live
from loopcast.live.lock import locked
from loopcast.live.manifest import read_manifest


def resume(path: str | os.PathLike[str], *, journal: bool = False) -> Live:
    """The live state that `Live.save` kept in a folder, with what its journal says came since.

    journal: from here on every row is written there before it is taken in, so that it survives the end of the process
    at any moment; `Live.sync` has it survive a power cut, `Live.save` to the same folder makes the journal short again,
    and nobody else may use the folder until `Live.close`. Rows that are sent again change nothing.
    ModelFileError for a folder that holds no state, or is damaged in any byte; of an entry that was half written when
    the process ended nothing is left. OptionError where another process writes to it.

    >>> import tempfile
    >>> from loopcast.models.pretrained.forecaster import Pretrained
    >>> live = Pretrained(horizon=2).fit([1.0, 2.0, 3.0]).live([1.0, 2.0, 3.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     live.save(f"{folder}/pumps.live")
    ...     resume(f"{folder}/pumps.live").update_one("y", 3, 4.0).status
    'taken'
    """
    folder = Path(path)
    read_manifest(folder)
    if not journal:
        with locked(folder, shared=True):
            opened = read(folder)
        return Live(opened.model, opened.state)
    opened = open_for_writing(folder)
    return Live(opened.model, opened.state)
