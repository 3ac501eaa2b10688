// Takes a row into one way of writing the series: level, season, size of changes.
#pragma once

#include "loopcast/causal/rates.hpp"

namespace loopcast::causal {

constexpr double kSmallestShare = 0.005;  // of the changes from row to row, of the scale
constexpr double kRounding = 1e-13;       // of the size of a series: changes this small are what rounding leaves

struct Row {
  size_t t;
  bool known;
  double written, unit;  // unit: how large a change of 1 is
  Rates rates;
};

inline void move(double& mean, double rate, double number) {
  if (rate != 0) mean += rate * (number - mean);
}

// What the row would be by its level and season; before there is one, the value before.
inline double expected(const Shape& s, const Record& r, const Track& track, size_t t) {
  if (t < s.season || s.season == 1) return t == 0 ? 0.0 : track.state.z;
  return track.state.level + track.slow_at(s, r.phase);
}

// From the first season, less its mean.
inline void start_season(double* season, double& total, const Ring& z, size_t length, double level) {
  total = 0;
  for (size_t j = 0; j < length; ++j) total += season[j] = z.ago(length - 1 - j) - level;
}

inline void move_phase(double& phase, double& total, double rate, double number) {
  if (rate == 0) return;
  const double change = rate * (number - phase);
  phase += change;
  total += change;
}

// z, level and season.
inline void take_level(const Shape& s, const Record& r, const Track& track, const Row& row) {
  TrackState& now = track.state;
  const double guess = expected(s, r, track, row.t), before = now.level;
  const size_t m = s.season, t = row.t;
  now.z = track.z.latest() = row.known ? row.written : guess;
  now.sum += now.z - (t >= m ? track.z.ago(m) : 0.0);
  now.level = track.level.latest() = now.sum / static_cast<double>(t + 1 < m ? t + 1 : m);
  if (t + 1 == m) {
    now.first_level = now.level;
    start_season(track.slow, now.slow_total, track.z, m, now.level);
    start_season(track.fast, now.fast_total, track.z, m, now.level);
  } else if (t >= m) {
    move(now.seasonal_error, row.rates.error, std::fabs(now.z - (m > 1 ? guess : before)));
    move_phase(track.slow[r.phase], now.slow_total, row.rates.phase_slow, now.z - now.level);
    move_phase(track.fast[r.phase], now.fast_total, row.rates.phase_fast, now.z - now.level);
  }
}

inline void take_second(const Shape& s, const Record& r, const Track& track, const Row& row) {
  TrackState& now = track.state;
  const size_t m = s.second, t = row.t;
  now.second_sum += now.z - (t >= m ? track.z.ago(m) : 0.0);
  now.second_level = now.second_sum / static_cast<double>(t + 1 < m ? t + 1 : m);
  if (t + 1 == m) {
    start_season(track.two, now.two_total, track.z, m, now.second_level);
  } else if (t >= m) {
    move_phase(track.two[r.second_phase], now.two_total, row.rates.phase_second, now.z - now.second_level);
    move(now.second, row.rates.second, std::fabs(now.z - track.z.ago(m)));
  }
}

// How large changes are: from row to row, season to season, of late, and what they are measured in.
inline void take_scales(const Shape& s, const Record& r, const Track& track, const Row& row) {
  TrackState& now = track.state;
  move(now.slow, row.rates.slow, now.z);
  move(now.step, row.rates.step, std::fabs(now.z - track.z.ago(1)));
  const double change = now.z - track.z.ago(s.season);
  move(now.season, row.rates.season, std::fabs(change));
  move(now.square, row.rates.season, change * change);
  move(now.recent, row.rates.recent, std::fabs(change));
  const double least = static_cast<double>(s.season < 8 ? 1 : s.season / 4);
  const double scale = larger(r.counts.season >= least ? now.season : now.step, kSmallestShare * now.step);
  const double n = r.counts.seen;
  now.scale = now.step > 0 ? larger(scale, kRounding * row.unit) : 0.1 * row.unit / (n * n);
}

// Whether changes go on, turn back, or repeat a season later.
inline void take_correlations(const Shape& s, const Track& track, const Row& row) {
  TrackState& now = track.state;
  const double before = now.w;
  if (row.t >= 1) now.w = std::asinh((now.adjusted - track.adjusted.ago(1)) / now.scale);
  move(now.w0, row.rates.every, now.w);
  move(now.w2, row.rates.every, now.w * now.w);
  move(now.w1, row.rates.before, now.w * before);
  if (row.t < s.season) return;
  const double v = track.v.latest() = std::asinh((now.z - track.z.ago(s.season)) / now.scale);
  move(now.v2, row.rates.season_every, v * v);
  move(now.vv, row.rates.seasons_every, v * track.v.ago(s.season));
}

// light: only what the other track asks of this one.
inline void take(const Shape& s, const Record& r, const Track& track, const Row& row, bool light) {
  take_level(s, r, track, row);
  if (light) return;
  TrackState& now = track.state;
  now.adjusted = track.adjusted.latest() = now.z - (row.t + 1 >= s.season ? track.slow_at(s, r.phase) : 0.0);
  if (s.second != 0) take_second(s, r, track, row);
  take_scales(s, r, track, row);
  take_correlations(s, track, row);
}

}  // namespace loopcast::causal
