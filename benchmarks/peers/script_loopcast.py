"""What a Loopcast user runs: import, build, compile, 20 epochs, evaluate."""

import numpy as np
from worker import data

import loopcast

model = loopcast.PlainRecurrent(
    horizon=10,
    cell="simple",
    units=(20, 20),
    strategy="direct",
    context=50,
    loss="mse",
    learning_rate=0.001,
    schedule="constant",
    clip=None,
    batch_size=32,
    epochs=20,
    patience=None,
    members=1,
    dropout=0.0,
)
model.fit(np.concatenate([data("x"), data("last")[:, :, None]], axis=1))
errors = model.predict_panel(loopcast.Panel.from_array(data("test_x")), 10).values[:, 0][:, :, 0] - data("test_last")
print(f"mse {np.square(errors).mean():.5f}")
