"""When a comparison fails a pipeline."""

from typing import TYPE_CHECKING

from loopcast.errors import LoopcastError, OptionError

if TYPE_CHECKING:
    from loopcast import Leaderboard


class WorseError(LoopcastError):
    """The network's error is larger than that of the model it had to beat."""


def require_better(board: "Leaderboard", baseline: str | None) -> None:
    """Raise WorseError where the best network (or, without one, the best other model) errs more than `baseline`.

    None asks nothing. OptionError where there is nothing else to compare; WorseError too where either has no error.
    """
    if baseline is None:
        return
    rows = {row["model"]: row for row in board.table.iter_rows(named=True)}
    others = [row for name, row in rows.items() if name != baseline]
    if not others:
        raise OptionError(f"--fail-if-worse-than {baseline} needs another model to compare it with")
    ours = next((row for row in others if row["network"]), others[0])
    error, limit = ours[board.measure], rows[baseline][board.measure]
    if error is None or limit is None:
        raise WorseError(f"{ours['model']} or {baseline} has no {board.measure.upper()}: nothing says it is better")
    if error > limit:
        raise WorseError(
            f"{ours['model']} is worse than {baseline}: {board.measure.upper()} {error:.4g} against {limit:.4g} "
            "(--fail-if-worse-than)"
        )
