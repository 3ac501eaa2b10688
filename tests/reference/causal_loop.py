"""What the causal encoder says of one series, by plain loops over its rows: slow, and easy to hold against formulas."""

import math

import numpy as np


class Mean:
    """A running mean: an observation weighs 1 / count, and no less than `least`."""

    def __init__(self, least):
        self.least, self.value, self.count = least, 0.0, 0

    def add(self, number):
        self.count += 1
        self.value += max(1 / self.count, self.least) * (number - self.value)


def season_of(z, levels, m, seen, least, t):
    """What each phase adds at row t: running means of what stands above the level, less their mean."""
    if t < m - 1:
        return [0.0] * m
    raw, count = [z[j] - levels[m - 1] for j in range(m)], [1] * m
    for s in range(m, t + 1):
        if seen[s]:
            count[s % m] += 1
            raw[s % m] += min(max(1 / (count[s % m] - 2 / 3), least), 1) * (z[s] - levels[s] - raw[s % m])
    mean = sum(raw) / m
    return [each - mean for each in raw]


def track(y, m, curved):
    """z, levels and scales of one series written on the curve, or as it is; with the units of the curve."""
    n, seen = len(y), [not math.isnan(v) for v in y]
    size, units = Mean(1 / max(4 * m, 24)), []
    for v, there in zip(y, seen, strict=True):
        if there:
            size.add(abs(v))
        units.append(size.value or 1.0)

    def write(v, unit):
        return math.asinh(v / (0.1 * unit)) + math.log(0.1 * unit) if curved else v

    first = write(y[0], units[0])
    z, levels = [], []
    for t in range(n):
        if seen[t]:
            z.append(write(y[t], units[t]) - first)
        elif t < m or m == 1:
            z.append(z[t - 1])
        else:
            z.append(levels[t - 1] + season_of(z, levels, m, seen, 0.02, t - 1)[t % m])
        last = z[max(0, t - m + 1) :]
        levels.append(sum(last) / len(last))
    return z, levels, units, seen


def scales(z, seen, m, units, curved):
    """What errors are measured in at each row."""
    memory, found = 1 / (10 * m + 100), []
    step, season, n = Mean(memory), Mean(memory), 0
    for t in range(len(z)):
        n += seen[t]
        if t >= 1 and seen[t] and seen[t - 1]:
            step.add(abs(z[t] - z[t - 1]))
        if t >= m and seen[t] and seen[t - m]:
            season.add(abs(z[t] - z[t - m]))
        unit = 1.0 if curved else units[t]
        s = season.value if season.count >= max(1, m // 4) else step.value
        s = max(s, 0.005 * step.value, 1e-13 * unit)
        found.append(s if step.value > 0 else 0.1 * unit / n**2)
    return found


def some_inputs(y, m, curved, t):
    """The first eighteen inputs at row t, by the formulas."""
    z, levels, units, seen = track(y, m, curved)
    s = scales(z, seen, m, units, curved)[t]
    adjusted = [z[i] - season_of(z, levels, m, seen, 0.02, i)[i % m] for i in range(t + 1)]
    slow = Mean(1 / (4 * m + 12))
    for i in range(t + 1):
        slow.add(z[i])

    def ago(numbers, rows):
        return numbers[max(t - rows, 0)]

    level = levels[t]
    raw = [ago(adjusted, j) - level for j in range(8)]
    raw += [
        z[t] - level,
        level - ago(levels, m),
        ago(levels, m) - ago(levels, 2 * m),
        level - ago(levels, max(1, m // 2)),
        level - ago(levels, 4 * m),
        level - slow.value,
        z[t] - ago(z, m),
        z[t] - ago(z, 2 * m),
        ago(z, 1) - ago(z, m + 1),
        ago(z, 2) - ago(z, m + 2),
    ]
    return np.clip(np.arcsinh(np.array(raw) / s), -15, 15)


def candidates(y, m, t, h):
    """Base and the candidates of one season, at row t for the step h after it, on the curve, in units of the scale."""
    z, levels, units, seen = track(y, m, curved=True)
    s = scales(z, seen, m, units, curved=True)[t]
    slow, fast = (season_of(z, levels, m, seen, least, t) for least in (0.02, 0.45))
    b = t + h - m * math.ceil(h / m)
    base = levels[t] + slow[b % m]
    adjusted = z[t] - slow[t % m]
    straight, line, _, _ = track(y, m, curved=False)
    plain = line[t] + season_of(straight, line, m, seen, 0.02, t)[b % m] + y[0]
    first = math.asinh(y[0] / (0.1 * units[0])) + math.log(0.1 * units[0])
    bent = math.asinh(plain / (0.1 * units[t])) + math.log(0.1 * units[t]) - first
    raw = [
        slow[b % m],
        fast[b % m] - slow[b % m],
        z[b] - base,
        z[max(b - m, 0)] - base,
        bent - base,
        adjusted - levels[t] if m > 1 else z[t - 1] - z[t],
        h * (levels[t] - levels[m - 1]) / (t - m + 1),
    ]
    return base, np.clip(np.array(raw) / s, -50, 50)
