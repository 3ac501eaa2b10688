"""From a panel with gaps to what an imputer knows: networks trained, tried on what they did not see, and weighed."""

from collections.abc import Callable
from functools import partial

import numpy as np

from loopcast.data.panel import Panel
from loopcast.models.imputer.baselines import BESIDE, ways_of
from loopcast.models.imputer.chunked import fill
from loopcast.models.imputer.holdout import cut, held_back
from loopcast.models.imputer.mask_sampler import Hiding
from loopcast.models.imputer.masked_errors import Trial, joined
from loopcast.models.imputer.masked_evaluation import Exam
from loopcast.models.imputer.plan import Plan
from loopcast.models.imputer.scaler import Measure
from loopcast.models.imputer.scores import Scores, chosen
from loopcast.models.imputer.state import Learned, digest
from loopcast.models.imputer.training import Lesson, learn


def learned_from(panel: Panel, hiding: Hiding, plan: Plan, tell: Callable[[str], None]) -> Learned:
    """What an imputer knows of a panel, how it and the simple ways did on values that were held back included.

    tell: is called before each update of each network.
    """
    held = held_back(panel.offsets, plan.form.window, plan.members, np.random.default_rng(plan.seed))
    shown = np.where(np.logical_or.reduce(held)[:, None], np.float32(np.nan), panel.values)
    measure = Measure.of(shown, panel.offsets, causal=plan.form.causal)
    values = measure.scale(panel.values, panel.offsets).scaled(panel.values, panel.offsets)
    members, trials = [], []
    for number, rows in enumerate(held):
        lesson = np.where(rows[:, None], np.float32(np.nan), values)
        seed = plan.seed + number
        weights = learn(
            Lesson(form=plan.form, values=lesson, offsets=panel.offsets, hiding=hiding),
            plan.recipe, plan.updates, tell, seed,
        )  # fmt: skip
        members.append(weights)
        trials.append(held_trial(measure, panel, rows, hiding, plan, weights, seed))
    blend, trial = joined(trials).blended(BESIDE["causal" if plan.form.causal else "two-sided"])
    scores = Scores.of(trial)
    return Learned(
        form=plan.form,
        weights=np.stack(members),
        updates=plan.updates,
        measure=measure,
        blend=blend,
        widths=trial.widths,
        scores=scores,
        chosen=chosen(scores, trial, panel.n_series, best=plan.best),
        fitted_on=digest(panel),
    )


def held_trial(
    measure: Measure, panel: Panel, held: np.ndarray, hiding: Hiding, plan: Plan, weights: np.ndarray, seed: int
) -> Trial:
    """How one network and every simple way do on the rows that it did not see, in pieces as short as what is filled."""
    pieces = cut(panel.offsets, int(np.diff(hiding.offsets).max()))
    exam = Exam(
        form=plan.form,
        measure=measure,
        values=panel.values,
        offsets=pieces,
        judged=held,
        series=panel.series_of(np.arange(panel.n_rows)),
        hiding=hiding,
        ways=tuple(ways_of(causal=plan.form.causal)),
    )
    return exam.tried(partial(fill, plan.form, weights, offsets=pieces), np.random.default_rng(seed))
