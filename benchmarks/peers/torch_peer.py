"""PyTorch: `nn.RNN`, `nn.GRU`, `nn.LSTM` as its documentation has them, fused Adam, tensors made beforehand."""

from typing import Any

import torch
from torch import nn
from worker import Run, cpu_count, data, script, serve

KINDS = {"simple": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
BATCH, UNITS, OUTPUTS = 32, 20, 10


class Network(nn.Module):
    def __init__(self, cell: str, *, every_step: bool) -> None:
        super().__init__()
        self.layers = KINDS[cell](1, UNITS, num_layers=2, batch_first=True)
        self.head = nn.Linear(UNITS, OUTPUTS)
        self.every_step = every_step

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden, _ = self.layers(x)
        return self.head(hidden if self.every_step else hidden[:, -1])


def prepare_epoch(job: dict[str, Any]) -> Run:
    every_step = job["strategy"] == "sequence"
    network = Network(job["cell"], every_step=every_step)
    x, y = torch.from_numpy(data("x")), torch.from_numpy(data("every" if every_step else "last"))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, fused=True)
    loss_of = nn.MSELoss()

    def epoch() -> None:
        network.train()
        for batch in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss = loss_of(network(x[batch]), y[batch])
            loss.backward()
            optimizer.step()

    return epoch


def prepare_predict(job: dict[str, Any]) -> Run:
    network, x = Network("lstm", every_step=False).eval(), data("x")

    def predict() -> None:
        with torch.inference_mode():
            batches = torch.from_numpy(x).split(job["batch"])
            torch.cat([network(batch) for batch in batches]).numpy()

    return predict


def prepare_step(job: dict[str, Any]) -> Run:
    layers, head = nn.LSTM(1, UNITS, num_layers=2, batch_first=True).eval(), nn.Linear(UNITS, OUTPUTS).eval()
    state: Any = None
    x = data("x")[0, :1][None]

    def step() -> None:
        nonlocal state
        with torch.inference_mode():
            hidden, state = layers(torch.from_numpy(x), state)
            head(hidden).numpy()

    return step


def prepare_layer(job: dict[str, Any]) -> Run:
    layer = KINDS[job["cell"]](1, job["units"], batch_first=True)
    x = torch.randn(job["batch"], job["steps"], 1)

    def forward() -> None:
        with torch.inference_mode():
            layer(x)

    def train() -> None:
        layer.zero_grad()
        layer(x)[0].square().mean().backward()

    return train if job["train"] else forward


PREPARE = {
    "epoch": prepare_epoch,
    "predict": prepare_predict,
    "step": prepare_step,
    "grid": prepare_layer,
    "script": lambda job: script("script_torch.py"),
}

if __name__ == "__main__":
    torch.set_num_threads(cpu_count())
    serve(PREPARE)
