"""Model files: one zip of a manifest and the weights, with no code, no class names and no series in it.

manifest.json         format and library version, kind, options, what fit chose, how the table looked, and the
                      size and SHA-256 of the weights
weights.safetensors   arrays of float32 or float64, all finite

Nothing in a file chooses what code runs: `kind` is looked up in the tables below. Equal models give equal bytes.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import safetensors
import safetensors.numpy

from loopcast import __version__
from loopcast.data.schema import TableSchema
from loopcast.errors import ModelFileError, OptionError
from loopcast.models.base import Forecaster
from loopcast.models.fitted import Fitted, ModelPayload
from loopcast.storage.atomic import write_whole
from loopcast.storage.canonical_zip import pack, unpack
from loopcast.storage.strict_json import LARGEST_TEXT, strict_json

if TYPE_CHECKING:
    from loopcast.models.imputer.imputer import Imputer

FORMAT = 2
MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"
LARGEST_FILE = 2**30
DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
KINDS = {
    "naive": "loopcast.models.baselines:Naive",
    "seasonal_naive": "loopcast.models.baselines:SeasonalNaive",
    "drift": "loopcast.models.baselines:Drift",
    "window_average": "loopcast.models.baselines:WindowAverage",
    "linear": "loopcast.models.linear:Linear",
    "recurrent": "loopcast.models.recurrent.forecaster:Recurrent",
    "auto": "loopcast.selection.auto:Auto",
}
OTHERS = {"imputer": "loopcast.models.imputer.imputer:Imputer"}  # what is no forecaster


class Saved(Protocol):
    """What a model file can hold."""

    @property
    def fitted(self) -> Fitted[Any]: ...

    def to_parts(self) -> ModelPayload: ...


def save(model: Saved, path: str | os.PathLike[str]) -> None:
    """Write a fitted forecaster or imputer to `path`, whole or not at all; see `Forecaster.save`.

    OptionError for one of your own class, which `load` would not know, and for a model too large for it.
    OSError as the system gives it.
    """
    parts = model.to_parts()
    check_finite(parts.arrays)
    weights = safetensors.numpy.save({name: np.ascontiguousarray(array) for name, array in parts.arrays.items()})
    manifest = {
        "format": FORMAT,
        "loopcast": __version__,
        "kind": kind_of(model),
        "options": parts.options,
        "facts": parts.facts,
        "schema": model.fitted.schema.to_json(),
        "weights": {"size": len(weights), "sha256": hashlib.sha256(weights).hexdigest()},
    }
    text = json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False, default=plain_whole)
    content = pack({MANIFEST: text.encode(), WEIGHTS: weights})
    if len(text) > LARGEST_TEXT or len(content) > LARGEST_FILE:
        raise OptionError(
            f"a model file is at most {LARGEST_FILE:,} bytes, {LARGEST_TEXT:,} of them for options and the history of "
            f"training, and this one would have {len(content):,}, {len(text):,} of them: it could not be loaded again"
        )
    write_whole(path, content)


def load(path: str | os.PathLike[str]) -> "Forecaster[Any] | Imputer":
    """The forecaster or imputer that `save` wrote to `path`.

    `predict(data=...)`, or `impute(data)`, with it gives the same numbers, bit for bit.

    ModelFileError for a file that is damaged in any byte, foreign, or not there, or from a newer version. OSError when
    it cannot be read. The file may come from anyone: it can hold numbers only, and no more of them than its own size.
    """
    content = read_capped(Path(path))
    try:
        return decode(content)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error


def decode(content: bytes) -> "Forecaster[Any] | Imputer":
    """The forecaster or imputer in the bytes of a model file."""
    members = unpack(content, (MANIFEST, WEIGHTS))
    manifest = strict_json(members[MANIFEST])
    check_manifest(manifest, members[WEIGHTS])
    parts = ModelPayload(options=manifest["options"], facts=manifest["facts"], arrays=arrays_of(members[WEIGHTS]))
    schema = TableSchema.from_json(manifest["schema"])
    try:
        made: Forecaster[Any] | Imputer = class_of(manifest["kind"], KINDS | OTHERS).from_parts(parts, schema)
        return made
    except OptionError as error:
        raise ModelFileError(f"the manifest and the weights do not fit each other: {error}") from error


def made_from(kind: Any, parts: ModelPayload, schema: TableSchema | None) -> Forecaster[Any]:
    """The fitted forecaster of this kind; OptionError where there is none, or the parts are not its own."""
    made: Forecaster[Any] = class_of(kind, KINDS).from_parts(parts, schema)
    return made


def class_of(kind: Any, kinds: Mapping[str, str]) -> Any:
    """The class of this kind; OptionError where there is none."""
    if not isinstance(kind, str) or kind not in kinds:
        raise OptionError(f"kind is one of {', '.join(kinds)}, got {kind!r}")
    module, _, name = kinds[kind].partition(":")
    return getattr(import_module(module), name)


def kind_of(model: Saved) -> str:
    """The word for this model's class in a model file."""
    wanted = f"{type(model).__module__}:{type(model).__qualname__}"
    for kind, place in (KINDS | OTHERS).items():
        if place == wanted:
            return kind
    known = ", ".join(KINDS | OTHERS)
    raise OptionError(f"only Loopcast's own forecasters and imputers can be saved ({known}), got {wanted}")


