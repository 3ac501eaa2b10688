"""A whole training: choose the number of epochs on rows held back, then train every member on everything."""

import math
from collections.abc import Callable
from dataclasses import replace

from loopcast.errors import TrainingError
from loopcast.nn.network import Weights
from loopcast.training.config import TrainingConfig
from loopcast.training.history import Epoch, Trained
from loopcast.training.run import TrainingRun
from loopcast.training.window_data import WindowData


class Training:
    """Training of one task by one recipe. `trained` is the best so far, at every moment, or None.

    Where rows are held back, they choose the number of epochs. Then every member is trained on everything, from seeds
    that follow one another, for that number. Until the first of them is done, the best weights of the choice stand.

    Whatever stops it, Ctrl-C included, `trained` stays as it was before the epoch that was cut short. TrainingError
    when a loss or a weight is NaN or infinite.
    """

    def __init__(self, task: WindowData, recipe: TrainingConfig, *, members: int = 1) -> None:
        self.task, self.recipe, self.members = task, recipe, members
        self.rows = task.to_device()
        self.trained: Trained | None = None

    def select_epochs(self, callback: Callable[[Epoch, int], None]) -> None:
        """The first half, which goes on for as long as the forecasts of the held-back rows get better.

        callback: is told of every epoch, and of how many there are to be.
        """
        run = TrainingRun(self.task, self.recipe, self.rows)
        for self.trained in run.epochs():
            callback(self.trained.history[-1], self.recipe.epochs)
        tried = self.trained
        if tried is not None and tried.valid_loss < math.inf:
            self.trained = None  # until it is known to be of use
            run.require_learned(tried)
            self.trained = tried

    def refit(self, callback: Callable[[Epoch, int], None]) -> None:
        """The second half: every member, on everything."""
        first = self.trained
        if first is None:
            raise TrainingError("nothing is trained yet: choose first")
        if self.task.refit_windows is None:
            self._add_members(first, first.members, self.task, replace(self.recipe, epochs=first.epochs), callback)
        else:
            last = replace(self.recipe, epochs=first.best_epoch, patience=None)
            self._add_members(first, (), self.task.for_refit(), last, callback)

    def _add_members(
        self,
        first: Trained,
        members: tuple[Weights, ...],
        task: WindowData,
        recipe: TrainingConfig,
        callback: Callable[[Epoch, int], None],
    ) -> None:
        history, final = first.history, self.task.refit_windows is not None
        for number in range(len(members), self.members):
            seeded = replace(recipe, seed=recipe.seed + number)
            for one in TrainingRun(task, seeded, self.rows, member=number, final=final).epochs():
                callback(one.history[-1], recipe.epochs)
            members, history = members + one.members, history + one.history
            self.trained = replace(first, members=members, history=history)
