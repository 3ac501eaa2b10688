"""Lay out the pages of the site in a folder, as they lie in the repository, so that a link leads to the same in both.

One page is made here: the command line, of what the program says of itself.
"""

import io
import os
import shutil
import sys
from contextlib import redirect_stdout
from pathlib import Path

from loopcast.cli.main import app, run

ROOT = Path(__file__).parent.parent
COPIED = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "docs", "benchmarks/results")


def lay_out(folder: Path) -> None:
    """Make `folder` anew, with every page in it."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    (folder / "docs/reference/command_line.md").write_text(command_line(), encoding="utf-8")


def command_line() -> str:
    """The page of the command line, in Markdown."""
    os.environ["COLUMNS"] = "84"  # as wide as the text of a page
    commands = [name for name in app if not name.startswith("-")]
    parts = [f"## loopcast {name}\n\n```text\n{help_of([name])}```\n" for name in commands]
    return "\n".join(["# The command line\n", f"```text\n{help_of([])}```\n", *parts])


def help_of(arguments: list[str]) -> str:
    """What `loopcast ... --help` prints."""
    with redirect_stdout(io.StringIO()) as said:
        run([*arguments, "--help"])
    return said.getvalue()


if __name__ == "__main__":
    lay_out(Path(sys.argv[1]))
