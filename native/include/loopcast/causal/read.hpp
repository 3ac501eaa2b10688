// From quantiles in units of the scale to values: the last step of every forecast.
#pragma once

#include "loopcast/causal.hpp"

namespace loopcast::causal {

// Probabilities between those of the decoder: the share of the way from the quantile at `left` to the next one. The
// first is the median.
struct Reading {
  size_t probabilities;
  const int64_t* left;  // [probabilities]
  const double* share;  // [probabilities]
};

// What else a row says of its values. highest: infinite where there was a negative value.
struct Limits {
  Written written;
  double scale, highest;
};

// Some steps: base [steps], quantiles [steps, quantiles], values [steps, probabilities]. repeated: [steps], what comes
// if a series that repeats itself goes on to; NaN for others.
void read_steps(const Limits&, const Reading&, size_t steps, const double* base, const float* quantiles,
                size_t all_quantiles, const double* repeated, double* values);

// Limits at the latest row of a record, and what comes after it if the series repeats itself exactly, [steps].
Limits limits_of(const void* record, double scale);
void repeat(const Shape&, const void* record, size_t steps, double* repeated);

}  // namespace loopcast::causal
