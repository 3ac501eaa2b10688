// Spreads tasks over XLA's threads.
#pragma once

#include <algorithm>
#include <utility>

#include "inline_runner.hpp"
#include "thread_team.hpp"
#include "xla/ffi/api/ffi.h"

namespace loopcast {

constexpr size_t kWorkPerThread = 2'000'000;  // multiply-adds; with fewer, waking a thread costs more than it brings

inline size_t threads_for(void* self, size_t work) {
  const int64_t threads = static_cast<xla::ffi::ThreadPool*>(self)->num_threads();
  return std::min<size_t>(std::max<int64_t>(threads, 1), work / kWorkPerThread + 1);
}

inline void run_in_pool(void* self, size_t tasks, size_t work, Task task, void* context) {
  auto& pool = *static_cast<xla::ffi::ThreadPool*>(self);
  const size_t workers = std::min(tasks, threads_for(self, work));
  if (workers <= 1) {
    FlushDenormals flush;
    return kInlineRunner.run(nullptr, tasks, work, task, context);
  }
  // Never destroyed: its threads are XLA's, which may outlive the library's own data.
  static ThreadTeam& team = *new ThreadTeam;
  team.run(tasks, workers, task, context, [&pool](auto job) { pool.Schedule(std::move(job)); });
}

inline Runner pool_runner(xla::ffi::ThreadPool& pool) { return {&pool, run_in_pool, threads_for}; }

}  // namespace loopcast
