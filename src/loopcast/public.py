"""What the rooms may ask of the package as a whole: its public names, which the package itself tells them.

A method such as `Forecaster.cross_validation` stands on a room further down; it asks for the public function by its
name, and so does a model file for the class of its kind. Nothing beyond the table of public names can be reached.
"""

from collections.abc import Callable, Iterable
from typing import Any

_FINDERS: list[Callable[[str], Any]] = []
_NAMES: set[str] = set()


def set_finder(find: Callable[[str], Any], names: Iterable[str]) -> None:
    """Let `find` give the objects of these public names."""
    _FINDERS[:] = [find]
    _NAMES.update(names)


def public_names() -> frozenset[str]:
    """All names that `public` knows."""
    return frozenset(_NAMES)


def public(name: str) -> Any:
    """The public object of this name, loaded now if it is not yet; AttributeError where there is none."""
    return _FINDERS[0](name)
