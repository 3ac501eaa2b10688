"""Options and data in, one frozen value out that says everything fit will do."""

from dataclasses import dataclass

import numpy as np

from loopcast.data.panel import Panel
from loopcast.errors import LengthError
from loopcast.features.sizes import power_of_two
from loopcast.features.windows import WindowIndex, WindowPlan
from loopcast.models.plain import defaults as choices
from loopcast.models.plain.options import PlainOptions
from loopcast.nn.network import Network
from loopcast.training.config import TrainingConfig
from loopcast.training.window_data import WindowData

SHORTER_CONTEXT = "lower the context, or take context=None, which uses what there is"
FILL = "fill them, or take Recurrent, which shows what is missing as missing"


@dataclass(frozen=True, kw_only=True, eq=False)
class Setup:
    """What is trained, how, and the sentences that say why.

    held_rows: of the last rows of each series, held back to choose the number of epochs.
    """

    data: WindowData
    recipe: TrainingConfig
    held_rows: int
    reasons: tuple[str, ...]


def set_up(options: PlainOptions, panel: Panel) -> Setup:
    """Fill in what `options` leave open, from the rows of `panel`."""
    panel.require_observed(f"{options.name} sees raw values", FILL)
    facts = choices.PanelStats.of(panel, options.horizon)
    plan = _plan(options, facts, panel)
    network = Network(
        cell=options.cell,
        units=choices.choose_units(facts) if options.units is None else options.units,
        inputs=panel.n_channels * options.lags,
        outputs=plan.horizon * panel.n_channels,
        head=options.head,
        dropout=options.dropout,
        fused=options.fused,
    )
    cutoffs, why_held = _held_back(options, facts, panel, plan)
    held_back = int(cutoffs[0]) if len(cutoffs) else 0
    training = plan.training(panel.offsets, held_back)
    recipe = _recipe(options, len(training))
    return Setup(
        data=WindowData(
            network=network,
            lags=options.lags,
            plan=plan,
            values=panel.values,
            training=training,
            validation=_validation(plan, panel, cutoffs) if held_back else None,
            refit_windows=plan.training(panel.offsets, 0) if held_back and options.refit else None,
        ),
        recipe=recipe,
        held_rows=held_back,
        reasons=(
            _why_network(options, network),
            _why_plan(options, plan),
            why_held,
            _why_recipe(recipe),
            network.path(masked=training.padded).describe("trained it"),
        ),
    )


def _plan(options: PlainOptions, facts: choices.PanelStats, panel: Panel) -> WindowPlan:
    fixed = options.context
    if fixed is not None:
        panel.require_rows(fixed + 1, f"context={fixed} and a value to forecast", SHORTER_CONTEXT)
    if facts.longest <= options.lags:
        raise LengthError(
            f"{options.name} learns from {options.lags + 1} rows or more; the longest series has {facts.longest}"
        )
    window = choices.choose_window(facts) if fixed is None else fixed
    return WindowPlan(
        context=window,
        horizon=1 if options.strategy == "iterated" else min(options.horizon, facts.longest - 1),
        stride=choices.choose_stride(facts, window),
        every_step=options.strategy != "direct",
        warmup=options.lags,
        partial=fixed is None,
    )


def _held_back(
    options: PlainOptions, facts: choices.PanelStats, panel: Panel, plan: WindowPlan
) -> tuple[np.ndarray, str]:
    """How many rows of a series are to come at each cutoff whose forecasts choose the number of epochs."""
    none = np.zeros(0, np.int64)
    if options.patience is None:
        return none, "No rows were held back: training runs for all its epochs."
    if not (panel.lengths > options.horizon + plan.warmup).any():
        return none, f"No rows were held back: no series has more than {options.horizon + plan.warmup}."
    count = choices.choose_cutoffs(facts)
    cutoffs = options.horizon * np.arange(count, 0, -1)
    then = "then it learns again, from all rows, for as many" if options.refit else "the rows stay held back"
    return cutoffs, (
        f"The last {cutoffs[0]} rows of each series are held back to choose the number of epochs by the forecasts from "
        f"{count} cutoff{'s' * (count > 1)} (patience {options.patience}); {then}."
    )


def _validation(plan: WindowPlan, panel: Panel, cutoffs: np.ndarray) -> WindowIndex:
    long_enough = panel.lengths > cutoffs[0] + plan.warmup
    return plan.validation(panel.offsets, cutoffs).where(np.repeat(long_enough, len(cutoffs)))


def _recipe(options: PlainOptions, windows: int) -> TrainingConfig:
    batch_size = choices.choose_batch_size(windows)
    if options.batch_size is not None:
        batch_size = min(options.batch_size, power_of_two(windows))  # no larger than what it could hold
    return TrainingConfig(
        epochs=options.epochs or choices.choose_epochs(-(-windows // batch_size)),
        batch_size=batch_size,
        learning_rate=float(options.learning_rate),
        loss=options.loss,
        schedule=options.schedule,
        clip=options.clip,
        weight_decay=options.weight_decay,
        patience=options.patience,
        seed=options.seed,
    )


def _why_network(options: PlainOptions, network: Network) -> str:
    layers = "-".join(str(units) for units in network.layer_units)
    dropout = f", dropout {network.dropout:g}" if network.dropout else ""
    many = f" Of {options.members} such networks, from different seeds, the mean counts." if options.members > 1 else ""
    return (
        f"{network.cell.upper()} {layers}, {network.head} head{dropout}, {network.parameters:,} parameters: it sees "
        f"and gives raw values.{many}"
    )


def _why_plan(options: PlainOptions, plan: WindowPlan) -> str:
    state = "all the history" if options.context is None else f"the last {options.context} rows"
    return f"It learns from stretches of {plan.context} rows and forecasts from {state} ({options.strategy} strategy)."


def _why_recipe(recipe: TrainingConfig) -> str:
    return (
        f"At most {recipe.epochs} epochs in batches of {recipe.batch_size}: {recipe.loss.upper()} loss, Adam, "
        f"learning rate {recipe.learning_rate:g}, {recipe.schedule} schedule, seed {recipe.seed}."
    )
