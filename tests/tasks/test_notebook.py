import json

import numpy as np
import pytest

from loopcast.cli.main import run as command
from loopcast.data.panel import Panel
from loopcast.models.plain.ensemble import Ensemble
from loopcast.models.plain.score import every_step_mse
from loopcast.nn.init import initial_weights
from loopcast.nn.network import Network
from loopcast.tasks.notebook.experiments import experiments
from loopcast.tasks.notebook.run import chosen
from loopcast.tasks.notebook.series import NOISE_VARIANCE, best_possible, split

NAMES = [
    *("naive-1", "linear-1", "simple-rnn-1", "deep-rnn-1", "deep-rnn-dense-1", "ols-1"),
    *("naive-10", "linear-10", "iterated-10", "seq2vec-10-1-epoch", "seq2vec-10", "seq2seq-10-1-epoch", "seq2seq-10"),
    *("lstm-10", "gru-10", "ols-10", "loopcast-1", "loopcast-10"),
]


def test_every_row_is_there_once():
    assert [each.name for each in experiments(0, False)] == NAMES


def test_the_three_parts_share_no_series():
    parts = split(10, shared_frequency=True, seed=3)
    panels = [parts.training, parts.validation, parts.test]
    assert [panel.n_series for panel in panels] == [7_000, 2_000, 1_000]
    rows = np.concatenate([panel.values.reshape(-1, 60) for panel in panels])
    assert len(np.unique(rows, axis=0)) == 10_000


def test_a_row_brings_the_row_whose_model_it_uses():
    rows = chosen(experiments(0, False), ["iterated-10", "naive-1"])
    assert [each.name for each in rows] == ["naive-1", "deep-rnn-dense-1", "iterated-10"]


@pytest.mark.parametrize("shared", [True, False])
def test_no_forecast_can_be_better_than_the_noise_and_least_squares_on_the_formula_allow(shared):
    """Gauss-Newton from the true numbers is as good as any method; its error has to be about the bound."""
    bound = best_possible(10, shared_frequency=shared, seed=5)
    random = np.random.default_rng(5)
    freq1, freq2, offset1, offset2 = random.random((4, 2_000, 1))
    time = np.linspace(0, 1, 60)
    truth = np.stack([freq2 if shared else freq1, freq2, offset1, offset2], axis=1)[:, :, 0]

    def formula(numbers):
        f1, f2, o1, o2 = numbers.T[:, :, None]
        return 0.5 * np.sin((time - o1) * (10 * f1 + 10)) + 0.2 * np.sin((time - o2) * (20 * f2 + 20))

    noisy = formula(truth) + 0.1 * (random.random((2_000, 60)) - 0.5)
    fitted = truth.copy()
    for _ in range(4):
        slopes = np.stack(
            [(formula(fitted + step) - formula(fitted - step)) / 2e-5 for step in np.eye(4) * 1e-5], axis=-1
        )[:, :50]
        gap = (noisy - formula(fitted))[:, :50]
        fitted += np.linalg.solve(np.swapaxes(slopes, 1, 2) @ slopes, np.einsum("stp,st->sp", slopes, gap)[..., None])[
            ..., 0
        ]
    error = np.square(formula(fitted) - noisy)[:, 50:].mean()
    assert error == pytest.approx(bound, rel=0.05)
    assert bound > NOISE_VARIANCE


def test_the_loss_at_every_step_is_the_mean_over_all_of_them():
    network = Network(cell="simple", units=(4,), inputs=1, outputs=3)
    model = Ensemble(network=network, lags=1, context=None, members=(initial_weights(network, 0),))
    series = np.random.default_rng(0).normal(size=(300, 11, 1)).astype(np.float32)
    _, outputs = network.scan(model.members[0], network.zero_state(300), series[:, :8])
    targets = np.stack([series[:, t + 1 : t + 4, 0] for t in range(8)], axis=1)
    wanted = np.square(outputs - targets).mean()
    assert every_step_mse(model, Panel.from_array(series), 8) == pytest.approx(float(wanted), rel=1e-5)


def test_the_command_prints_rows_whose_figures_are_the_notebook_s(capsys):
    assert command(["notebook", "--json", "--quiet", "--rows", "naive-1,linear-1,naive-10,ols-1,ols-10"]) == 0
    printed = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in printed["rows"]}
    assert set(printed["best_possible"]) == {"1", "10"}
    assert set(rows["naive-1"]) >= {
        "steps",
        "parameters",
        "epochs",
        "train_seconds",
        "valid_mse",
        "test_mse",
        "valid_loss",
    }
    assert 0.0198 <= rows["naive-1"]["valid_mse"] <= 0.0209
    assert rows["linear-1"]["valid_mse"] <= 0.0045
    assert (rows["linear-1"]["parameters"], rows["linear-1"]["epochs"]) == (51, 20)
    assert 0.25 <= rows["naive-10"]["valid_mse"] <= 0.27
    assert rows["ols-1"]["valid_mse"] == pytest.approx(0.0029, abs=0.0004)
    assert rows["ols-10"]["valid_mse"] == pytest.approx(0.0155, abs=0.0006)


def test_a_row_that_does_not_exist_is_named(capsys):
    assert command(["notebook", "--rows", "lstm-11"]) == 2
    assert "'lstm-11'" in capsys.readouterr().err


@pytest.mark.slow
def test_every_row_clears_its_bar(capsys):
    """The whole table, with the notebook's own training; several minutes."""
    assert command(["notebook", "--json", "--quiet"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    bars = {
        "linear-1": 0.0045,
        "simple-rnn-1": 0.0140,
        "deep-rnn-1": 0.0030,
        "deep-rnn-dense-1": 0.0030,
        "linear-10": 0.020,
        "iterated-10": 0.030,
        "seq2vec-10": 0.0100,
        "seq2seq-10-1-epoch": 0.022,
        "seq2seq-10": 0.0100,
        "lstm-10": 0.0100,
        "gru-10": 0.0115,
        "loopcast-1": 0.00112,
        "loopcast-10": 0.00120,
    }
    missed = {name: rows[name]["valid_mse"] for name, bar in bars.items() if rows[name]["valid_mse"] > bar}
    assert not missed
    assert rows["lstm-10"]["valid_loss"] <= 0.0200
