"""A file that could not be read, and the options that read it."""

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loopcast.columns import Columns
from loopcast.errors import DataError

if TYPE_CHECKING:  # what looks at a file loads when one could not be read
    from loopcast.data.build import Freq as Step
    from loopcast.data.look import Proposal
    from loopcast.data.read_options import ReadOptions

FLAGS = ("--strip", "--no-header")  # options without a value


class UnreadError(DataError):
    """A file that could not be read as was said. cure: options that read it, as they are typed."""

    def __init__(self, message: str, cure: Sequence[str]) -> None:
        super().__init__(message)
        self.cure = tuple(cure)


def with_cure(
    error: DataError, file: Path, columns: Columns, options: "ReadOptions", step: Callable[["Proposal"], "Step"]
) -> DataError:
    """The error, with the options that read the file where there are some (`data.look.cure`).

    None are looked for in standard input, which is gone by then.
    """
    from loopcast.data.file_request import STANDARD_INPUT
    from loopcast.data.look import cure
    from loopcast.tasks.look import typed

    if file == STANDARD_INPUT:
        return error
    found = cure(file, columns, options, step)
    return error if found is None else UnreadError(str(error), typed(found))


def whole_command(arguments: Sequence[str], cure: Sequence[str]) -> str:
    """A command line as it is to be typed: with the options of the cure in place of those of their names.

    >>> whole_command(["forecast", "a.csv", "--decimal=.", "--horizon", "3"], ["--decimal", ",", "--strip"])
    'loopcast forecast a.csv --horizon 3 --decimal , --strip'
    """
    names = {token for token in cure if token.startswith("--")}
    kept, skip = [], False
    for token in arguments:
        name = token.partition("=")[0]
        if skip or name in names:
            skip = not skip and name in names and "=" not in token and name not in FLAGS
            continue
        kept.append(token)
    return shlex.join(["loopcast", *kept, *cure])
