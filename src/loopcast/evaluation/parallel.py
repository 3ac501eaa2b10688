"""The fits of a backtest, here, in processes or on Ray: each is a job, and gives the same bits wherever it is done."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from loopcast.errors import LoopcastError
from loopcast.evaluation.fold_result import FoldResult
from loopcast.evaluation.folds import FoldRun
from loopcast.evaluation.result_cache import Facts, ResultCache, arrays_of, facts_of, result_of
from loopcast.parallel.jobs import Job, Shared
from loopcast.parallel.places import On, open_runner


class Fold(NamedTuple):
    """One fit: of run number `run`, before the first of these cutoffs."""

    run: int
    cutoffs: tuple[int, ...]


class Answer(NamedTuple):
    """A result on its way from a worker, without the panel, which is here already."""

    facts: Facts
    arrays: dict[str, np.ndarray]
    failure: LoopcastError | None


def run_folds(
    runs: Sequence[FoldRun],
    cache: ResultCache,
    callback: Callable[[str], None],
    n_jobs: int = 1,
    on: On = "processes",
) -> list[list[FoldResult]]:
    """For each run a result of each of its fits; one that is finished already is not computed again.

    callback: is told the name of each model whose fit begins. n_jobs, on: how many fits at once, and where.
    """
    folds = [Fold(place, cutoffs) for place, run in enumerate(runs) for cutoffs in run.origins.fit_groups]
    results: dict[Fold, FoldResult] = {}
    keys: dict[Fold, str] = {}

    def unfinished() -> Iterator[Fold]:
        for fold in folds:
            run = runs[fold.run]
            callback(run.forecaster.name)
            keys[fold] = run.key(fold.cutoffs)
            found = cache.get(keys[fold], run.missing(fold.cutoffs))
            if found is None:
                yield fold
            else:
                results[fold] = found

    for fold, result in _computed(runs, unfinished(), n_jobs, on):
        cache.put(keys[fold], result)
        results[fold] = result
    return [[results[fold] for fold in folds if fold.run == place] for place in range(len(runs))]


def _computed(runs: Sequence[FoldRun], folds: Iterator[Fold], n_jobs: int, on: On) -> Iterator[tuple[Fold, FoldResult]]:
    """Each fit and its result, as they finish."""
    begun: list[Fold] = []

    def jobs(shared: Shared) -> Iterator[Job]:
        for fold in folds:
            begun.append(fold)
            steps = fold.cutoffs[0]
            yield Job(f"{runs[fold.run].forecaster.name}, {steps} steps before the end", (shared, fold))

    with open_runner(on, n_jobs) as runner:
        for place, answer in runner.run(answer_of, jobs(runner.share(tuple(runs)))):
            yield begun[place], _result(runs[begun[place].run], begun[place], answer)


def answer_of(asked: tuple[Shared, Fold]) -> Answer:
    """What a worker does: one fit, of one of the runs that all share."""
    shared, fold = asked
    run: FoldRun = shared.value()[fold.run]
    result = run.run_or_record_failure(fold.cutoffs)
    return Answer(facts_of(result), arrays_of(result.prediction), result.failure)


def _result(run: FoldRun, fold: Fold, answer: Answer) -> FoldResult:
    missing = run.missing(fold.cutoffs)
    if answer.failure is not None:
        return FoldResult(prediction=missing, failure=answer.failure)
    return result_of(answer.facts, answer.arrays, missing)
