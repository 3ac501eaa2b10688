"""Progress: told to whoever asked, in place of a bar."""

from loopcast.progress import Progress, progress_bar, reporting
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
