"""A model's network as an ONNX file."""

import json
import os
from typing import get_args

from loopcast.errors import OptionError
from loopcast.models.model import Model
from loopcast.nn.onnx_file import onnx_bytes
from loopcast.nn.onnx_graph import Kind
from loopcast.public import public
from loopcast.storage.atomic import write_whole


def write_onnx(model: Model, path: str | os.PathLike[str], kind: Kind) -> None:
    """Whole or not at all; see `Forecaster.to_onnx`."""
    if kind not in get_args(Kind):
        raise OptionError(f"kind is one of {', '.join(map(repr, get_args(Kind)))}, got {kind!r}")
    why = model.why_not_onnx()
    if why is not None:
        raise OptionError(f"{model.name} cannot be written as an ONNX file: {why}")
    version = str(public("__version__"))
    graph, facts = model.onnx_graph(kind)
    said = {key: fact if isinstance(fact, str) else json.dumps(fact) for key, fact in facts.items()}
    content = onnx_bytes(graph, model.name, version, {"name": model.name, "kind": kind, "loopcast": version} | said)
    write_whole(path, content)
