"""What a recurrent forecaster learned, and how a model file holds it."""

from dataclasses import dataclass, fields
from typing import Any

from loopcast.errors import OptionError
from loopcast.forecasters.checks import positive
from loopcast.forecasters.fitted import Parts
from loopcast.inference.model import Model
from loopcast.networks.heads import DISTRIBUTIONS
from loopcast.networks.network import Network
from loopcast.networks.weights import named, nested
from loopcast.training.task import Epoch
from loopcast.windows.scaling import Scaling

LARGEST_COUNT = 1_000_000  # of any size in a model file
FACTS = {"network", "scaling", "context", "distribution", "members", "reasons", "best_epoch", "history"}
RUNTIME = "fused"  # field of a network that says how to run it on a machine, not what was learned


@dataclass(frozen=True, kw_only=True, eq=False)
class Learned:
    """What training leaves: a model, the losses on the way and the reasons for its settings."""

    model: Model
    history: tuple[Epoch, ...]
    best_epoch: int
    reasons: tuple[str, ...]

    def to_parts(self) -> Parts:
        model = self.model
        facts = {
            "network": {name: value for name, value in vars(model.network).items() if name != RUNTIME},
            "scaling": vars(model.scaling),
            "context": model.context,
            "distribution": model.distribution,
            "members": len(model.members),
            "reasons": self.reasons,
            "best_epoch": self.best_epoch,
            "history": tuple(tuple(vars(epoch).values()) for epoch in self.history),
        }
        arrays = {
            f"member{number}.{name}": array
            for number, weights in enumerate(model.members)
            for name, array in named(model.network, weights).items()
        }
        return Parts(facts=facts, arrays=arrays)

    @classmethod
    def from_parts(cls, parts: Parts) -> "Learned":
        """The same again; OptionError where a fact has a wrong type or size, or does not fit the others."""
        facts = parts.facts
        expect(set(facts), FACTS, "facts")
        network, scaling = read_network(facts["network"]), read_scaling(facts["scaling"])
        expect(network.inputs, scaling.features, "inputs of the network")
        require(facts["distribution"] in tuple(DISTRIBUTIONS), "distribution")
        expect(network.outputs % DISTRIBUTIONS[facts["distribution"]].parameters, 0, "outputs of the network left over")
        members = range(positive("members", facts["members"]))
        require(len(members) <= len(parts.arrays), "members")
        parts.take(set(facts), {f"member{k}.{name}": shape for k in members for name, shape in network.shapes.items()})
        history = read_history(facts["history"])
        require(all(isinstance(reason, str) for reason in each(facts["reasons"])), "reasons are sentences")
        best = positive("best_epoch", facts["best_epoch"])
        require(best <= len(history), "the best epoch is one of the history")
        context = None if facts["context"] is None else positive("context", facts["context"])
        weights = tuple(
            nested(network, {name: parts.arrays[f"member{number}.{name}"] for name in network.shapes})
            for number in members
        )
        model = Model(
            network=network,
            scaling=scaling,
            context=context,
            members=weights,
            distribution=facts["distribution"],
        )
        return cls(model=model, history=history, best_epoch=best, reasons=facts["reasons"])


def read_network(facts: Any) -> Network:
    _expect_fields(facts, Network, but=RUNTIME)
    require(facts["cell"] in ("simple", "gru", "lstm") and facts["head"] in ("dense", "recurrent"), "cell and head")
    for size in (*each(facts["units"]), facts["inputs"], facts["outputs"]):
        positive("a size of the network", size)
    require(isinstance(facts["dropout"], int | float) and 0 <= facts["dropout"] < 1, "dropout")
    return Network(**facts)


def read_scaling(facts: Any) -> Scaling:
    _expect_fields(facts, Scaling)
    require(facts["curve"] in ("none", "log"), "curve")
    require(isinstance(facts["hold_flat"], bool) and isinstance(facts["gaps"], bool), "hold_flat and gaps")
    for name in ("lags", "level", "spread", "season"):
        require(type(facts[name]) is int and 0 <= facts[name] <= LARGEST_COUNT, name)
    positive("lags", facts["lags"])
    return Scaling(**facts)


def read_history(facts: Any) -> tuple[Epoch, ...]:
    names = [field.name for field in fields(Epoch)]
    rows = [each(row) for row in each(facts)]
    for row in rows:
        expect(len(row), len(names), "numbers of an epoch")
        positive("epoch", row[0])
        require(type(row[1]) is int and isinstance(row[2], bool), "member and final")
        require(all(isinstance(loss, int | float) or loss is None for loss in row[3:]), "losses")
    return tuple(Epoch(**dict(zip(names, row, strict=True))) for row in rows)


def each(value: Any) -> tuple[Any, ...]:
    require(isinstance(value, tuple), "a list where one belongs")
    return tuple(value)


def require(holds: bool, what: str) -> None:
    if not holds:
        raise OptionError(f"the file does not say a usable value: {what}")


def expect(got: object, wanted: object, what: str) -> None:
    require(got == wanted, f"{what} should be {wanted}, got {got}")


def _expect_fields(facts: Any, kind: type, *, but: str = "") -> None:
    require(isinstance(facts, dict), kind.__name__)
    expect(set(facts), {field.name for field in fields(kind)} - {but}, f"fields of {kind.__name__}")
