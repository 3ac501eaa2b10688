"""Make the shipped weights: `python -m loopcast.pretraining --updates 80000 --out weights.safetensors`."""

import argparse
from pathlib import Path

from loopcast.pretraining.pretrain import Pretraining


def main() -> None:
    """Train, or go on with what `--out` has begun."""
    parser = argparse.ArgumentParser(prog="python -m loopcast.pretraining", description=__doc__)
    parser.add_argument("--updates", type=int, default=80_000, help="updates in all")
    parser.add_argument("--out", type=Path, required=True, help="the weights; beside them, how far training has come")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    Pretraining(updates=given.updates, seed=given.seed, out=given.out).run()


if __name__ == "__main__":
    main()
