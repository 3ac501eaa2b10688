"""Which classes a model file can be of: those that registered themselves, by the name of the class.

Where no class of a name has registered yet it is looked up among the package's public names, so that a module loads
when a file of its kind does, and a file reaches nothing else.
"""

from typing import Any, TypeVar

from loopcast.errors import ModelFileError, OptionError
from loopcast.public import public, public_names

Kind = TypeVar("Kind", bound=type)

_KINDS: dict[str, Any] = {}


def register(kind: Kind) -> Kind:
    """A class decorator: model files may hold this kind. OptionError where another class has its name."""
    other = _KINDS.setdefault(kind.__name__, kind)
    if other is not kind and (other.__module__, other.__qualname__) != (kind.__module__, kind.__qualname__):
        raise OptionError(f"a kind of model called {kind.__name__!r} is there already: {other.__module__}")
    _KINDS[kind.__name__] = kind
    return kind


def kind_of(value: object) -> str:
    """The name of a registered class's instance; OptionError for one of another class."""
    name = type(value).__name__
    if _KINDS.get(name) is not type(value):
        raise OptionError(
            f"{name} is not a kind of model that a file can hold: decorate the class with loopcast.register"
        )
    return name


def model_kind_of(model: object) -> str:
    """The name of the registered estimator that leaves models of this type."""
    for name, kind in _KINDS.items():
        if kind.model_type is type(model):
            return name
    raise OptionError(f"no registered forecaster or imputer leaves a {type(model).__name__}: name it as model_type")


def class_of(kind: Any) -> Any:
    """The class of this name; ModelFileError where there is none."""
    if isinstance(kind, str) and kind not in _KINDS and kind in public_names():
        public(kind)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ModelFileError(f"the file holds a model of kind {str(kind)[:80]!r}, which this Loopcast does not know")
    return _KINDS[kind]
