"""Texts of others on a terminal: ids, names of columns and aliases may hold anything, commands to the terminal too."""

import re

# Controls (escape sequences begin with one), line separators, marks that turn the direction of what follows, surrogates
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str, keep: str = "") -> str:
    r"""`text` with what acts on a terminal, or cannot be encoded, spelled out as Python would; `keep` stays as it is.

    >>> print(visible("a\x1b[31mb\n"))
    a\x1b[31mb\n
    >>> visible("two\nlines", keep="\n")
    'two\nlines'
    """
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else repr(found[0])[1:-1], text)
