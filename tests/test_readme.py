"""What the README shows."""

import re

from reference.pages import ROOT, blocks, try_page

README = ROOT / "README.md"


def test_the_commands_and_the_python_of_the_readme_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sum(bool(block.commands) or block.language == "python" for block in blocks(README)) > 3
    try_page(README, tmp_path, slow=False)


def test_every_target_of_make_that_is_named_exists():
    targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for page in ("README.md", "CONTRIBUTING.md"):
        named = set(
            re.findall(r"(?:^|`)make ([a-z0-9-]+)", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
        )
        assert named
        assert named <= set(targets)
