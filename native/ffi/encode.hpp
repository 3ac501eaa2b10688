// Checks a call of the causal encoder, and spreads its series over threads.
#pragma once

#include <cstring>
#include <memory>
#include <new>

#include "loopcast/causal.hpp"
#include "origin_status.hpp"
#include "own_threads.hpp"

namespace loopcast::causal {

inline bool season_fits(size_t season, size_t second) {
  return season >= 1 && season <= kMostSteps && second <= kMostSteps;
}

inline OriginStatus check_encode(const EncodeCall* call) {
  if (call == nullptr) return OriginStatus::no_call;
  const EncodeCall& c = *call;
  if (!all_there({c.values, c.lengths, c.begin, c.at, c.ahead, c.inputs, c.base, c.scale, c.candidates, c.codes,
                  c.curved, c.unit, c.first, c.usual}))
    return OriginStatus::no_call;
  if (!season_fits(c.season, c.second)) return OriginStatus::bad_season;
  for (size_t i = 0; i < c.series; ++i) {
    if (c.lengths[i] < 1 || c.lengths[i] > static_cast<int64_t>(c.time)) return OriginStatus::bad_length;
    if (c.begin[i] < 0 || c.begin[i + 1] < c.begin[i] || c.begin[i + 1] > static_cast<int64_t>(c.origins))
      return OriginStatus::bad_origin;
    for (int64_t o = c.begin[i]; o < c.begin[i + 1]; ++o)
      if (c.at[o] < (o > c.begin[i] ? c.at[o - 1] : 0) || c.at[o] >= c.lengths[i]) return OriginStatus::bad_origin;
  }
  if (c.begin[0] != 0 || c.begin[c.series] != static_cast<int64_t>(c.origins)) return OriginStatus::bad_origin;
  for (size_t i = 0; i < c.origins * c.steps; ++i)
    if (c.ahead[i] < 1 || c.ahead[i] > static_cast<int64_t>(kMostSteps)) return OriginStatus::bad_step;
  return OriginStatus::ok;
}

// A zeroed record; null where there is no memory.
inline std::unique_ptr<double[]> new_record(const Shape& shape) {
  return std::unique_ptr<double[]>(new (std::nothrow) double[shape.bytes / sizeof(double)]());
}

constexpr size_t kTasksPerThread = 8;    // so that no thread waits long for the last one
constexpr size_t kRowsPerThread = 2'000;  // with fewer, starting a thread costs more than it brings

// Each task takes every so many-th series: the longest, which come first, are spread over all.
inline OriginStatus encode(const EncodeCall& call) {
  const Shape shape = shape_of(call.season, call.second);
  const size_t workers = std::min(call.threads, call.series * call.time / kRowsPerThread + 1);
  const size_t tasks = std::min(call.series, workers * kTasksPerThread);
  std::atomic<bool> memory{true};
  run_in_threads(tasks, workers, [&](size_t task) {
    const auto record = new_record(shape);
    if (record == nullptr) memory = false;
    for (size_t i = task; record != nullptr && i < call.series; i += tasks) {
      std::memset(record.get(), 0, shape.bytes);
      encode_series(call, shape, i, record.get());
    }
  });
  return memory ? OriginStatus::ok : OriginStatus::no_memory;
}

}  // namespace loopcast::causal
