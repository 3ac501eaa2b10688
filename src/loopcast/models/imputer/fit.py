"""From a panel with gaps to what an imputer knows: networks trained, tried on what they did not see, and weighed."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from loopcast.data.panel import Panel
from loopcast.models.imputer.baselines import BLENDED, methods_for
from loopcast.models.imputer.chunked import predict_gaps
from loopcast.models.imputer.hidden_data import HiddenData
from loopcast.models.imputer.holdout import held_back, split_pieces
from loopcast.models.imputer.mask_sampler import MaskSampler
from loopcast.models.imputer.masked_errors import MaskedErrors, concat
from loopcast.models.imputer.masked_evaluation import MaskedEvaluation
from loopcast.models.imputer.model import ImputerModel, digest
from loopcast.models.imputer.plan import Plan
from loopcast.models.imputer.scaler import Scaler
from loopcast.models.imputer.scores import Scores, select_methods
from loopcast.models.imputer.validation import why_unsure
from loopcast.models.provenance import Provenance
from loopcast.nn.weights import to_vector
from loopcast.training.history import Epoch
from loopcast.training.run import TrainingRun


def fit_imputer(panel: Panel, hiding: MaskSampler, plan: Plan, callback: Callable[[Epoch, int], None]) -> ImputerModel:
    """What an imputer knows of a panel, how it and the simple ways did on values that were held back included.

    callback: is told of every epoch of each network, and of how many there are to be.
    """
    held = held_back(panel.offsets, plan.form.window, plan.members, np.random.default_rng(plan.seed))
    shown = np.where(np.logical_or.reduce(held)[:, None], np.nan, panel.values)
    measure = Scaler.of(shown, panel.offsets, causal=plan.form.causal)
    source = HiddenData(
        config=plan.form,
        values=measure.scale(panel.values, panel.offsets).scaled(panel.values, panel.offsets),
        offsets=panel.offsets,
        held=held.T,
        hiding=hiding,
        n_updates=plan.updates,
    )
    members = train_members(source, plan, callback)
    trials = [
        evaluate_holdout(measure, panel, rows, hiding, plan, weights, plan.seed + number)
        for number, (rows, weights) in enumerate(zip(held, members, strict=True))
    ]
    blend, trial = concat(trials).cross_fit(BLENDED["causal" if plan.form.causal else "two-sided"])
    scores = Scores.of(trial)
    return ImputerModel(
        schema=panel.schema,
        config=plan.form,
        weights=np.stack(members),
        updates=plan.updates,
        scaler=measure,
        blend=blend,
        widths=trial.widths,
        scores=scores,
        methods=select_methods(scores, trial, panel.n_series, best=plan.best),
        fitted_on=digest(panel),
        unsure=why_unsure(panel) or "",
        best=plan.best,
        bounds=plan.bounds,
        seed=plan.seed,
        provenance=Provenance.of(panel),
        panel=panel,
    )


def train_members(source: HiddenData, plan: Plan, callback: Callable[[Epoch, int], None]) -> list[np.ndarray]:
    """The weights of each network, one vector, from seeds that follow one another; the rows go to the device once."""
    rows, members = source.to_device(), []
    for number in range(plan.members):
        recipe = replace(plan.recipe, seed=plan.seed + number)
        for trained in TrainingRun(source.of_member(number), recipe, rows, member=number).epochs():
            callback(trained.history[-1], recipe.epochs)
        members.append(to_vector(trained.members[0]))
    return members


def evaluate_holdout(
    measure: Scaler, panel: Panel, held: np.ndarray, hiding: MaskSampler, plan: Plan, weights: np.ndarray, seed: int
) -> MaskedErrors:
    """How one network and every simple way do on the rows that it did not see, in pieces as short as what is filled."""
    pieces = split_pieces(panel.offsets, int(np.diff(hiding.offsets).max()))
    exam = MaskedEvaluation(
        form=plan.form,
        measure=measure,
        values=panel.values,
        offsets=pieces,
        scored=held,
        series=panel.series_of(np.arange(panel.n_rows)),
        hiding=hiding,
        methods=tuple(methods_for(causal=plan.form.causal)),
    )
    return exam.run(partial(predict_gaps, plan.form, weights, offsets=pieces), np.random.default_rng(seed))
