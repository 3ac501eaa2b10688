"""Docstrings as Markdown, for the site: examples become blocks of code, and options one paragraph each."""

import re
from typing import Any

from griffe import Extension, Object

EXAMPLE = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)  # to the next empty line
OPTION = re.compile(r"^([a-z_]+(?:, [a-z_]+)*): ", re.MULTILINE)


class Docstrings(Extension):
    """Rewrites every docstring before it is rendered."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Called by Griffe for each module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = markdown(obj.docstring.value)


def markdown(text: str) -> str:
    """A docstring's text as Markdown."""
    text = OPTION.sub(lambda found: "\n" + ", ".join(f"`{name}`" for name in found[1].split(", ")) + ": ", text)
    return EXAMPLE.sub(lambda found: f"\n```pycon\n{found[0]}\n```\n", text)
