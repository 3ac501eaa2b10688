// Calls from outside XLA for networks with a shared decoder: many rows at once, or one series row by row.
#pragma once

#include "loopcast/causal/read.hpp"
#include "loopcast/kernels.hpp"
#include "loopcast/tracking.hpp"

namespace loopcast {

// Values of several rows, each with several steps ahead; see causal::read_step.
struct ReadCall {
  size_t rows, steps;
  causal::Reading reading;
  const float* quantiles;  // [rows, steps, 2 * kSide + 1]
  const double* base;      // [rows, steps]
  const double *scale, *unit, *first, *highest;  // [rows]
  const uint8_t* curved;                         // [rows]
  const double* repeated;                        // [rows, steps]
  double* values;                                // [rows, steps, probabilities]
};

// All that series of one kind share. A series' own record is a causal record, then each layer's state, then what is
// tracked. places: reads the median and the quantiles in which a value finds its place.
struct LivePlan {
  size_t season, second, most_steps;
  Stack stack;  // without a head; batch and time 1; its layers' states are not read: a record has them
  StepDecoder decoder;
  causal::Reading reading, places;
  tracking::Plan tracking;
};

}  // namespace loopcast
