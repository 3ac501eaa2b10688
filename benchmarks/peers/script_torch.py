"""What a PyTorch user runs: import, build, 20 epochs, evaluate."""

import torch
from torch import nn
from worker import cpu_count, data

torch.set_num_threads(cpu_count())


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.RNN(1, 20, num_layers=2, batch_first=True)
        self.head = nn.Linear(20, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layers(x)[0][:, -1])


network, loss_of = Network(), nn.MSELoss()
optimizer = torch.optim.Adam(network.parameters(), fused=True)
x, y = torch.from_numpy(data("x")), torch.from_numpy(data("last"))
for _ in range(20):
    for batch in torch.randperm(len(x)).split(32):
        optimizer.zero_grad()
        loss_of(network(x[batch]), y[batch]).backward()
        optimizer.step()
network.eval()
with torch.inference_mode():
    print(f"mse {loss_of(network(torch.from_numpy(data('test_x'))), torch.from_numpy(data('test_last'))).item():.5f}")
