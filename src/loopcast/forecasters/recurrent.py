"""The recurrent forecaster: options, the choices they leave open, training and forecasts."""

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal

import jax
import numpy as np
import polars as pl

from loopcast.errors import LengthError, OptionError
from loopcast.forecasters import choices
from loopcast.forecasters.base import Fitted, Forecaster, Parts, positive
from loopcast.frames.panel import Panel, as_panel
from loopcast.inference.model import Model
from loopcast.inference.predict import forecast
from loopcast.layers.cells import CELLS
from loopcast.networks.network import CellName, Head, Network
from loopcast.training.loop import Training
from loopcast.training.progress import progress
from loopcast.training.recipe import LossName, Recipe, ScheduleName
from loopcast.training.task import Epoch, Task
from loopcast.windows.plan import Strategy, WindowPlan
from loopcast.windows.scaling import Scaling
