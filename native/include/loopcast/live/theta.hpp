// The dynamic optimised theta model's recursion: src/loopcast/models/theta_fit.py has its equations and its words.
#pragma once

#include <cstddef>
#include <cstdint>

namespace loopcast::live {

// The least-squares line through the values so far.
struct ThetaLine {
  double count, time, value, times, products;

  double slope() const { return times > 0 ? products / times : 0; }
  double intercept() const { return value - slope() * time; }
  void take(double at, double y);
};

// What was fitted to a series, and where its recursion stands; the parts of its season follow. fitted: 0 where nothing
// was, and the classical parameters hold. origin: the row whose place in the season is the first. seen: rows from the
// first value to the last.
struct ThetaState {
  double fitted, first, unit, multiplies, level_at_start, alpha, w, origin;
  double level, decay, seen;
  ThetaLine line;
};

constexpr size_t kThetaDoubles = sizeof(ThetaState) / sizeof(double);
constexpr size_t kThetaFitted = 8;  // the first so many numbers, and the season, are fitted

void theta_take(ThetaState&, const double* season, size_t length, int64_t row, int64_t missing_before, double y);
// The forecasts of the steps from 1 on after `row`, which came `gap` rows after the last value.
void theta_forecast(const ThetaState&, const double* season, size_t length, int64_t row, int64_t gap, size_t steps,
                    double* out);

}  // namespace loopcast::live
