"""What every forecaster offers to runtimes that are not ours."""

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import get_args

from loopcast.errors import OptionError
from loopcast.models.estimator import BoundedEstimator
from loopcast.nn.onnx_graph import Export, Kind


@dataclass(frozen=True, kw_only=True, eq=False)
class Exportable(BoundedEstimator, ABC):
    """A forecaster whose model may be a network that others can run."""

    def to_onnx(
        self, path: str | os.PathLike[str], *, kind: Kind = "step", raw: bool = False, horizon: int | None = None
    ) -> None:
        """Write the network as an ONNX file (opset 18), for runtimes without Python; the model file stays the model.

        kind: "step" takes one row of each series and the state before it, and gives the state after it; "history" takes
            whole series, from a state of zeros. Either also gives the quantiles of the steps after the last row.
        raw: of `Pretrained` and `Recurrent` a file may hold the encoding of series too: values go in, NaN where missing
            and before shorter series, and quantiles come out in the units of the data. False takes encoded rows, which
            `encoded` makes, and gives quantiles that it reads. `PlainRecurrent` takes `features`, raw values, anyway.
        horizon: with raw, the steps ahead that the file forecasts; None is the forecaster's.

        Names, seasons, probabilities and what each number means are in the file. It holds the network's own quantiles,
        without calibration and bounds.
        OptionError for a model that is no network, which says which are; for raw where there are covariates, a
        calendar or other targets to see; and without `loopcast[onnx]`.
        """
        from loopcast.models.onnx_export import write_onnx

        if kind not in get_args(Kind):
            raise OptionError(f"kind is one of {', '.join(map(repr, get_args(Kind)))}, got {kind!r}")
        if horizon is not None and not raw:
            raise OptionError("horizon is of raw=True: other files take any number of steps")
        steps = self.steps_ahead(horizon) if raw else 0
        write_onnx(self.model, path, Export(kind=kind, raw=raw, horizon=steps))

    @abstractmethod
    def steps_ahead(self, horizon: int | None) -> int:
        """So many steps as are asked for, or as the forecaster is made for."""
