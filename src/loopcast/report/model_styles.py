"""The models of a page: each with a colour and a dash that are its own in every chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loopcast.evaluation.backtest_result import ModelRun
from loopcast.evaluation.leaderboard import Leaderboard
from loopcast.report.plots import COLOURS

# Lengths of lines and gaps, in pixels: one pattern for each model, as for some eyes colours are not enough.
DASHES = ("solid", "8px,4px", "10px,3px,2px,3px", "2px,3px")


@dataclass(frozen=True, kw_only=True)
class ModelStyle:
    """A model as a page shows it: colour and dash are its own in every chart; shown: at first."""

    name: str
    colour: str
    dash: str
    shown: bool
    ran: ModelRun | None = None
    description: str = ""


def models_of(
    names: Sequence[str],
    leaderboard: Leaderboard | None,
    ran: Sequence[ModelRun] = (),
    said: Mapping[str, str] | None = None,
) -> list[ModelStyle]:
    """The models in the order of the leaderboard, the best network and the best baseline (or the first two) shown."""
    ranked = [] if leaderboard is None else leaderboard.table.select("model", "network").rows()
    rank = {name: i for i, (name, _) in enumerate(ranked)}
    order = sorted(names, key=lambda name: rank.get(name, len(rank)))
    best = {
        kind: next((name for name, network in ranked if network is kind and name in names), None)
        for kind in (True, False)
    }
    shown = set(best.values()) if None not in best.values() else set(order[:2])
    cost, said = {each.name: each for each in ran}, said or {}
    return [
        ModelStyle(
            name=name,
            colour=COLOURS[i % len(COLOURS)],
            dash=DASHES[i % len(DASHES)],
            shown=name in shown,
            ran=cost.get(name),
            description=said.get(name, cost[name].description if name in cost else ""),
        )
        for i, name in enumerate(order)
    ]
