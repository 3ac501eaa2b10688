"""The fits of a backtest, here or in processes: each is a job, and gives the same bits wherever it is done."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from loopcast.errors import LoopcastError
from loopcast.evaluation.fold_result import FoldResult
from loopcast.evaluation.folds import FoldRun
from loopcast.evaluation.result_cache import Facts, ResultCache, arrays_of, facts_of, result_of
from loopcast.processes import Job, hand_over, handed_over, run_jobs


class Fold(NamedTuple):
    """One fit: of run number `run`, before the first of these cutoffs."""

    run: int
    cutoffs: tuple[int, ...]


class Answer(NamedTuple):
    """A result on its way from a process to another, without the panel, which is there already."""

    facts: Facts
    arrays: dict[str, np.ndarray]
    failure: LoopcastError | None


def run_folds(
    runs: Sequence[FoldRun], cache: ResultCache, callback: Callable[[str], None], n_jobs: int = 1
) -> list[list[FoldResult]]:
    """For each run a result of each of its fits; one that is finished already is not computed again.

    callback: is told the name of each model whose fit begins. n_jobs: processes; 1 is this one alone.
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

    for fold, result in _computed(runs, unfinished(), n_jobs):
        cache.put(keys[fold], result)
        results[fold] = result
    return [[results[fold] for fold in folds if fold.run == place] for place in range(len(runs))]


def _computed(runs: Sequence[FoldRun], folds: Iterator[Fold], n_jobs: int) -> Iterator[tuple[Fold, FoldResult]]:
    """Each fit and its result, as they finish."""
    if n_jobs == 1:
        yield from ((fold, runs[fold.run].run_or_record_failure(fold.cutoffs)) for fold in folds)
        return
    begun: list[Fold] = []

    def jobs(folder: Path) -> Iterator[Job]:
        for fold in folds:
            begun.append(fold)
            steps = fold.cutoffs[0]
            yield Job(f"{runs[fold.run].forecaster.name}, {steps} steps before the end", (folder, fold))

    with TemporaryDirectory(prefix="loopcast-") as name:
        folder = Path(name)
        hand_over(tuple(runs), folder)
        for place, answer in run_jobs(answer_of, jobs(folder), n_jobs):
            yield begun[place], _result(runs[begun[place].run], begun[place], answer)


def answer_of(asked: tuple[Path, Fold]) -> Answer:
    """What a process does: one fit, of a run that lies in a folder."""
    folder, fold = asked
    run: FoldRun = handed_over(folder)[fold.run]
    result = run.run_or_record_failure(fold.cutoffs)
    return Answer(facts_of(result), arrays_of(result.prediction), result.failure)


def _result(run: FoldRun, fold: Fold, answer: Answer) -> FoldResult:
    missing = run.missing(fold.cutoffs)
    if answer.failure is not None:
        return FoldResult(prediction=missing, failure=answer.failure)
    return result_of(answer.facts, answer.arrays, missing)
