"""What a monitor can ask: Prometheus' text, with names of routes and models as labels, and never an id."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Counted(NamedTuple):
    """What tells how many jobs are in each state, when models were fitted, and how the streams of each model are."""

    jobs: Callable[[], Mapping[str, int]]
    fitted: Callable[[], Iterable[tuple[str, float]]]
    healths: Callable[[], Iterable[tuple[str, Mapping[str, float]]]]


class Metrics:
    """Of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.request_seconds = Histogram(
            "loopcast_request_seconds",
            "From a request's head to the end of its answer.",
            ("route", "code"),
            registry=self._registry,
            buckets=BUCKETS,
        )
        self.queue_seconds = Histogram(
            "loopcast_queue_seconds", "That a request waits for a worker.", registry=self._registry, buckets=BUCKETS
        )

    def watch(self, counted: Counted) -> None:
        """Say what there is in a server, too."""
        self._registry.register(Gauges(counted))

    def text(self) -> bytes:
        """As a monitor reads it."""
        return generate_latest(self._registry)


class Gauges(Collector):
    """What is counted when it is asked for: jobs, ages of models, how much the intervals of streams hold."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted

    def collect(self) -> Iterator[Metric]:
        """Each of them."""
        jobs = GaugeMetricFamily("loopcast_jobs", "Jobs that are kept.", labels=["state"])
        for state, count in self._counted.jobs().items():
            jobs.add_metric([state], count)
        yield jobs
        ages = GaugeMetricFamily("loopcast_model_age_seconds", "Since the newest version was fitted.", labels=["model"])
        for name, fitted in self._counted.fitted():
            ages.add_metric([name], max(0.0, time.time() - fitted))
        yield ages
        coverage = GaugeMetricFamily(
            "loopcast_coverage", "Share of the values of streams inside their interval.", labels=["model", "level"]
        )
        for (model, level), share in coverage_of(self._counted.healths()).items():
            coverage.add_metric([model, level], share)
        yield coverage


def coverage_of(healths: Iterable[tuple[str, Mapping[str, float]]]) -> dict[tuple[str, str], float]:
    """The share inside by model and level, over all values that were judged in streams.

    >>> coverage_of([("pretrained", {"judged": 10, "missed-80": 0.2})])
    {('pretrained', '80'): 0.8}
    """
    inside: dict[tuple[str, str], float] = defaultdict(float)
    judged: dict[tuple[str, str], float] = defaultdict(float)
    for model, health in healths:
        for name in (each for each in health if each.startswith("missed-")):
            key = (model, name.removeprefix("missed-"))
            inside[key] += (1 - health[name]) * health["judged"]
            judged[key] += health["judged"]
    return {key: inside[key] / count for key, count in judged.items() if count}
