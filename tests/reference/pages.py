"""The pages of the documentation as a reader would try them: their blocks, in order, in a folder with the examples.

A block with a title (csv title="sales.csv") is a file of that name. A comment on the line before a block says what is
done with it: `<!-- test: slow -->` runs it among the slow tests, `<!-- test: parse -->` looks at its grammar and
options alone (a server, a file that only the reader has), `<!-- test: other -->` the same, and tests/others runs it
beside the library that it needs, `<!-- test: fails -->` has its commands end with an error.
"""

import doctest
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from loopcast.cli.config import READ, split_config
from loopcast.cli.main import app, run, with_streams

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r'^(?:<!-- test: (\w+) -->\n)?```(\w*)(?: title="([^"\n]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True, kw_only=True)
class Block:
    """One fenced block of a page; `how` is the word of its comment, or nothing."""

    how: str
    language: str
    file: str
    text: str
    line: int

    @property
    def commands(self) -> list[list[str]]:
        """The arguments of each command of ours, where those are what the block holds."""
        lines = re.findall(r"^loopcast .*$", self.text.replace("\\\n", " "), flags=re.MULTILINE)
        return [shlex.split(line, comments=True)[1:] for line in lines] if self.language in ("", "sh") else []


def pages() -> list[Path]:
    """Every page that a reader sees."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            how=found[1] or "",
            language=found[2],
            file=found[3] or "",
            text=found[4],
            line=text.count("\n", 0, found.start(4)),
        )
        for found in BLOCK.finditer(text)
    ]


def parse(block: Block) -> None:
    """Fail where Python, or a command's options, are not what they should be."""
    if block.language == "python":
        compile(block.text, block.file or "block", "exec")
    for arguments in block.commands:
        if READ in arguments:  # the file has the rest
            continue
        _, bound, _ = app.parse_args(split_config(with_streams(arguments))[0], exit_on_error=False, print_error=False)
        assert bound.arguments or len(arguments) == 1


def try_page(page: Path, folder: Path, *, slow: bool) -> None:
    """Write the files and run the Python and the commands of a page in `folder`, which is the current one."""
    (folder / "examples").symlink_to(ROOT / "examples")
    names: dict = {}
    for block in blocks(page):
        if block.file:
            (folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.how in ("parse", "other"):
            parse(block)
        elif slow or block.how != "slow":
            _run(block, page, names)


def _run(block: Block, page: Path, names: dict) -> None:
    place = f"{page.name}:{block.line}"
    if block.language == "python" and ">>> " in block.text:
        said: list[str] = []
        parsed = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), block.line)
        results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(parsed, out=said.append, clear_globs=False)
        names.update(parsed.globs)
        assert not results.failed, "".join(said)
    elif block.language == "python":
        exec(compile(block.text, place, "exec"), names)
    for arguments in block.commands:
        assert bool(run(arguments)) == (block.how == "fails"), f"{place}: loopcast {shlex.join(arguments)}"


def broken_links(page: Path) -> list[str]:
    """The links of a page to a file, or a heading of one, that is not there."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    return [link for link in LINK.findall(text) if "://" not in link and not _leads_somewhere(page, link)]


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, heading = link.partition("#")
    target = page.parent / path if path else page
    return target.is_file() and (not heading or heading in _anchors(target))


def _anchors(page: Path) -> set[str]:
    """The names of a page's headings, as Markdown makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", each).strip().lower()) for each in headings}
