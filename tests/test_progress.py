"""Progress: told to whoever asked, in place of a bar."""

from loopcast.cli.lines import ProgressLines
from loopcast.progress import Progress, Whole, progress_bar, reporting
from loopcast.training.history import Epoch
from loopcast.training.progress import progress


def test_who_asked_is_told_what_is_done_and_how_deep_within_other_work():
    told = []
    with reporting(told.append), progress_bar("backtest", 2, show=None) as begin:
        begin("Naive")
        begin("Recurrent")
        with progress("Recurrent", show=None) as callback:
            callback(Epoch(epoch=3, member=0, final=False, loss=0.25, last_step_mse=0.1, valid_loss=None), 9)
    assert told == [
        Progress("backtest: Naive", 0, 2, 0),
        Progress("backtest: Recurrent", 1, 2, 0),
        Progress("Recurrent: loss 0.25", 3, 9, 1),
    ]


def test_nobody_is_told_where_nobody_asked_or_nothing_is_to_be_shown():
    told = []
    with progress_bar("backtest", 1, show=None) as begin:
        begin("Naive")
    with reporting(told.append), progress_bar("backtest", 1, show=False) as begin:
        begin("Naive")
    assert told == []


class Clock:
    """One that is set."""

    now = 0.0

    def __call__(self):
        return self.now


def test_what_is_done_within_a_part_counts_for_that_part():
    clock = Clock()
    whole = Whole(clock)
    assert whole.seconds_left is None
    whole.take(Progress("backtest", 0, 4, 0))
    clock.now = 10.0
    whole.take(Progress("backtest", 1, 4, 0))
    whole.take(Progress("Recurrent", 3, 6, 1))
    assert whole.share == 1 / 4 + 1 / 8
    assert whole.seconds_left == 10 * (5 / 8) / (3 / 8)
    whole.take(Progress("backtest", 2, 4, 0))  # what was within the part before is done
    assert whole.share == 1 / 2
    whole.take(Progress("backtest", 58, 11, 0))
    assert whole.share == 1
    assert whole.seconds_left == 0


def test_without_a_terminal_a_line_comes_every_fifteen_seconds():
    clock, said = Clock(), []
    lines = ProgressLines(said.append, clock)
    for second in range(61):
        clock.now = float(second)
        lines.tell(Progress("backtest: Naive", second, 120, 0))
    assert said == [
        "backtest: Naive: 12% done, about 2 min left",
        "backtest: Naive: 25% done, about 2 min left",
        "backtest: Naive: 38% done, about 1 min left",
        "backtest: Naive: 50% done, about 1 min left",
    ]
