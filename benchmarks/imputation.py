"""How well gaps are filled: the imputer beside what costs nothing and what is published, on real series.

    python benchmarks/imputation.py [--data DIR] [--works NAME,NAME] [--json FILE]

etth1-points-10, etth1-points-50, etth1-blocks-50: TSI-Bench's protocol. 14/5/5 months of ETTh1, z-scored on the
    training part; values hidden at random (points, or blocks of 6 rows and 6 channels) in the test part, which is cut
    into windows of 48 rows that are filled each by itself; mean absolute error at hidden values. The imputer learns
    from the training part, where it hides values in the same pattern. The published errors of linear interpolation come
    out within 3 percent, or this stops.
air-quality: UCI's sensors with their real gaps (13.7 % of cells), z-scored; a further tenth is hidden, half of it
    points and half a day of one channel. Fitted on what is left, all at once.
nh4: ammonium with a real gap pattern, of which the truth is known; in its own units.

Every way fills the same gaps. Coverage is of the imputer's 90 percent intervals.
"""

import argparse
import gzip
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

import loopcast
from loopcast.columns import Bands
from loopcast.models.imputer.baselines import METHODS, by_series

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MONTH, WINDOW = 720, 48
DRAWS = 5  # of what is hidden of each test window: with one, the errors of single points tell
SEASON = {"air-quality": 24, "nh4": 144}
BARS = {"etth1-points-10": 0.112, "etth1-points-50": 0.185, "etth1-blocks-50": 0.400}
PUBLISHED = {
    "etth1-points-10": {"linear": 0.197, "BRITS": 0.145, "SAITS": 0.144},
    "etth1-points-50": {"linear": 0.267, "BRITS": 0.238, "SAITS": 0.223},
    "etth1-blocks-50": {"linear": 0.527, "BRITS": 0.593, "SAITS": 0.424},
}
TOLERANCE = 0.03


@dataclass(frozen=True, kw_only=True)
class Work:
    """What the imputer learns from, what it fills, and the truth: `[series, time, channel]` each, NaN where hidden."""

    training: np.ndarray
    given: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Score:
    """Mean absolute errors at hidden values by way of filling, coverage in percent, and seconds."""

    work: str
    hidden: int
    mae: dict[str, float]
    coverage: float
    fit_seconds: float
    fill_seconds: float


