"""What every forecaster offers to runtimes that are not ours."""

import os
from dataclasses import dataclass

from loopcast.models.estimator import BoundedEstimator
from loopcast.nn.onnx_graph import Kind


@dataclass(frozen=True, kw_only=True, eq=False)
class Exportable(BoundedEstimator):
    """A forecaster whose model may be a network that others can run."""

    def to_onnx(self, path: str | os.PathLike[str], *, kind: Kind = "step") -> None:
        """Write the network as an ONNX file (opset 18), for runtimes without Python; the model file stays the model.

        kind: "step" takes one row of each series and the state before it, and gives the state after it; "history" takes
            whole series, from a state of zeros. Either also gives the quantiles of the steps after the last row.

        The ports of `Pretrained` and `Recurrent` take encoded rows, which `encoded` makes, and give quantiles that it
        reads; those of `PlainRecurrent` take `features`. Names, shapes, seasons, probabilities
        and what each number means are in the file.
        OptionError for a model that is no network, which says which are, and without `loopcast[onnx]`.
        """
        from loopcast.models.onnx_export import write_onnx

        write_onnx(self.model, path, kind)