def plain_whole(value: object) -> int:
    """A whole number of NumPy's as JSON knows it: options take both kinds."""
    if isinstance(value, np.integer):
        return int(value)
    raise TypeError(f"a model file holds no {type(value).__name__}")


def read_capped(path: Path) -> bytes:
    """The content of a file, unless it is too large to be a model."""
    if not path.exists():
        raise ModelFileError(f"{path}: no such file (looked in {path.absolute().parent})")
    if path.is_dir():
        raise ModelFileError(f"{path} is a folder, and a model is one file")
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ModelFileError(f"{path}: a model file is at most {LARGEST_FILE:,} bytes")
    return content


def check_manifest(manifest: Any, weights: bytes) -> None:
    """ModelFileError unless the manifest has every key with a sensible value, and describes these weights."""
    if not isinstance(manifest, dict) or type(manifest.get("format")) is not int:
        raise ModelFileError("the manifest does not say its format")
    if manifest["format"] > FORMAT:
        newer = manifest.get("loopcast")
        raise ModelFileError(f"written by a newer Loopcast ({newer}; this is {__version__}): upgrade to read it")
    if manifest["format"] < FORMAT:
        older = manifest.get("loopcast")
        raise ModelFileError(f"written by an older Loopcast ({older}; this is {__version__}): fit the model again")
    keys = {"format", "loopcast", "kind", "options", "facts", "schema", "weights"}
    if set(manifest) != keys:
        raise ModelFileError(f"a manifest of format {FORMAT} has the keys {sorted(keys)}, got {sorted(manifest)}")
    if not isinstance(manifest["kind"], str) or manifest["kind"] not in KINDS | OTHERS:
        raise ModelFileError(f"kind is one of {', '.join(KINDS | OTHERS)}, got {manifest['kind']!r}")
    if not all(isinstance(manifest[key], dict) for key in ("options", "facts")):
        raise ModelFileError("options and facts are objects")
    if manifest["weights"] != {"size": len(weights), "sha256": hashlib.sha256(weights).hexdigest()}:
        raise ModelFileError("the weights are not those that the manifest describes")


def arrays_of(weights: bytes) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file: float32 or float64, and finite."""
    try:
        views: list[tuple[str, dict[str, Any]]] = safetensors.deserialize(weights)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        raise ModelFileError(f"the weights are not a safetensors file: {error}") from error
    for name, view in views:
        if view["dtype"] not in DTYPES:
            raise ModelFileError(f"weights are {' or '.join(DTYPES)}, {name} is {view['dtype']}")
    arrays = {name: np.frombuffer(view["data"], DTYPES[view["dtype"]]).reshape(view["shape"]) for name, view in views}
    check_finite(arrays)
    return arrays


def check_finite(arrays: dict[str, np.ndarray]) -> None:
    """ModelFileError if a weight is NaN or infinite."""
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ModelFileError(f"the weights {name} hold NaN or infinity")