def etth1(data: Path, hide: Callable[[np.random.Generator, np.ndarray], np.ndarray]) -> Work:
    values = pl.read_csv(data / "ETTh1.csv").drop("date").to_numpy().astype(np.float64)
    train, test = values[: 14 * MONTH], values[19 * MONTH : 24 * MONTH]
    level, spread = train.mean(axis=0), train.std(axis=0)
    train, test = (train - level) / spread, (test - level) / spread
    windows = test[: len(test) // WINDOW * WINDOW].reshape(-1, WINDOW, test.shape[1])
    rng = np.random.default_rng(2026)
    given = np.concatenate([hide(rng, windows) for _ in range(DRAWS)])
    return Work(training=train[None], given=given, truth=np.tile(windows, (DRAWS, 1, 1)))


def points(share: float) -> Callable[[np.random.Generator, np.ndarray], np.ndarray]:
    return lambda rng, values: np.where(rng.uniform(size=values.shape) < share, np.nan, values)


def blocks(share: float, rows: int, channels: int) -> Callable[[np.random.Generator, np.ndarray], np.ndarray]:
    """Blocks of so many rows and neighbouring channels, until so large a share is hidden."""

    def hide(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
        hidden = np.array(values)
        count, steps, width = values.shape
        at_once = max(int(share * values.size / (20 * rows * channels)), 1)
        while np.isnan(hidden).mean() < share:
            for _ in range(at_once):
                series, start = rng.integers(count), rng.integers(steps - rows + 1)
                first = rng.integers(width - channels + 1)
                hidden[series, start : start + rows, first : first + channels] = np.nan
        return hidden

    return hide


def air_quality(data: Path) -> Work:
    table = pl.read_csv(data / "air_quality_uci.csv.gz", separator=separator(data / "air_quality_uci.csv.gz"))
    columns = [name for name, kind in table.schema.items() if kind.is_numeric()]
    values = table.select(columns).to_numpy().astype(np.float64)
    values = np.where(values == -200, np.nan, values)
    values = values[:, ~np.isnan(values).all(axis=0)]
    values = (values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0)
    rng, empty = np.random.default_rng(2026), np.zeros((1, *values.shape))
    hidden = np.isnan(points(0.05)(rng, empty)) | np.isnan(blocks(0.05, 24, 1)(rng, empty))
    given = np.where(hidden, np.nan, values[None])
    return Work(training=given, given=given, truth=values[None])


def separator(path: Path) -> str:
    with gzip.open(path, "rt") as file:
        return ";" if ";" in file.readline() else ","


def nh4(data: Path) -> Work:
    table = pl.read_csv(data / "nh4_gappy_truth.csv.gz")
    given, truth = (table[name].cast(pl.Float64).to_numpy()[None, :, None] for name in ("gappy", "truth"))
    return Work(training=given, given=given, truth=truth)


WORKS: dict[str, Callable[[Path], Work]] = {
    "etth1-points-10": lambda data: etth1(data, points(0.1)),
    "etth1-points-50": lambda data: etth1(data, points(0.5)),
    "etth1-blocks-50": lambda data: etth1(data, blocks(0.5, 6, 6)),
    "air-quality": air_quality,
    "nh4": nh4,
}


def score(name: str, data: Path) -> Score:
    work = WORKS[name](data)
    panel = loopcast.Panel.from_array(work.given)
    hidden = np.isnan(work.given) & ~np.isnan(work.truth)
    season = SEASON.get(name, 24)
    mae = {
        way: error(by_series(panel.values, panel.offsets, method, season), work.truth, hidden)
        for way, method in METHODS.items()
    }
    require_same(name, mae["linear"])
    began = time.perf_counter()
    window = WINDOW if name.startswith("etth1") else None
    imputer = loopcast.Imputer(season=season, window=window, show_progress=False).fit(work.training, gaps_like=panel)
    fitted = time.perf_counter()
    done = imputer.fill_panel(panel, Bands.of(90))
    filled = done.over(panel)
    done = time.perf_counter()
    low, high = (done.ends[..., end].reshape(work.truth.shape) for end in (0, 1))
    inside = ((work.truth >= low) & (work.truth <= high))[hidden].mean()
    return Score(
        work=name,
        hidden=int(hidden.sum()),
        mae={"Imputer": error(filled, work.truth, hidden), **mae},
        coverage=100 * float(inside),
        fit_seconds=fitted - began,
        fill_seconds=done - fitted,
    )


def speed() -> str:
    """Seconds to fill a million values of which a tenth is missing: 1,000 series of one channel, and one of ten."""
    said = []
    for shape in ((1000, 1000, 1), (1, 100_000, 10)):
        rng = np.random.default_rng(0)
        values = np.where(rng.uniform(size=shape) < 0.1, np.nan, rng.normal(size=shape).cumsum(axis=1))
        imputer = loopcast.Imputer(updates=5, season=24, show_progress=False).fit(values[:100, :2000])
        panel = loopcast.Panel.from_array(values)
        imputer.fill_panel(panel)  # compiles
        began = time.perf_counter()
        imputer.fill_panel(panel)
        said.append(f"{' x '.join(map(str, shape))}: {time.perf_counter() - began:.1f} s")
    return "a million values filled, [series, time, channel] " + ", ".join(said)


def error(filled: np.ndarray, truth: np.ndarray, hidden: np.ndarray) -> float:
    return float(np.abs(filled.reshape(truth.shape) - truth)[hidden].mean())


def require_same(name: str, mae: float) -> None:
    published = PUBLISHED.get(name, {}).get("linear")
    if published is not None and abs(mae / published - 1) > TOLERANCE:
        raise SystemExit(f"{name}: linear interpolation has an error of {mae:.4f}, and {published} is published")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the series")
    parser.add_argument("--works", help="names with commas between [all]")
    parser.add_argument("--json", type=Path, help="also write the scores here")
    options = parser.parse_args()
    scores = []
    for name in options.works.split(",") if options.works else WORKS:
        got = score(name, options.data)
        scores.append(got)
        errors = ", ".join(f"{way} {mae:.4g}" for way, mae in got.mae.items())
        known = ", ".join(f"{way} {mae}" for way, mae in PUBLISHED.get(name, {}).items())
        print(
            f"{name}: {errors}"
            + (f" (published: {known}; bar {BARS[name]})" if known else "")
            + f"; {got.hidden} hidden, "
            f"90 % intervals hold {got.coverage:.1f} %; fit {got.fit_seconds:.0f} s, fill {got.fill_seconds:.2f} s",
            flush=True,
        )
    if not options.works:
        print(speed(), flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in scores], indent=1) + "\n")


if __name__ == "__main__":
    main()
