"""Chromium, as it is installed, and axe-core, which says what a page lacks for those who do not see or use a mouse."""

import shutil

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LACKING = "no chromium, chromium-browser or google-chrome is installed"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def until(page, condition):
    """Wait until a JavaScript expression is true; Playwright's own wait needs eval, which the pages forbid."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"not within five seconds: {condition}")


def violations(page):
    """What axe-core finds wrong with a page as it is now, all open, light and dark: the rule, where, and why."""
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    return [each for scheme in ("light", "dark") for each in _violations(page, scheme)]


def _violations(page, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme)
    found = Axe().run(page).response["violations"]
    rules = [(rule["id"], node) for rule in found for node in rule["nodes"]]
    return [f"{scheme}, {rule}: {node['target']}: {node['failureSummary']}" for rule, node in rules]
