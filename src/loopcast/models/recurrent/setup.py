"""Options and data in, one frozen value out that says everything fit will do."""

from dataclasses import dataclass, replace

import numpy as np

from loopcast.data.panel import Panel
from loopcast.errors import LengthError, OptionError, ValuesError
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.exogenous_features import ExogenousFeatures
from loopcast.features.interpolate import interpolate_gaps
from loopcast.features.levels import from_levels, levels_of
from loopcast.features.scaling import Scaling
from loopcast.features.sizes import power_of_two
from loopcast.features.windows import WindowIndex, WindowPlan
from loopcast.models.recurrent import defaults as choices
from loopcast.models.recurrent.options import RecurrentOptions
from loopcast.models.recurrent.reasons import describe_exogenous, why_gaps, why_targets
from loopcast.nn.heads import DISTRIBUTIONS
from loopcast.nn.network import Network
from loopcast.training.config import TrainingConfig
from loopcast.training.window_data import WindowData

SHORTER_CONTEXT = "lower the context, or take context=None, which uses what there is"


@dataclass(frozen=True, kw_only=True, eq=False)
class Setup:
    """What is trained, how, and the sentences that say why.

    context: rows from which a forecast builds its state; None is the whole history.
    held_rows: of the last rows of each series, held back to choose the number of epochs.
    """

    data: WindowData
    recipe: TrainingConfig
    context: int | None
    encoding: ExogenousEncoder | None
    held_rows: int
    reasons: tuple[str, ...]


