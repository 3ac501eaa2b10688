"""The ways in which a recurrent forecaster may see several targets, and which of them is better."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loopcast.data.panel import Panel
from loopcast.models.recurrent.ensemble import Ensemble, Members
from loopcast.models.recurrent.options import RecurrentOptions
from loopcast.models.recurrent.setup import Setup, set_up
from loopcast.training.trainer import Training

Channels = Literal["joint", "independent"]
LABELS = {"joint": "joint, by one state", "independent": "each alone, with the same weights"}


@dataclass(frozen=True, kw_only=True, eq=False)
class ChannelMode:
    """One way to see the targets, and the training of a network that sees them so.

    together: how many targets the panel has; 1 leaves no choice.
    """

    channels: Channels
    together: int
    setup: Setup
    training: Training

    @classmethod
    def of(cls, options: RecurrentOptions, panel: Panel, channels: Channels) -> "ChannelMode":
        seen = (panel.to_univariate() if channels == "independent" else panel).trim_leading_missing()
        setup = set_up(options, seen, panel.n_channels if channels == "independent" else 1)
        training = Training(setup.data, setup.recipe, members=options.members)
        return cls(channels=channels, together=panel.n_channels, setup=setup, training=training)

    @property
    def has_validation(self) -> bool:
        """Whether rows are held back that say how well it does."""
        return self.setup.data.validation is not None

    @property
    def valid_loss(self) -> float:
        """Of the forecasts of the held-back rows, in units that do not depend on the way; infinite without any."""
        return float("inf") if self.training.trained is None else self.training.trained.valid_loss

    @property
    def held_rows(self) -> int:
        """How many of the last rows of each series are held back from the training that chooses."""
        return self.setup.held_rows

    def ensemble(self, members: Members) -> Ensemble:
        """Networks of these weights, which see the targets so."""
        data = self.setup.data
        return Ensemble(
            network=data.network,
            scaling=data.scaling,
            context=self.setup.context,
            members=members,
            distribution=data.distribution,
            channels=data.values.shape[1],
            encoding=self.setup.encoding,
        )

    def reasons(self, modes: Sequence["ChannelMode"], *, asked: bool) -> tuple[str, ...]:
        """Why everything is as it is, this way to see targets included; asked: because it was asked for."""
        return self.setup.reasons + (() if self.together == 1 else (self._why(modes, asked),))

    def _why(self, modes: Sequence["ChannelMode"], asked: bool) -> str:
        if len(modes) == 1:
            why = "as asked" if asked else "no rows are held back to tell whether each alone would be better"
            return f"The {self.together} targets are forecast {LABELS[self.channels]} ({why})."
        losses = ", ".join(f"{mode.channels} {mode.valid_loss:.4g}" for mode in modes)
        return (
            f"The {self.together} targets are forecast {LABELS[self.channels]} (loss on the held-back rows: {losses})."
        )


def select_best(modes: Sequence[ChannelMode]) -> ChannelMode:
    """The one with the smaller loss on the rows that were held back; the first where none were."""
    return min(modes, key=lambda mode: mode.valid_loss)
