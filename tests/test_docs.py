"""What the pages of the documentation show, and where they lead."""

import re

import pytest

import loopcast
from reference.pages import ROOT, blocks, broken_links, pages, try_page

PAGES = [page for page in pages() if page.parent == ROOT / "docs" or page.parent.parent == ROOT / "docs"]


def named(page):
    return str(page.relative_to(ROOT))


def wants_trying(page):
    return any(block.language == "python" or block.commands for block in blocks(page))


@pytest.mark.parametrize("page", [page for page in PAGES if wants_trying(page)], ids=named)
def test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try_page(page, tmp_path, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if "<!-- test: slow" in page.read_text("utf-8")], ids=named)
def test_all_blocks_of_a_page_run_those_that_take_long_too(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try_page(page, tmp_path, slow=True)


@pytest.mark.parametrize("page", [*pages(), ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"], ids=named)
def test_the_links_of_a_page_lead_somewhere(page):
    assert not broken_links(page)


def test_every_page_is_in_the_sites_contents():
    contents = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [named(page) for page in pages() if named(page) not in contents] == []


def test_the_reference_has_every_public_name_once():
    text = "".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs/reference/api").glob("*.md")))
    assert sorted(re.findall(r"^::: loopcast\.(\w+)$", text, flags=re.MULTILINE)) == sorted(loopcast.__all__)