def set_up(options: RecurrentOptions, panel: Panel, targets_per_series: int = 1) -> Setup:
    """Fill in what `options` leave open, from the rows of `panel`.

    targets_per_series: how many of its series are targets of one: as many rows are held back as of that one.
    """
    encoding = ExogenousEncoder.of(panel, unknown=options.unknown_categories, gaps=options.gaps is True)
    _require_possible(options, encoding)
    if options.gaps is False:
        cure = "fill them, or leave gaps as it is (None)"
        panel.require_observed(f"{options.name} cannot take missing values with gaps=False", cure)
        if encoding is not None and any(encoding.has_missing):
            raise ValuesError(f"{options.name} cannot take missing covariates with gaps=False: {cure}")
    facts = choices.PanelStats.of(panel, options.season_of(panel), options.horizon)
    _require_in_reach(options, facts)
    scaling, why_scaling = _scaling(options, facts, panel)
    plan, why_plan = _plan(options, facts, panel, scaling.lags)
    network = _network(options, facts, panel.n_channels * scaling.features, panel.n_channels, plan.horizon, encoding)
    cutoffs, why_held = _held_back(options, replace(facts, series=facts.series // targets_per_series), panel, plan)
    held_back = int(cutoffs[0]) if len(cutoffs) else 0
    training = plan.training(panel.offsets, held_back)
    exogenous, levels = ExogenousFeatures.of(encoding, panel, 0), levels_of(panel, scaling)
    task = WindowData(
        network=network,
        scaling=scaling,
        plan=plan,
        distribution=options.distribution,
        values=from_levels(panel.values, levels, panel.offsets),
        training=training,
        validation=_validation(plan, panel, cutoffs) if held_back else None,
        refit_windows=plan.training(panel.offsets, 0) if held_back and options.refit else None,
        exogenous=exogenous.rows,
        codes=exogenous.codes[panel.series_of(np.arange(panel.n_rows))],
        interpolated=from_levels(
            interpolate_gaps(panel.values, panel.offsets, scaling.max_interpolated_gap), levels, panel.offsets
        )
        if scaling.max_interpolated_gap
        else None,
        allow_unknown=options.unknown_categories and encoding is not None and bool(encoding.embedding_shapes),
    )
    recipe = _recipe(options, facts, len(training))
    return Setup(
        data=task,
        recipe=recipe,
        context=options.context if isinstance(options.context, int) else None,
        encoding=encoding,
        held_rows=held_back,
        reasons=(
            _why_network(options, network, facts),
            *why_targets(panel),
            *describe_exogenous(encoding),
            why_scaling,
            *why_gaps(facts, scaling),
            why_plan,
            why_held,
            _why_recipe(options, recipe),
            network.path(masked=training.padded).describe("trained it"),
        ),
    )


def _require_possible(options: RecurrentOptions, encoding: ExogenousEncoder | None) -> None:
    """OptionError for options that what is known besides the targets leaves no room for."""
    if encoding is None:
        return
    if options.strategy == "iterated" and encoding.past_width:
        raise OptionError(
            f"past covariates ({', '.join(encoding.columns.past)}) are known up to the cutoff, and the iterated "
            'strategy would have to feed forecasts of them back: take strategy="sequence" or "direct"'
        )
    if options.head == "recurrent" and encoding.ahead_width:
        raise OptionError('what is known of steps ahead comes in at a dense head: take head="dense"')


def _require_in_reach(options: RecurrentOptions, facts: choices.PanelStats) -> None:
    """LengthError for options that look far further back than any series goes: windows would be as wide, of nothing."""
    for name in ("season", "lags"):
        steps = getattr(options, name)
        if steps is not None and steps > max(facts.longest, choices.LONG_SEASON):
            rows = f"the longest series, which has {facts.longest:,} rows"
            raise LengthError(
                f"{name}={steps:,} looks back further than {rows}: give a smaller {name}, or longer series"
            )


def _network(
    options: RecurrentOptions,
    facts: choices.PanelStats,
    features: int,
    channels: int,
    horizon: int,
    encoding: ExogenousEncoder | None,
) -> Network:
    tables = () if encoding is None else encoding.embedding_shapes
    exogenous = 0 if encoding is None else encoding.inputs
    per_step = channels * DISTRIBUTIONS[options.distribution].parameters
    ahead = 0 if encoding is None else encoding.ahead_width
    return Network(
        cell=options.cell,
        units=choices.choose_units(facts) if options.units is None else options.units,
        inputs=features + exogenous,
        outputs=horizon * per_step,
        head=options.head,
        dropout=choices.choose_dropout(facts) if options.dropout is None else options.dropout,
        fused=options.fused,
        n_future=ahead,
        per_step=per_step if ahead else 1,
        embeddings=tables,
    )


def _scaling(options: RecurrentOptions, facts: choices.PanelStats, panel: Panel) -> tuple[Scaling, str]:
    gaps = facts.missing > 0 if options.gaps is None else options.gaps
    if options.scaling == "none":
        scaling = Scaling(lags=options.lags or 1, gaps=gaps)
        return scaling, "The network sees and gives raw values (scaling is off)."
    log = choices.choose_log(facts) if options.log is None else options.log
    lags = choices.choose_lags(facts) if options.lags is None else options.lags
    seasons = choices.choose_seasons(panel, facts, log)
    scaling = choices.choose_scaling(facts, log, lags, seasons, gaps)
    curve = "on a logarithmic curve, as no value is negative" if log else "in units of its usual change"
    before = "the last value" if facts.season == 1 else f"the value one season ({facts.season} steps) before"
    if seasons > 1:
        before = f"the mean of {seasons} seasons of {facts.season} steps, the closest to the next one in these series"
    return scaling, (
        f"Each step shows the last {lags} values relative to the latest, {curve}; "
        f"the network's output is added to {before}."
    )


def _plan(options: RecurrentOptions, facts: choices.PanelStats, panel: Panel, lags: int) -> tuple[WindowPlan, str]:
    fixed = options.context if isinstance(options.context, int) else None
    if fixed is not None:
        panel.require_rows(fixed + 1, f"context={fixed} and a value to forecast", SHORTER_CONTEXT)
    window = choices.choose_window(facts) if fixed is None else fixed
    warmup = lags if options.scaling == "none" else choices.choose_warmup(facts)
    if facts.longest <= warmup:
        raise LengthError(
            f"{options.name} learns from {warmup + 1} rows or more; the longest series has {facts.longest}"
        )
    plan = WindowPlan(
        context=window,
        horizon=1 if options.strategy == "iterated" else min(options.horizon, facts.longest - 1),
        stride=choices.choose_stride(facts, window),
        every_step=options.strategy != "direct",
        warmup=warmup,
        partial=fixed is None,
    )
    state = "all the history" if fixed is None else f"the last {fixed} rows"
    return plan, f"It learns from stretches of {window} rows and forecasts from {state} ({options.strategy} strategy)."


def _held_back(
    options: RecurrentOptions, facts: choices.PanelStats, panel: Panel, plan: WindowPlan
) -> tuple[np.ndarray, str]:
    """How many rows of a series are to come at each cutoff whose forecasts choose the number of epochs."""
    none = np.zeros(0, np.int64)
    if options.patience is None:
        return none, "No rows were held back: training runs for all its epochs."
    if not (panel.lengths > options.horizon + plan.warmup).any():
        return none, f"No rows were held back: no series has more than {options.horizon + plan.warmup}."
    count = choices.choose_cutoffs(facts)
    cutoffs = options.horizon * np.arange(count, 0, -1)
    if not _some_known(panel, int(cutoffs[0]), plan.warmup):
        return none, f"No rows were held back: none of the last {cutoffs[0]} of a series has a value."
    then = "then it learns again, from all rows, for as many" if options.refit else "the rows stay held back"
    return cutoffs, (
        f"The last {cutoffs[0]} rows of each series are held back to choose the number of epochs by the forecasts from "
        f"{count} cutoff{'s' * (count > 1)} (patience {options.patience}); {then}."
    )


def _some_known(panel: Panel, tail: int, warmup: int) -> bool:
    """Whether any of the last rows of the series that are long enough has a value to judge a forecast by."""
    enough = panel.lengths > tail + warmup
    return bool(enough.any()) and not np.isnan(panel.select(enough).last(tail)).all()


def _validation(plan: WindowPlan, panel: Panel, cutoffs: np.ndarray) -> WindowIndex:
    long_enough = panel.lengths > cutoffs[0] + plan.warmup
    return plan.validation(panel.offsets, cutoffs).where(np.repeat(long_enough, len(cutoffs)))


def _recipe(options: RecurrentOptions, facts: choices.PanelStats, windows: int) -> TrainingConfig:
    batch_size = choices.choose_batch_size(windows)
    if options.batch_size is not None:
        batch_size = min(options.batch_size, power_of_two(windows))  # no larger than what it could hold
    epochs = choices.choose_epochs(-(-windows // batch_size)) if options.epochs is None else options.epochs
    return TrainingConfig(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=(
            choices.choose_learning_rate(facts) if options.learning_rate is None else float(options.learning_rate)
        ),
        loss=options.loss,
        schedule=options.schedule,
        clip=options.clip,
        weight_decay=options.weight_decay,
        patience=options.patience,
        short_epochs=choices.short_epochs(facts, epochs) if options.epochs is None else None,
        seed=options.seed,
    )


def _why_network(options: RecurrentOptions, network: Network, facts: choices.PanelStats) -> str:
    chosen = f"chosen for {facts.rows:,} rows in {facts.series:,} series" if options.units is None else "as asked"
    layers = "-".join(str(units) for units in network.layer_units)
    dropout = f", dropout {network.dropout:g}" if network.dropout else ""
    parameters = f"{network.parameters:,} parameters"
    many = f" Of {options.members} such networks, from different seeds, the mean counts." if options.members > 1 else ""
    return f"{network.cell.upper()} {layers}, {network.head} head{dropout}, {parameters} ({chosen}).{many}"


def _why_recipe(options: RecurrentOptions, recipe: TrainingConfig) -> str:
    chosen = "" if options.epochs is not None else " (chosen for the number of windows)"
    epochs = " or ".join(map(str, recipe.epoch_candidates))
    return (
        f"At most {epochs} epochs{chosen} in batches of {recipe.batch_size}: {_loss(options)} loss, Adam, "
        f"learning rate {recipe.learning_rate:g}, {recipe.schedule} schedule, seed {recipe.seed}."
    )


def _loss(options: RecurrentOptions) -> str:
    names = {"point": options.loss.upper(), "quantile": "pinball", "normal": "normal", "student": "Student"}
    return names[options.distribution]
