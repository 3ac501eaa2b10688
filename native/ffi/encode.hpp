// Checks a call of the causal encoder, and spreads its series over threads.
#pragma once

#include <cstring>
#include <memory>
#include <new>

#include "loopcast/causal.hpp"
#include "own_threads.hpp"

namespace loopcast::causal {

enum class EncodeStatus : int32_t { ok = 0, no_call, bad_season, bad_length, bad_origin, bad_step, no_memory };

// What a status says is wrong; null for any other number.
inline const char* encode_message(int32_t status) {
  switch (static_cast<EncodeStatus>(status)) {
    case EncodeStatus::ok: return "nothing is wrong";
    case EncodeStatus::no_call: return "there is no call, or one of its pointers is null";
    case EncodeStatus::bad_season: return "a season is out of range";
    case EncodeStatus::bad_length: return "a series' length is out of range";
    case EncodeStatus::bad_origin: return "a row that is forecast from lies after the end of its series";
    case EncodeStatus::bad_step: return "a step ahead is out of range";
    case EncodeStatus::no_memory: return "there is not enough memory";
  }
  return nullptr;
}

inline bool season_fits(size_t season, size_t second) {
  return season >= 1 && season <= kMostSteps && second <= kMostSteps;
}

inline EncodeStatus check_encode(const EncodeCall* call) {
  if (call == nullptr) return EncodeStatus::no_call;
  const EncodeCall& c = *call;
  for (const void* array : {static_cast<const void*>(c.values), static_cast<const void*>(c.lengths),
                            static_cast<const void*>(c.at), static_cast<const void*>(c.ahead),
                            static_cast<const void*>(c.inputs), static_cast<const void*>(c.base),
                            static_cast<const void*>(c.scale), static_cast<const void*>(c.candidates),
                            static_cast<const void*>(c.codes), static_cast<const void*>(c.curved),
                            static_cast<const void*>(c.unit), static_cast<const void*>(c.first),
                            static_cast<const void*>(c.usual)})
    if (array == nullptr) return EncodeStatus::no_call;
  if (!season_fits(c.season, c.second)) return EncodeStatus::bad_season;
  for (size_t i = 0; i < c.series; ++i) {
    if (c.lengths[i] < 1 || c.lengths[i] > static_cast<int64_t>(c.time)) return EncodeStatus::bad_length;
    for (size_t o = 0; o < c.origins; ++o)
      if (c.at[i * c.origins + o] >= c.lengths[i]) return EncodeStatus::bad_origin;
  }
  for (size_t i = 0; i < c.series * c.origins * c.steps; ++i)
    if (c.ahead[i] < 1 || c.ahead[i] > static_cast<int64_t>(kMostSteps)) return EncodeStatus::bad_step;
  return EncodeStatus::ok;
}

// A zeroed record; null where there is no memory.
inline std::unique_ptr<double[]> new_record(const Shape& shape) {
  return std::unique_ptr<double[]>(new (std::nothrow) double[shape.bytes / sizeof(double)]());
}

constexpr size_t kTasksPerThread = 8;       // so that no thread waits long for the last one
constexpr size_t kRowsPerThread = 2'000;    // with fewer, starting a thread costs more than it brings

// Each task takes every so many-th series: the longest, which come first, are spread over all.
inline EncodeStatus encode(const EncodeCall& call) {
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
  return memory ? EncodeStatus::ok : EncodeStatus::no_memory;
}

}  // namespace loopcast::causal
