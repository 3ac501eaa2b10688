// What a live series' forecasts come from: the seam between the rules and intervals of live series and kinds of models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "loopcast/kernels.hpp"
#include "loopcast/live/fields.hpp"

namespace loopcast::live {

constexpr size_t kPlaceNumbers = 2 + 2 * kSide;  // the median, then the quantiles in which a value finds its place
constexpr size_t kLine = 64;  // bytes of a cache line: records begin at one, and are whole ones

constexpr size_t whole_lines(size_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

// What is known of a series besides its values, by step: numbers of each row, and of each step as one that is to come.
// How wide both are the follower's plan says.
struct KnownTable {
  const float *rows, *ahead;  // [count, width], from the step `first` on
  int64_t first, count;
};

// What is known at a row: tables of the same steps, or null; the row's step, and the step of the series' first row.
struct KnownAt {
  const KnownTable* tables;
  int64_t step, begin;
};

// Steps ahead, rising from 1 on, and where what is said of them goes.
struct Asked {
  size_t count;
  const int64_t* steps;  // [count]
  KnownAt known;         // at the latest row
  double* values;        // [count, columns]: the median, then what the intervals are made of
  double* places;        // [kPlaceNumbers], of the first step, or null
};

constexpr size_t kTogether = 64;  // series that are followed side by side: the weights are read once for all

// The next rows of several series, at most kTogether. Of those that are asked for, and are ready, what comes after.
struct NextRows {
  size_t count;
  void* const* records;   // [count]
  const double* values;   // [count], NaN where missing
  const KnownAt* known;   // [count]
  const bool* asked;      // [count]
  size_t steps;
  const int64_t* ahead;   // [steps]
  double* told;           // [count, steps, columns]
  double* places;         // [count, kPlaceNumbers]
};

// Follows series of one model. A record is a block of `record_bytes` without pointers, aligned to a cache line; zeroed it
// is a series of which nothing was seen, and its copy is a fork. Nothing is allocated, thrown or printed.
class Follower {
 public:
  virtual ~Follower() = default;
  virtual size_t record_bytes() const = 0;
  // At which byte of a record begins what is fitted to a series; 0 where nothing is.
  virtual size_t fitted_at() const { return 0; }
  virtual size_t columns() const = 0;
  // Bytes of the memory of one call, for so many steps ahead, and of a call of `take_many` for so many series.
  virtual size_t workspace_bytes(size_t most_steps, size_t most_series) const = 0;

  // The next row, NaN where it is missing.
  virtual void take(void* record, double y, const KnownAt& known, void* workspace) const = 0;
  // Makes a record one of which nothing was seen, but for what was fitted to the series.
  virtual void restart(void* record) const { std::memset(record, 0, record_bytes()); }
  virtual void read(const void* record, const Asked&, void* workspace) const = 0;
  // Whether it asks for what is known, so that there has to be a table.
  virtual bool needs_known() const { return false; }
  // Both, of several series, to the same bits.
  virtual void take_many(const NextRows& rows, void* workspace) const {
    for (size_t i = 0; i < rows.count; ++i) {
      take(rows.records[i], rows.values[i], rows.known[i], workspace);
      if (rows.asked[i] && ready(rows.records[i]))
        read(rows.records[i], {rows.steps, rows.ahead, rows.known[i], rows.told + i * rows.steps * columns(),
                               rows.places + i * kPlaceNumbers}, workspace);
    }
  }
  // Whether there is anything to say of what comes after the rows so far.
  virtual bool ready(const void* record) const = 0;
  virtual bool was_negative(const void* record) const = 0;
  // The value a season before the next row; NaN where it is missing.
  virtual double season_before(const void* record) const = 0;
  // What lies where in a record, all of it; names begin with `prefix`.
  virtual void list(Fields& fields, const std::string& prefix) const = 0;
  // Whether bytes that were read from a file may be a record: to follow others could touch any memory.
  virtual bool intact(const void* record) const = 0;
};

}  // namespace loopcast::live
