"""The tests write nothing into the cache of whoever runs them: one folder, made for the run, serves all its processes.

What one test compiled, the next one need not. Nothing is said about time.
"""

import atexit
import os
import shutil
import tempfile

from hypothesis import settings

OURS = "LOOPCAST_TEST_CACHE"  # says that the folder is there: a process of the run has made it

if OURS not in os.environ:
    folder = tempfile.mkdtemp(prefix="loopcast-tests-")
    os.environ |= {OURS: folder, "LOOPCAST_CACHE": folder}
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

settings.register_profile("loopcast", deadline=None)
settings.load_profile("loopcast")
