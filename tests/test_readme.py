"""What the README shows."""

import doctest
import re
import shlex
from pathlib import Path

from loopcast.cli.main import app, with_streams

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def test_the_examples_of_the_readme_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    results = doctest.testfile(str(README), module_relative=False, encoding="utf-8")
    assert results.attempted > 5
    assert results.failed == 0


def test_the_readme_names_only_commands_and_options_that_exist():
    text = README.read_text(encoding="utf-8")
    for line in re.findall(r"^loopcast .*$", text, flags=re.MULTILINE):
        _, bound, _ = app.parse_args(with_streams(shlex.split(line)[1:]), exit_on_error=False, print_error=False)
        assert bound.arguments


def test_every_target_of_make_that_is_named_exists():
    targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for page in ("README.md", "CONTRIBUTING.md"):
        named = set(
            re.findall(r"(?:^|`)make ([a-z0-9-]+)", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
        )
        assert named
        assert named <= set(targets)
