"""Reads model files of format 3."""

import hashlib
from typing import Any

import numpy as np
import safetensors

from loopcast.data.schema import TableSchema
from loopcast.errors import ModelFileError
from loopcast.storage.codec import Encoded, decode
from loopcast.storage.registry import class_of

KEYS = {"format", "loopcast", "kind", "options", "model_of", "model", "schema", "tags", "weights"}
DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "I64": np.dtype("<i8")}


def read(manifest: dict[str, Any], weights: bytes) -> Any:
    """The estimator of a manifest and its weights; ModelFileError or OptionError where they cannot be of one."""
    if set(manifest) != KEYS:
        raise ModelFileError(f"a manifest of format 3 has the keys {sorted(KEYS)}, got {sorted(manifest)}"[:500])
    if manifest["weights"] != describe_weights(weights):
        raise ModelFileError("the weights are not those that the manifest describes")
    arrays, schema = arrays_of(weights), TableSchema.from_json(manifest["schema"])
    tags = decode(dict[str, str], Encoded(manifest["tags"], {}))
    encoded = Encoded(manifest["model"], arrays)
    model = decode(class_of(manifest["model_of"]).model_type, encoded, schema=schema, tags=tags)
    return estimator_of(manifest["kind"], manifest["options"]).set_model(model)


def estimator_of(kind: Any, options: Any) -> Any:
    """The estimator of this kind with these options, all of those that a file holds."""
    made_of = class_of(kind)
    names = made_of.option_names() - made_of.runtime
    if not isinstance(options, dict) or set(options) != names:
        got = sorted(options) if isinstance(options, dict) else options
        raise ModelFileError(f"{kind} has the options {sorted(names)}, got {got}"[:500])
    return made_of(**options)


def arrays_of(weights: bytes) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file, all finite."""
    try:
        views: list[tuple[str, dict[str, Any]]] = safetensors.deserialize(weights)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        raise ModelFileError(f"the weights are not a safetensors file: {error}") from error
    for name, view in views:
        if view["dtype"] not in DTYPES:
            raise ModelFileError(f"weights are {' or '.join(DTYPES)}, {name} is {view['dtype']}")
    arrays = {name: np.frombuffer(view["data"], DTYPES[view["dtype"]]).reshape(view["shape"]) for name, view in views}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ModelFileError(f"the weights {name} hold NaN or infinity")
    return arrays


def describe_weights(weights: bytes) -> dict[str, Any]:
    """What a manifest says of the weights beside it."""
    return {"size": len(weights), "sha256": hashlib.sha256(weights).hexdigest()}
