"""What a Keras user runs: import, build, compile, 20 epochs, evaluate."""

import keras
from worker import data

model = keras.Sequential(
    [
        keras.Input((50, 1)),
        keras.layers.SimpleRNN(20, return_sequences=True),
        keras.layers.SimpleRNN(20),
        keras.layers.Dense(10),
    ]
)
model.compile(loss="mse", optimizer="adam")
model.fit(data("x"), data("last"), batch_size=32, epochs=20, verbose=0)
print(f"mse {model.evaluate(data('test_x'), data('test_last'), verbose=0):.5f}")
