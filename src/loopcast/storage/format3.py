"""Reads model files of format 3."""

import hashlib
from typing import Any, BinaryIO

import numpy as np

from loopcast.data.schema import TableSchema
from loopcast.errors import ModelFileError
from loopcast.storage import tensors as tensor_file
from loopcast.storage.canonical_zip import Member, chunks
from loopcast.storage.codec import Encoded, decode
from loopcast.storage.registry import class_of

KEYS = {"format", "loopcast", "kind", "options", "model_of", "model", "schema", "tags", "weights"}


def read(manifest: dict[str, Any], file: BinaryIO, member: Member) -> Any:
    """The estimator of a manifest and its weights; ModelFileError or OptionError where they cannot be of one."""
    if set(manifest) != KEYS:
        raise ModelFileError(f"a manifest of format 3 has the keys {sorted(KEYS)}, got {sorted(manifest)}"[:500])
    estimator = estimator_of(manifest["kind"], manifest["options"])
    kind, schema = class_of(manifest["model_of"]).model_type, TableSchema.from_json(manifest["schema"])
    tags = decode(dict[str, str], Encoded(manifest["tags"], {}))
    encoded = Encoded(manifest["model"], arrays_of(file, member, manifest["weights"]))
    return estimator.set_model(decode(kind, encoded, schema=schema, tags=tags))


def estimator_of(kind: Any, options: Any) -> Any:
    """The estimator of this kind with these options, all of those that a file holds."""
    made_of = class_of(kind)
    names = made_of.option_names() - made_of.runtime
    if not isinstance(options, dict) or set(options) != names:
        got = sorted(options) if isinstance(options, dict) else options
        raise ModelFileError(f"{kind} has the options {sorted(names)}, got {got}"[:500])
    return made_of(**{name: _option(value) for name, value in options.items()})


def _option(value: Any) -> Any:
    """An option, or the estimators that it is made of."""
    if isinstance(value, tuple):
        return tuple(map(_option, value))
    return estimator_of(value.get("kind"), value.get("options")) if isinstance(value, dict) else value


def arrays_of(file: BinaryIO, member: Member, described: Any) -> dict[str, np.ndarray]:
    """The arrays of the weights that a manifest describes, all finite; they are read once all else is right.

    ModelFileError for others than those, and for what is no safetensors file.
    """
    tensors, start = tensor_file.read_header(file, member.start, member.size)
    digest = hashlib.sha256()
    for part in chunks(file, member):
        digest.update(part)
    if described != {"size": member.size, "sha256": digest.hexdigest()}:
        raise ModelFileError("the weights are not those that the manifest describes")
    arrays = tensor_file.read_arrays(file, tensors, start)
    tensor_file.require_finite(arrays)
    return arrays


def describe_weights(weights: bytes) -> dict[str, Any]:
    """What a manifest says of the weights beside it."""
    return {"size": len(weights), "sha256": hashlib.sha256(weights).hexdigest()}
