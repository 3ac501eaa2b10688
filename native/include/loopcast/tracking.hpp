// Intervals that follow what comes: half-widths times e^theta, a theta for each tracked step ahead and level.
//
// A theta is the quantile of log scores, tracked: theta += rate (missed - misses), where a score is the log of how far
// the value came from the forecast, in half-widths as they were issued, and missed says that it is above the theta that
// was issued with them (quantile tracking of Angelopoulos, Candes & Tibshirani, "Conformal PID control for time series
// prediction", NeurIPS 2023, on log scores, late by as many rows as the step lies ahead). A state is a block of doubles
// behind a series' record; zeroed, nothing was issued. Nothing is allocated, thrown or printed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "loopcast/kernels.hpp"
#include "loopcast/live/fields.hpp"

namespace loopcast::tracking {

constexpr size_t kPlaces = 2 * kSide + 1;  // of the quantiles in which a value finds its place
constexpr double kMostScore = 7;           // of a score, in size: what is clipped is the score, never a theta

// What nothing that is delivered leaves. automatic: lower is 0 for a series that was never negative, and else none.
struct Bounds {
  double lower, upper;
  bool automatic, integer;
};

// A value within the bounds; outward: which way whole numbers are rounded, -1 down, 1 up, 0 to the nearest. negative:
// whether the series ever was.
double bounded(const Bounds&, bool negative, double value, int outward);

// What all series share. shares: of the calibration, in units of half the distance of the 10 and the 90 % quantile.
struct Plan {
  size_t levels, leads;
  const int64_t* lead;   // [leads], rising, the first 1
  const double* misses;  // [levels]: the share that may miss
  const double* normal;  // [levels]: the normal score of the upper end, rising
  double rate, trust;    // trust: how much the calibration counts beside the network's own quantiles
  const int64_t* columns;     // [2 + 2 * levels]: which quantile read is the 10, the 90 %, and each end
  const double* shares;       // [steps, 2 * levels]
  const int64_t* theta_left;  // [steps]: the tracked lead before a step, and the share of the way to the next
  const double* theta_share;  // [steps]
  const double* places;       // [kPlaces]: normal scores
  const double* place_shares; // [kPlaces], at the first step
  size_t widened;             // rows of history up to which intervals are wider
  const double* widening;     // [widened]: how many times, after 1, 2, ... rows from the first value on
  Bounds bounds;
};

size_t state_doubles(const Plan&);

// What lies where in a state, all of it.
void list(const Plan&, live::Fields&);

// Whether doubles that were read from a file may be a state.
bool intact(const double* state);

// The value that came, and the one a season before; into the thetas, and into `verdict` [3 + 2 * levels]: surprise,
// whether there is a drift, the forecast, the low ends, the high ones. Those are NaN where nothing was issued for the
// row, and the surprise where it is missing.
void judge(const Plan&, double* state, double y, double season_before, double* verdict);

// What is issued after the row, or nothing: values [leads, columns], of the reading; places [1 + kPlaces], the median
// first, of the first step.
void issue(const Plan&, double* state, const double* values, size_t columns, const double* places, bool negative);
void skip(const Plan&, double* state);

// What is delivered, of values [steps, columns]: out is [1 + 2 * levels, steps], the forecast, the low ends, the high.
void deliver(const Plan&, const double* state, size_t steps, const double* values, size_t columns, bool negative,
             double* out);

}  // namespace loopcast::tracking
