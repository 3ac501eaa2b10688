"""What a recurrent forecaster learned, and how a model file holds it."""

from dataclasses import dataclass, fields, replace
from typing import Any

from loopcast.errors import OptionError
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.scaling import Scaling
from loopcast.models import encoding_io as encoded
from loopcast.models.fitted import ModelPayload
from loopcast.models.recurrent.ensemble import Ensemble
from loopcast.nn.heads import DISTRIBUTIONS
from loopcast.nn.network import Network
from loopcast.nn.weights import from_dict, to_dict
from loopcast.training.training_data import Epoch
from loopcast.validation import check_positive

LARGEST_COUNT = 1_000_000  # of any size in a model file
FACTS = {
    "network",
    "scaling",
    "context",
    "distribution",
    "channels",
    "encoding",
    "members",
    "reasons",
    "best_epoch",
    "history",
}
SCALES = "encoding"  # the array of a model file that belongs to the fact of that name
RUNTIME = "fused"  # field of a network that says how to run it on a machine, not what was learned


@dataclass(frozen=True, kw_only=True, eq=False)
class RecurrentState:
    """What training leaves: a model, the losses on the way and the reasons for its settings."""

    model: Ensemble
    history: tuple[Epoch, ...]
    best_epoch: int
    reasons: tuple[str, ...]

    def to_parts(self) -> ModelPayload:
        model = self.model
        covariates, scales = (None, None) if model.encoding is None else encoded.to_file(model.encoding)
        facts = {
            "network": {name: value for name, value in vars(model.network).items() if name != RUNTIME},
            "scaling": vars(model.scaling),
            "context": model.context,
            "distribution": model.distribution,
            "channels": model.channels,
            "encoding": covariates,
            "members": len(model.members),
            "reasons": self.reasons,
            "best_epoch": self.best_epoch,
            "history": tuple(tuple(vars(epoch).values()) for epoch in self.history),
        }
        arrays = {
            f"member{number}.{name}": array
            for number, weights in enumerate(model.members)
            for name, array in to_dict(model.network, weights).items()
        }
        return ModelPayload(facts=facts, arrays=arrays | ({} if scales is None else {SCALES: scales}))

    @classmethod
    def from_parts(cls, parts: ModelPayload) -> "RecurrentState":
        """The same again; OptionError where a fact has a wrong type or size, or does not fit the others."""
        facts = parts.facts
        expect(set(facts), FACTS, "facts")
        network, scaling = read_network(facts["network"]), read_scaling(facts["scaling"])
        channels, encoding = check_positive("channels", facts["channels"]), read_encoding(parts, facts["encoding"])
        require(facts["distribution"] in tuple(DISTRIBUTIONS), "distribution")
        check_sizes(network, scaling, channels, encoding, DISTRIBUTIONS[facts["distribution"]].parameters)
        parts = replace(parts, arrays={name: array for name, array in parts.arrays.items() if name != SCALES})
        members = range(check_positive("members", facts["members"]))
        require(len(members) <= len(parts.arrays), "members")
        parts.check_schema(
            set(parts.facts), {f"member{k}.{name}": shape for k in members for name, shape in network.shapes.items()}
        )
        history = read_history(facts["history"])
        require(all(isinstance(reason, str) for reason in each(facts["reasons"])), "reasons are sentences")
        best = check_positive("best_epoch", facts["best_epoch"])
        require(best <= len(history), "the best epoch is one of the history")
        context = None if facts["context"] is None else check_positive("context", facts["context"])
        weights = tuple(
            from_dict(network, {name: parts.arrays[f"member{number}.{name}"] for name in network.shapes})
            for number in members
        )
        model = Ensemble(
            network=network,
            scaling=scaling,
            context=context,
            members=weights,
            distribution=facts["distribution"],
            channels=channels,
            encoding=encoding,
        )
        return cls(model=model, history=history, best_epoch=best, reasons=facts["reasons"])


def read_network(facts: Any) -> Network:
    _expect_fields(facts, Network, but=RUNTIME)
    require(facts["cell"] in ("simple", "gru", "lstm") and facts["head"] in ("dense", "recurrent"), "cell and head")
    tables = [each(table) for table in each(facts["tables"])]
    for size in (*each(facts["units"]), facts["inputs"], facts["outputs"], facts["per_step"], *sum(tables, ())):
        check_positive("a size of the network", size)
    require(all(len(table) == 2 for table in tables), "tables of rows and columns")
    require(type(facts["ahead"]) is int and 0 <= facts["ahead"] <= LARGEST_COUNT, "ahead")
    require(isinstance(facts["dropout"], int | float) and 0 <= facts["dropout"] < 1, "dropout")
    return Network(**facts)


def read_encoding(parts: ModelPayload, facts: Any) -> ExogenousEncoder | None:
    require((facts is None) == (SCALES not in parts.arrays), "an encoding with its scales, or neither")
    return None if facts is None else encoded.from_file(facts, parts.arrays[SCALES])


def check_sizes(
    network: Network, scaling: Scaling, channels: int, encoding: ExogenousEncoder | None, parameters: int
) -> None:
    """OptionError unless the sizes of a network are what it sees and says."""
    exogenous = 0 if encoding is None else encoding.inputs
    expect(network.inputs, channels * scaling.features + exogenous, "inputs of the network")
    expect(network.outputs % (channels * parameters), 0, "outputs of the network left over")
    expect(network.embeddings, () if encoding is None else encoding.embedding_shapes, "tables of the network")
    expect(network.n_future, 0 if encoding is None else encoding.ahead_width, "numbers known ahead")
    require(not network.n_future or network.per_step == channels * parameters, "outputs of a step")
    require(not network.n_future or network.head == "dense", "a dense head with numbers known ahead")


def read_scaling(facts: Any) -> Scaling:
    _expect_fields(facts, Scaling)
    require(facts["curve"] in ("none", "log"), "curve")
    require(isinstance(facts["hold_flat"], bool) and isinstance(facts["gaps"], bool), "hold_flat and gaps")
    for name in ("lags", "level", "spread", "season", "bridge"):
        require(type(facts[name]) is int and 0 <= facts[name] <= LARGEST_COUNT, name)
    require(facts["gaps"] or not facts["bridge"], "a bridge where there are gaps")
    for name in ("lags", "seasons"):
        check_positive(name, facts[name])
    scaling = Scaling(**facts)
    require(scaling.lookback <= LARGEST_COUNT, "how far back a scaling reaches")
    return scaling


def read_history(facts: Any) -> tuple[Epoch, ...]:
    names = [field.name for field in fields(Epoch)]
    rows = [each(row) for row in each(facts)]
    for row in rows:
        expect(len(row), len(names), "numbers of an epoch")
        check_positive("epoch", row[0])
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
    names = {field.name for field in fields(kind)} - {but}
    expect(set(facts), names, f"fields of {kind.__name__}")
