// How much a row weighs in each running mean: the same on both tracks.
#pragma once

#include "loopcast/causal/record.hpp"

namespace loopcast::causal {

constexpr double kFast = 0.45, kSlow = 0.02, kSlowSecond = 0.1;  // least rates of the seasons, of a phase

inline double rate_of(double count, double least) { return larger(1 / larger(count, 1), least); }

// Of a phase that was seen so often after its first time.
inline double phase_rate(double again, double least) {
  const double rate = larger(1 / (1 + again - 2.0 / 3.0), least);
  return rate < 1 ? rate : 1;
}

// A rate of 0 leaves a mean as it is.
struct Rates {
  double slow, step, season, recent, error, second, every, before, season_every, seasons_every;
  double phase_slow, phase_fast, phase_second;
};

// The row that is taken in, and whether its pairs were seen. Counts it.
inline Rates count_row(const Shape& s, void* record, size_t t, bool known) {
  Record& r = header(record);
  const Ring values = values_of(s, record);
  const double m = static_cast<double>(s.season), memory = 1 / (10 * m + 100), rows = static_cast<double>(t);
  Counts& n = r.counts;
  Rates rates = {};
  rates.slow = rate_of(rows + 1, 1 / (4 * m + 12));
  if (t >= 1) rates.every = rate_of(rows, memory);
  if (t >= 2) rates.before = rate_of(rows - 1, memory);
  if (t >= s.season) rates.season_every = rate_of(rows - m + 1, memory);
  if (t >= 2 * s.season) rates.seasons_every = rate_of(rows - 2 * m + 1, memory);
  if (!known) return rates;
  if (t >= 1 && was_seen(values, 1)) rates.step = rate_of(n.step += 1, memory);
  if (t >= s.season) {
    double& again = doubles(record)[s.phases + r.phase] += 1;
    rates.phase_slow = phase_rate(again, kSlow);
    rates.phase_fast = phase_rate(again, kFast);
    rates.error = rate_of(n.error += 1, memory);
  }
  if (t >= s.season && was_seen(values, s.season)) {
    rates.season = rate_of(n.season += 1, memory);
    rates.recent = larger(1 / n.season, 1 / larger(m, 4));
  }
  if (s.second != 0 && t >= s.second) {
    double& again = doubles(record)[s.second_phases + r.second_phase] += 1;
    rates.phase_second = phase_rate(again, kSlowSecond);
    if (was_seen(values, s.second)) rates.second = rate_of(n.second += 1, memory);
  }
  return rates;
}

}  // namespace loopcast::causal
