// What a network with a shared decoder is shown of series: the only header of the causal encoder that callers need.
//
// The specification is src/loopcast/features/causal, in NumPy; names are its names. A record is all that is known of
// one series: a block of `Shape::bytes` bytes, aligned to a double, without pointers: copied, it is a fork of the
// series. Zeroed, it is a series of which nothing was seen. Every function is compiled once, so that a stream that
// calls them row by row has the same bits as a loop over many series. Nothing is allocated, thrown or printed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "loopcast/kernels.hpp"

namespace loopcast::causal {

constexpr size_t kInputs = 41, kCandidates = 10, kCodes = 8;
constexpr size_t kMostSteps = size_t{1} << 30;  // of a season, and ahead

// How a record is laid out: a header, then arrays of doubles, which begin so many doubles after the record does.
struct Shape {
  size_t season, second;                      // second: 0 where there is none
  size_t z_rows, level_rows, v_rows, value_rows;  // how many of the latest rows each ring holds
  size_t curve, straight;                     // where each track's arrays begin
  size_t level, v, adjusted, slow, fast, two;  // where these begin in a track; z begins at its beginning
  size_t phases, second_phases;               // how often each phase was seen after the first time
  size_t values;                              // as they came, NaN where missing
  size_t bytes;
  double log_season, log_ratio;  // of the season, and of the second one beside it; 0 where there is none
};

Shape shape_of(size_t season, size_t second);

// How numbers as written are read back.
struct Written {
  bool curved;
  double unit, first;
};

// Takes in the next row; NaN is a missing value, but not at the first. negatives: whether there may be negative values
// now or later; if not, what only they need is left out.
void update(const Shape&, void* record, double y, bool negatives);

// What the network sees at the latest row, [kInputs].
void inputs(const Shape&, const void* record, float* out);

// The steps ahead, each from 1 to kMostSteps: base [steps], candidates [steps, kCandidates], codes [steps, kCodes].
struct Ahead {
  size_t count;
  const int64_t* steps;  // [count]
  double* base;
  float *candidates, *codes;
};

// Fills what `Ahead` points to. Returns the scale.
double look_ahead(const Shape&, const void* record, const Ahead&);

Written written(const void* record);

// How many rows a record took in.
int64_t rows_of(const void* record);

// Whether a block of a record's size may be one: what was read from a file has its places within its arrays.
bool intact(const Shape&, const void* record);

// Many series at some of their rows. All arrays are dense, row-major.
struct EncodeCall {
  size_t series, time, origins, steps, season, second, threads;
  const double* values;    // [series, time], NaN where missing; the first of each is there
  const int64_t* lengths;  // [series], from 1 to time
  const int64_t* begin;    // [series + 1]: the first origin of each series, and how many there are
  const int64_t* at;       // [origins]: rows that are forecast from, below the length; rising within a series
  const int64_t* ahead;    // [origins, steps], from 1
  float* inputs;           // [series, time, kInputs]; 0 after a series' end
  double *base, *scale;    // [origins, steps], [origins]
  float *candidates, *codes;  // [origins, steps, kCandidates or kCodes]
  uint8_t* curved;            // [origins]
  double *unit, *first;       // [origins]
  double* usual;              // [origins]: the mean change from season to season of the whole series
};

// One series of the call; record: zeroed.
void encode_series(const EncodeCall&, const Shape&, size_t series, void* record);

}  // namespace loopcast::causal
