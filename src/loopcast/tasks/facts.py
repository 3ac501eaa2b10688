"""What results say, as plain values."""

from typing import Any

from loopcast.evaluation.backtest_result import Backtest
from loopcast.evaluation.leaderboard import Leaderboard


def board_facts(board: Leaderboard) -> dict[str, Any]:
    """A leaderboard: measure, leaderboard (rows), targets (rows, or None of one target), verdict, notes."""
    return {
        "measure": board.measure,
        "leaderboard": board.table.to_dicts(),
        "targets": None if board.targets is None else board.targets.to_dicts(),
        "verdict": board.verdict,
        "notes": board.notes,
    }


def backtest_facts(done: Backtest) -> dict[str, Any]:
    """A backtest: horizon, n_windows, step_size, season, series, and by name what each model chose and said."""
    models = {
        each.name: {"chosen": each.description, "code": each.code, "failures": each.failures} for each in done.models
    }
    sizes = {name: getattr(done, name) for name in ("horizon", "n_windows", "step_size", "season")}
    return {**sizes, "series": done.panel.n_series, "models": models}
