"""Forecasts over HTTP, and a page: `loopcast serve`. Needs `pip install loopcast[serve]`."""
