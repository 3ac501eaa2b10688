"""What is trained, decided before it is: the options of an imputer as given, or as the data suggest."""

from dataclasses import dataclass

import numpy as np

from loopcast.data.panel import Panel
from loopcast.models.bounds import Bounds
from loopcast.models.imputer.form import INPUTS, OUTPUTS, ImputerConfig
from loopcast.models.imputer.options import ImputerOptions
from loopcast.nn.network import Network
from loopcast.nn.shapes import CellName
from loopcast.training.config import TrainingConfig

WINDOW = (48, 336)  # rows of a training window, at least and at most
FEW = 20_000  # known values; with no more, several small networks are trained for a short time, and averaged
SMALL, NARROW, WIDE = (32,), (48, 48), (96, 96)  # units, for few values, for one channel, for several
SHORT, LONG = 600, 1500  # updates, for few values and for many
MEMBERS = 3  # networks, for few values
BATCH_ROWS = 64 * 168  # so that long windows take no longer than short ones
BATCH = (16, 64)  # windows, at least and at most
EPOCH = 10  # updates between two looks at the loss: Ctrl-C and the progress bar wait for them


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One or several networks of a form, so many updates each."""

    form: ImputerConfig
    recipe: TrainingConfig
    updates: int
    members: int
    best: bool
    bounds: Bounds
    seed: int


def make_plan(panel: Panel, imputer: ImputerOptions) -> Plan:
    """What these options mean for a panel."""
    few = int((~np.isnan(panel.values)).sum()) <= FEW
    season = imputer.season or panel.season
    window = imputer.window or int(min(np.clip(2 * season, *WINDOW), panel.lengths.max()))
    causal = imputer.mode == "causal"
    units = imputer.units or (SMALL if few else NARROW if panel.n_channels == 1 else WIDE)
    network = network_of(imputer.cell, units, panel.n_channels, causal=causal)
    updates = imputer.updates or (SHORT if few else LONG)
    recipe = TrainingConfig(
        epochs=-(-updates // EPOCH),
        batch_size=imputer.batch_size or int(np.clip(BATCH_ROWS // window, *BATCH)),
        learning_rate=float(imputer.learning_rate),
        loss="mae",
        schedule="one-cycle",
        clip=1.0,
    )
    return Plan(
        form=ImputerConfig(network=network, window=window, season=season, causal=causal),
        recipe=recipe,
        updates=updates,
        members=MEMBERS if few else 1,
        best=imputer.best,
        bounds=imputer.bounds,
        seed=imputer.seed,
    )


def network_of(cell: CellName, units: tuple[int, ...], channels: int, *, causal: bool) -> Network:
    """The network of an imputer of so many channels."""
    return Network(
        cell=cell, units=units, inputs=INPUTS * channels, outputs=OUTPUTS * channels, directions=1 if causal else 2
    )
