"""Frozen values as plain facts and arrays, and back: what a model file holds is the fields of what was learned.

`encode` takes a tree of dataclasses, named tuples, tuples, plain values and arrays apart. `decode` loads into the types
that the fields declare, and into nothing else: every fact has the declared type, every array the dtype and the shape
that its own fact says, none is left over. What values may be, and which shapes belong together, each class checks when
it is made. Where a field is of models of any kind, each says which, and that is looked up among the registered ones.
What is marked `columns.ADDED_LATER` older files lack: it has its default then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from loopcast.errors import ModelFileError
from loopcast.storage.registry import class_of, model_kind_of

TRANSIENT = {"transient": True}  # metadata of a field that a file leaves out; it has a default
MAY_MISS = {"may_miss": True}  # metadata of an array in which NaN means something
OF_ANY_KIND = {"of_any_kind": True}  # metadata of a tuple of models: each is of a registered kind, which the file names
DTYPES = {"float32", "float64", "int64"}
PLAIN = (bool, int, float, str, NoneType)
MISSING = ".missing"  # after the name of an array: where it is NaN


@dataclass(frozen=True)
class Encoded:
    """facts: plain values that JSON takes; arrays: by the path of their field."""

    facts: Any
    arrays: dict[str, np.ndarray]


def encode(value: Any) -> Encoded:
    """Take a value apart; ModelFileError for what no file can hold, NaN and infinity among it.

    >>> encode((1, np.zeros(2, np.float32))).facts
    [1, 'float32 2']
    """
    arrays: dict[str, np.ndarray] = {}
    return Encoded(_encode(value, "", arrays, may_miss=False), arrays)


def decode(kind: Any, encoded: Encoded, **transient: Any) -> Any:
    """The value of type `kind` again; ModelFileError where facts or arrays are not of one.

    transient: values for fields of it that a file leaves out.

    >>> decode(tuple[int, np.ndarray], Encoded((1, "float32 2"), {"1": np.zeros(2, np.float32)}))[1].tolist()
    [0.0, 0.0]
    """
    arrays = dict(encoded.arrays)
    if transient:
        value = _decode_fields(kind, encoded.facts, "", arrays, transient)
    else:
        value = _decode(kind, encoded.facts, "", arrays)
    if arrays:
        raise ModelFileError(f"the file has arrays that nothing asks for: {', '.join(sorted(arrays)[:3])}")
    return value


def _encode(value: Any, path: str, arrays: dict[str, np.ndarray], *, may_miss: bool) -> Any:
    if isinstance(value, np.integer):
        return int(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_dataclass(value) or hasattr(value, "_fields"):
        return _encode_fields(value, path, arrays)
    if isinstance(value, tuple | list):
        return [_encode(item, _join(path, str(i)), arrays, may_miss=may_miss) for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {name: _encode(item, _join(path, name), arrays, may_miss=may_miss) for name, item in value.items()}
    if hasattr(value, "__array__"):
        return _encode_array(np.asarray(value), path, arrays, may_miss)
    raise ModelFileError(f"a model file holds no {type(value).__name__} ({path})")


def _encode_fields(value: Any, path: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    kind: Any = type(value)
    missable, of_any_kind = _marked(kind, "may_miss"), _marked(kind, "of_any_kind")
    return {
        name: _encode_models(getattr(value, name), _join(path, name), arrays)
        if name in of_any_kind
        else _encode(getattr(value, name), _join(path, name), arrays, may_miss=name in missable)
        for name in _field_types(kind)
    }


def _encode_models(models: Sequence[Any], path: str, arrays: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    return [
        {"model_of": model_kind_of(model), "model": _encode_fields(model, _join(path, str(i)), arrays)}
        for i, model in enumerate(models)
    ]


def _encode_array(array: np.ndarray, path: str, arrays: dict[str, np.ndarray], may_miss: bool) -> str:
    if array.dtype.name not in DTYPES:
        raise ModelFileError(f"a model file holds arrays of {', '.join(sorted(DTYPES))}; {path} is {array.dtype}")
    missing = np.isnan(array) if may_miss else np.zeros(0, bool)
    if missing.any():
        arrays[path + MISSING] = missing.astype(np.float32)
        array = np.where(missing, array.dtype.type(0), array)
    if not np.isfinite(array).all():
        raise ModelFileError(f"the numbers of {path} hold NaN or infinity")
    arrays[path] = np.ascontiguousarray(array)
    return _array_fact(array)


def _array_fact(array: np.ndarray) -> str:
    return " ".join([array.dtype.name, *map(str, array.shape)])


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


@cache
def _field_types(kind: Any) -> dict[str, Any]:
    """The fields of a dataclass or named tuple that a file holds, with their types."""
    hints = get_type_hints(kind)
    if not is_dataclass(kind):
        return {name: hints[name] for name in kind._fields}
    return {each.name: hints[each.name] for each in fields(kind) if each.init and "transient" not in each.metadata}


@cache
def _marked(kind: Any, mark: str) -> frozenset[str]:
    """The fields of a dataclass that have this metadata."""
    return frozenset(each.name for each in fields(kind) if mark in each.metadata) if is_dataclass(kind) else frozenset()


@cache
def _parts_of(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    return get_origin(kind), get_args(kind)


def _decode(kind: Any, facts: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    origin, arguments = _parts_of(kind)
    if origin in (Union, UnionType):
        return _decode(_alternative(arguments, facts, path), facts, path, arrays)
    _require(_could_be(kind, facts), path, kind, facts)
    if origin in (tuple, Sequence):
        return _decode_items(arguments, facts, path, arrays)
    if origin in (dict, Mapping):
        return {name: _decode(arguments[1], each, _join(path, name), arrays) for name, each in facts.items()}
    if is_dataclass(kind) or hasattr(kind, "_fields"):
        return _decode_fields(kind, facts, path, arrays)
    return facts if kind in PLAIN or origin is Literal else _decode_array(facts, path, arrays)


def _alternative(kinds: Sequence[Any], facts: Any, path: str) -> Any:
    """The one of several types that the facts can be of."""
    for kind in kinds:
        if _could_be(kind, facts):
            return kind
    raise ModelFileError(f"{path or 'the model'} is {str(facts)[:80]!r}, which is none of what it can be")


def _could_be(kind: Any, facts: Any) -> bool:
    origin, arguments = _parts_of(kind)
    if origin is Literal:
        return any(facts == each and type(facts) is type(each) for each in arguments)
    if kind in PLAIN:
        return _is_plain(kind, facts)
    if origin in (tuple, Sequence):
        return isinstance(facts, tuple | list)
    if origin in (dict, Mapping) or is_dataclass(kind) or hasattr(kind, "_fields"):
        return isinstance(facts, dict)
    return isinstance(facts, str)  # an array


def _is_plain(kind: type, facts: Any) -> bool:
    """Whether a fact is of a plain type; a whole number may stand where a float is expected."""
    return type(facts) is kind or (kind is float and type(facts) is int)


def _decode_items(kinds: Sequence[Any], facts: Any, path: str, arrays: dict[str, np.ndarray]) -> tuple[Any, ...]:
    if len(kinds) == 1 or kinds[-1] is Ellipsis:
        if kinds[0] in PLAIN and all(_is_plain(kinds[0], each) for each in facts):
            return tuple(facts)
        kinds = (kinds[0],) * len(facts)
    _require(len(kinds) == len(facts), path, kinds, facts)
    pairs = zip(kinds, facts, strict=True)
    return tuple(_decode(kind, each, _join(path, str(i)), arrays) for i, (kind, each) in enumerate(pairs))


def _decode_fields(
    kind: Any, facts: Any, path: str, arrays: dict[str, np.ndarray], transient: Mapping[str, Any] = MappingProxyType({})
) -> Any:
    types = _field_types(kind)
    needed = set(types) - _marked(kind, "added_later")
    _require(isinstance(facts, dict) and needed <= set(facts) <= set(types), path, kind, facts)
    of_any_kind = _marked(kind, "of_any_kind")
    values = {
        name: _decode_models(each, facts[name], _join(path, name), arrays, transient)
        if name in of_any_kind
        else _decode(each, facts[name], _join(path, name), arrays)
        for name, each in types.items()
        if name in facts
    }
    return kind(**values, **transient)


def _decode_models(
    declared: Any, facts: Any, path: str, arrays: dict[str, np.ndarray], transient: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Models inside of another one; of what that one was given they take what they cannot do without."""
    _require(isinstance(facts, tuple | list), path, declared, facts)
    models = []
    for i, each in enumerate(facts):
        here = _join(path, str(i))
        _require(isinstance(each, dict) and set(each) == {"model_of", "model"}, here, declared, each)
        kind = class_of(each["model_of"]).model_type
        _require(isinstance(kind, type) and issubclass(kind, _parts_of(declared)[1][0]), here, declared, each)
        needed = {one.name for one in fields(kind) if one.default is NO_DEFAULT and one.default_factory is NO_DEFAULT}
        given = {name: value for name, value in transient.items() if name in needed}
        models.append(_decode_fields(kind, each["model"], here, arrays, given))
    return tuple(models)


def _decode_array(facts: Any, path: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    array, missing = arrays.pop(path, None), arrays.pop(path + MISSING, None)
    if array is None or _array_fact(array) != facts:
        raise ModelFileError(f"{path} should be an array, {str(facts)[:80]}, and the file has another one or none")
    if missing is None:
        return array
    if missing.shape != array.shape or not np.isin(missing, (0, 1)).all():
        raise ModelFileError(f"what is missing of {path} is 0 or 1 at each of its numbers")
    return np.where(missing == 1, array.dtype.type(np.nan), array)


def _require(holds: bool, path: str, kind: Any, facts: Any) -> None:
    if not holds:
        name = getattr(kind, "__name__", str(kind))
        raise ModelFileError(f"{path or 'the model'} should be of type {name}, got {str(facts)[:80]!r}")
