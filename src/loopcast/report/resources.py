"""The files that are put into pages: their style, their script, and Plotly's library for the browser."""

from functools import cache
from importlib.resources import files


@cache
def resource(name: str) -> str:
    """A file of this room as text."""
    return (files("loopcast.report") / name).read_text(encoding="utf-8")


@cache
def plotly_js() -> str:
    """Plotly's basic bundle (MIT, its licence lies beside it): lines, bars and pies, a quarter of the whole library.

    It must not end its own script element.
    """
    return resource("plotly_js/plotly-basic.min.js").replace("</script", "<\\/script")
