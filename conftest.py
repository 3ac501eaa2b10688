"""The tests write nothing into the cache of whoever runs them, and say nothing about time."""

import os

from hypothesis import settings

os.environ["LOOPCAST_CACHE"] = "off"
settings.register_profile("loopcast", deadline=None)
settings.load_profile("loopcast")
