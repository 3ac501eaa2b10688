"""The tests write nothing into the cache of whoever runs them: one folder, made for the run, serves all its processes.

What one test compiled, the next one need not. Programs are compiled quickly, not to run quickly: tests run them for a
moment. `make test-all` compiles them as users do (an XLA_FLAGS that is set, if only to nothing, is left as it is).
Least squares run on one thread: there is a process for each core, and the threads of all of them would wait in turn.
Nothing is said about time.
"""

import atexit
import os
import shutil
import tempfile

from hypothesis import settings

OURS = "LOOPCAST_TEST_CACHE"  # says that the folder is there: a process of the run has made it

QUICKLY = (
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false "
    "--xla_cpu_parallel_codegen_split_count=1 --xla_llvm_disable_expensive_passes=true"
)
os.environ.setdefault("XLA_FLAGS", QUICKLY)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if OURS not in os.environ:
    folder = tempfile.mkdtemp(prefix="loopcast-tests-")
    os.environ |= {OURS: folder, "LOOPCAST_CACHE": folder}
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

settings.register_profile("loopcast", deadline=None)
settings.load_profile("loopcast")
