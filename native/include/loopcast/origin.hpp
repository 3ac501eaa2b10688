// Calls from outside XLA for networks with a shared decoder: many rows at once, or one series row by row.
#pragma once

#include "loopcast/causal/read.hpp"
#include "loopcast/kernels.hpp"
#include "loopcast/live/simple.hpp"
#include "loopcast/tracking.hpp"
#include "loopcast/trees.hpp"

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

// What is shown of a series besides what is encoded of its values: numbers that are known of a row, of a step to come, and
// of covariates.
struct ShownPlan {
  size_t season, second;
  size_t table;  // which of a series' tables it is in
  size_t known_rows, known_ahead, covariates;
  const int64_t* covariate;  // [covariates]: which of those of a step these are
};

// The pretrained network. places: reads the median and the quantiles in which a value finds its place.
struct NetworkPlan {
  ShownPlan shown;
  Stack stack;  // without a head; batch and time 1; its layers' states are not read: a record has them
  StepDecoder decoder;
  causal::Reading reading, places;
};

// Trees on what is shown. least: rows before there is a forecast. usual: as of a SimplePlan.
struct TreesPlan {
  ShownPlan shown;
  Trees trees;
  size_t least;
  double usual[2];
  tracking::Bounds bounds;
};

// The mean of members. least: rows before there is a forecast. usual: as of a SimplePlan.
struct MeanPlan {
  size_t count, season, least;
  live::Follower* const* members;         // [count]
  const double* weights;                  // [count]
  const tracking::Bounds* member_bounds;  // [count]
  double usual[2];
  tracking::Bounds bounds;
  bool own;  // whether all members have a distribution of their own, in the same columns, whose mean is the mean's
};

// All that the series of a live state share. lateness: in steps.
struct LivePlan {
  live::Follower* follower;
  size_t most_steps, lateness;
  tracking::Plan tracking;
};

// Rows of several series. order: the rows of each series, one series after the other, each in the order they came in;
// begin: where a series' rows begin in that. blocks: of each series.
struct RowsCall {
  size_t rows, series, threads;
  const int64_t* order;  // [rows]
  const int64_t* begin;  // [series + 1]
  void* const* blocks;   // [series]
  const int64_t* steps;  // [rows]
  const double* values;  // [rows], NaN where missing
  uint8_t* statuses;     // [rows]
  double* verdicts;      // [rows, 3 + 2 * levels]; of rows that are taken or revised
};

}  // namespace loopcast
