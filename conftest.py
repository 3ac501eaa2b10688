"""The tests write nothing into the cache of whoever runs them: a folder in `build` serves all processes and later runs.

What one test compiled, the next one need not, nor the next run. `make clean` removes it. Programs are compiled quickly,
not to run quickly: tests run them for a moment. `make test-all` compiles them as users do (an XLA_FLAGS that is set, if
only to nothing, is left as it is).
Least squares run on one thread: there is a process for each core, and the threads of all of them would wait in turn.
Nothing is said about time.
"""

import os
from importlib.util import find_spec
from pathlib import Path

from hypothesis import settings

QUICKLY = (
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false "
    "--xla_cpu_parallel_codegen_split_count=1 --xla_llvm_disable_expensive_passes=true"
)
os.environ.setdefault("XLA_FLAGS", QUICKLY)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["LOOPCAST_CACHE"] = str(Path(__file__).parent / "build" / "test-programs")

# Files that cannot be without their library: what is in them runs where it is installed.
NEEDS = {"src/loopcast/sktime.py": "sktime", "src/loopcast/parallel/ray_cluster.py": "ray"}
collect_ignore = [path for path, library in NEEDS.items() if find_spec(library) is None]

settings.register_profile("loopcast", deadline=None, max_examples=30)
settings.register_profile("thorough", deadline=None)  # of `make test-all`: a hundred examples
settings.load_profile("loopcast")
