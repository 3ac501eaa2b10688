"""Pages from templates: every value is text there, and scripts run only if their content is what was written here."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from loopcast.public import public
from loopcast.report.payload import Charts
from loopcast.report.ranking import Column, format_cell
from loopcast.report.resources import plotly_js, resource


def render(template: str, charts: Charts, data: Mapping[str, Any], **values: Any) -> bytes:
    """A page; `data`, with the charts, is what its script draws."""
    scripts = [Markup(resource("templates/page.js")), Markup(plotly_js())]  # noqa: S704 - our own file and Plotly's
    return render_template(
        template,
        data=Markup(charts.json(data)),  # noqa: S704 - made safe for a script element
        script=scripts[0],
        plotly=scripts[1],
        hashes=[digest(each) for each in scripts],
        count=len(charts.encoded),
        **values,
    )


def render_template(template: str, **values: Any) -> bytes:
    """A page of what its template needs besides the style and the version."""
    style = Markup(resource("templates/page.css"))  # noqa: S704 - our own file
    page = environment().get_template(template).render(style=style, version=public("__version__"), **values)
    return page.encode(errors="replace")


@cache
def environment() -> Environment:
    """Where templates are found, and that they escape all they are given."""
    found = Environment(
        loader=PackageLoader("loopcast.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.filters["number"] = lambda value, form: format_cell(value, Column(key="", title="", meaning="", form=form))
    found.tests["known"] = lambda values: bool(np.isfinite(values).any())
    found.tests["covered"] = lambda lines: bool(np.isfinite(np.array(lines)).any())
    return found


@cache
def digest(content: str) -> str:
    """What a content security policy calls a script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
