"""The tests write nothing into the cache of whoever runs them."""

import os

os.environ["LOOPCAST_CACHE"] = "off"
