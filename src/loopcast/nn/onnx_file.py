"""The only file that knows onnx: a graph as the bytes of an .onnx file."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from loopcast.errors import OptionError
from loopcast.nn.onnx_graph import Graph, Node, Port

OPSET = 18
IR_VERSION = 8  # which came with opset 18: what reads that reads this


def onnx_bytes(graph: Graph, name: str, version: str, metadata: Mapping[str, str]) -> bytes:
    """An .onnx file, checked; metadata: texts that it holds by name. OptionError where onnx is not installed."""
    try:
        import onnx
    except ImportError as error:
        raise OptionError('to_onnx needs the package of that name: pip install "loopcast[onnx]"') from error
    helper, numpy_helper = onnx.helper, onnx.numpy_helper

    def value(port: Port) -> Any:
        return helper.make_tensor_value_info(
            port.name, helper.np_dtype_to_tensor_dtype(np.dtype(port.dtype)), port.shape
        )

    def attribute(key: str, given: Any) -> Any:
        if key == "to":
            return helper.np_dtype_to_tensor_dtype(np.dtype(given))
        return made_of(given, "body") if isinstance(given, Graph) else given

    def node(each: Node) -> Any:
        attributes = {key: attribute(key, given) for key, given in each.attributes.items()}
        return helper.make_node(each.operator, each.reads, each.makes, **attributes)

    def made_of(graph: Graph, name: str) -> Any:
        return helper.make_graph(
            [node(each) for each in graph.nodes],
            name,
            [value(port) for port in graph.inputs],
            [value(port) for port in graph.outputs],
            [numpy_helper.from_array(array, key) for key, array in graph.own_constants.items()],
        )

    made = helper.make_model(
        made_of(graph, name),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="loopcast",
        producer_version=version,
    )
    helper.set_model_props(made, dict(metadata))
    onnx.checker.check_model(made, full_check=True)
    return bytes(made.SerializeToString())
