"""The command line as it was typed."""

import shlex
import sys


def command_line() -> str:
    """The command line as it was typed, to be typed again."""
    return shlex.join(["loopcast", *sys.argv[1:]])
