// The record of one series, as `Shape` lays it out, and how it is read.
#pragma once

#include <cmath>

#include "loopcast/causal.hpp"

namespace loopcast::causal {

constexpr double kNearZero = 0.1;  // share of a series' size below which its curve is a straight line
constexpr size_t kLags = 8;        // of the values less their season that are shown
constexpr double kLongest = 1000, kMostSeasons = 160;  // of a history, as it is shown

// One way of writing the series: running means and what was last.
struct TrackState {
  double sum, second_sum;                     // of z over the last season, and over the last second one
  double z, level, adjusted, second_level;    // at the latest row
  double first_level;                         // at the end of the first season
  double slow_total, fast_total, two_total;   // of the phases' means
  double slow, step, season, square, recent, seasonal_error, second;
  double w, w0, w1, w2, v2, vv;
  double scale;
};

// How many numbers each running mean has had.
struct Counts {
  double seen, step, season, error, second;
};

struct Record {
  int64_t rows;       // that were taken in
  int64_t last_seen;  // the latest row with a value
  int64_t z_at, level_at, v_at, value_at, phase, second_phase;  // places of the latest row
  int64_t repeats;  // how many of the latest rows, without a break, are as those a season before, exactly
  bool linear;      // a negative value was seen
  double size, zeros, unit, highest;
  double first_curve, first_straight;  // where the first value stands
  Counts counts;
  TrackState curve, straight;
};

static_assert(sizeof(Record) % sizeof(double) == 0, "arrays of doubles follow");

// The latest rows of a series; those before its first are 0, as the first is, as written.
struct Ring {
  double* data;
  size_t rows, at;

  double ago(size_t n) const { return data[at >= n ? at - n : at + rows - n]; }  // n < rows
  double& latest() const { return data[at]; }
};

inline double* doubles(const void* record) { return static_cast<double*>(const_cast<void*>(record)); }
inline Record& header(const void* record) { return *static_cast<Record*>(const_cast<void*>(record)); }

inline Ring ring_of(const void* record, size_t begin, size_t rows, int64_t at) {
  return {doubles(record) + begin, rows, static_cast<size_t>(at)};
}

inline Ring values_of(const Shape& s, const void* record) {
  return ring_of(record, s.values, s.value_rows, header(record).value_at);
}

inline bool was_seen(const Ring& values, size_t n) { return !std::isnan(values.ago(n)); }

// A track and its arrays.
struct Track {
  TrackState& state;
  Ring z, level, v, adjusted;
  double *slow, *fast, *two;  // [phase]: what each stands above the level

  double slow_at(const Shape& s, size_t phase) const { return slow[phase] - state.slow_total / s.season; }
  double fast_at(const Shape& s, size_t phase) const { return fast[phase] - state.fast_total / s.season; }
  double two_at(const Shape& s, size_t phase) const { return two[phase] - state.two_total / s.second; }
};

inline Track track_of(const Shape& s, const void* record, bool straight) {
  Record& r = header(record);
  double* const begin = doubles(record) + (straight ? s.straight : s.curve);
  return {straight ? r.straight : r.curve,
          ring_of(begin, 0, s.z_rows, r.z_at),
          ring_of(begin, s.level, s.level_rows, r.level_at),
          ring_of(begin, s.v, s.v_rows, r.v_at),
          ring_of(begin, s.adjusted, kLags, (r.rows - 1) & (kLags - 1)),
          begin + s.slow,
          begin + s.fast,
          begin + s.two};
}

// The curve of a unit.
struct Curve {
  explicit Curve(double unit) : scale(kNearZero * unit), log_scale(std::log(scale)) {}
  double write(double value) const { return std::asinh(value / scale) + log_scale; }
  double read(double written) const { return scale * std::sinh(written - log_scale); }
  double scale, log_scale;
};

inline double larger(double a, double b) { return a > b ? a : b; }
inline double smaller(double a, double b) { return a < b ? a : b; }
inline double bounded(double value, double most) { return value > most ? most : value < -most ? -most : value; }

}  // namespace loopcast::causal
