"""Forecast time series with recurrent networks, always beside the naive and the linear baseline."""

__version__ = "0.1.0"
