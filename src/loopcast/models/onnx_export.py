"""A model's network as an ONNX file."""

import json
import os

from loopcast.errors import OptionError
from loopcast.models.model import Model
from loopcast.nn.onnx_file import onnx_bytes
from loopcast.nn.onnx_graph import Export
from loopcast.public import public
from loopcast.storage.atomic import write_whole


def write_onnx(model: Model, path: str | os.PathLike[str], export: Export) -> None:
    """Whole or not at all; see `Forecaster.to_onnx`."""
    why = model.why_not_onnx(export)
    if why is not None:
        raise OptionError(f"{model.name} cannot be written as this ONNX file: {why}")
    version = str(public("__version__"))
    graph, facts = model.onnx_graph(export)
    said = {key: fact if isinstance(fact, str) else json.dumps(fact) for key, fact in facts.items()}
    own = {"name": model.name, "kind": export.kind, "raw": json.dumps(export.raw), "loopcast": version}
    write_whole(path, onnx_bytes(graph, model.name, version, own | said))
