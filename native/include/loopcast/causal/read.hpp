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

// Limits at the latest row of a record, and what comes some steps after it if the series repeats itself exactly, [count].
Limits limits_of(const void* record, double scale);
void repeat(const Shape&, const void* record, size_t count, const int64_t* steps, double* repeated);

// Whether a negative value was seen, and the value a season before the next row; NaN where that is missing or not there.
bool was_negative(const void* record);
double season_before(const Shape&, const void* record);

}  // namespace loopcast::causal
