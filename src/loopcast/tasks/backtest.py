"""Forecast from past cutoffs with several models, and say which to use: what `loopcast backtest` does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loopcast.data.panel import Panel
from loopcast.evaluation.backtest import backtest as run_backtest
from loopcast.evaluation.backtest_result import Backtest
from loopcast.evaluation.leaderboard import Leaderboard, leaderboard
from loopcast.models.forecaster import Forecaster
from loopcast.tasks.facts import backtest_facts, board_facts


@dataclass(frozen=True, kw_only=True, eq=False)
class BacktestResult:
    """The forecasts from past cutoffs, and how the models compare."""

    backtest: Backtest
    leaderboard: Leaderboard

    def page(self, command: str = "", series: Sequence[Any] = ()) -> bytes:
        """A page to look at and pass on; command: that made it; series: that it has to show."""
        from loopcast.report.page import backtest_page  # needs plotly's bundle

        return backtest_page(self.backtest, self.leaderboard, command=command, series=series)

    def facts(self) -> dict[str, Any]:
        """Everything but the forecasts as plain values: what `--json` prints."""
        return {**backtest_facts(self.backtest), **board_facts(self.leaderboard)}


def backtest(models: Sequence[Forecaster], panel: Panel, horizon: int, **options: Any) -> BacktestResult:
    """A backtest with a leaderboard; options and errors are those of `loopcast.backtest`.

    Series that are too short for the windows are left out, as the leaderboard then says.
    """
    done = run_backtest(models, panel, horizon, skip_short=True, **options)
    return BacktestResult(backtest=done, leaderboard=leaderboard(done))
