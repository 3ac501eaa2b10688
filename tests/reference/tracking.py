"""Live intervals as they are written down: a dictionary of what waits for a value, and loops over steps and levels."""

import math
from statistics import NormalDist

import numpy as np

RATE, MOST_SCORE = 0.02, 7.0


def score(distance, half):
    if distance == 0:
        return -MOST_SCORE
    return MOST_SCORE if half <= 0 else max(-MOST_SCORE, min(MOST_SCORE, math.log(distance / half)))


class Tracker:
    """theta, missed: by step ahead and level; `issue` and `judge` take what `predict` says without tracking."""

    def __init__(self, leads, levels):
        self.leads, self.levels = leads, levels
        self.theta = {(h, level): 0.0 for h in leads for level in levels}
        self.missed, self.judged = dict.fromkeys(self.theta, 0), dict.fromkeys(leads, 0)
        self.waiting = {}  # by the row that comes, and the step ahead: forecast, and by level both halves and the theta
        self.up = self.down = 0.0

    def issue(self, row, forecast, low, high):
        """After row `row`: forecast `[step]`; low, high `[level][step]`."""
        for h in self.leads:
            center = forecast[h - 1]
            self.waiting[row + h, h] = (
                center,
                {
                    level: (center - low[i][h - 1], high[i][h - 1] - center, self.theta[h, level])
                    for i, level in enumerate(self.levels)
                },
            )

    def judge(self, row, y):
        """By the value of row `row`."""
        for h in self.leads:
            center, halves = self.waiting.pop((row, h), (None, {}))
            if center is None or math.isnan(y):
                continue
            self.judged[h] += 1
            for level, (below, above, theta) in halves.items():
                missed = score(abs(y - center), above if y > center else below) > theta
                self.missed[h, level] += missed
                self.theta[h, level] += RATE * (missed - (100 - level) / 100)

    def theta_at(self, step, level):
        """Between tracked steps, as logarithms go; after the last one, its own."""
        logs = np.log(self.leads)
        return float(np.interp(math.log(step), logs, [self.theta[h, level] for h in self.leads]))

    def interval(self, forecast, low, high, level):
        """Both ends `[step]`, of those without tracking."""
        times = np.exp([self.theta_at(h + 1, level) for h in range(len(forecast))])
        return forecast - (forecast - low) * times, forecast + (high - forecast) * times

    def surprise(self, y, probabilities, quantiles):
        """The normal score of a value among quantiles at the first step, none of which are equal, scaled by theta."""
        z = np.array([NormalDist().inv_cdf(each) for each in probabilities])
        ends = [NormalDist().inv_cdf((100 + level) / 200) for level in self.levels]
        middle = quantiles[len(quantiles) // 2]
        theta = np.interp(np.abs(z), ends, [self.theta[1, level] for level in self.levels])
        places = middle + (quantiles - middle) * np.exp(theta)
        if y < places[0] or y > places[-1]:
            a, b = (0, 1) if y < places[0] else (-2, -1)
            far = z[a] + (y - places[a]) / (places[b] - places[a]) * (z[b] - z[a])
            return max(-10.0, min(10.0, far))
        return float(np.interp(y, places, z))

    def drift(self, surprise):
        z = max(-4.0, min(4.0, surprise))
        self.up, self.down = max(0.0, self.up + z - 0.5), max(0.0, self.down - z - 0.5)
        found = max(self.up, self.down) > 12
        if found:
            self.up = self.down = 0.0
        return found
