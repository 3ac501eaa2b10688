// Spreads tasks over threads that live as long as the call: for calls from outside XLA, which has a pool of its own.
#pragma once

#include <algorithm>
#include <system_error>
#include <thread>
#include <vector>

#include "thread_team.hpp"

namespace loopcast {

// Calls f(index) for every index < tasks, on the caller and on workers - 1 threads, or on fewer where the system has no
// more.
template <class F>
void run_in_threads(size_t tasks, size_t workers, const F& f) {
  Batch batch(tasks, [](void* at, size_t index) { (*static_cast<const F*>(at))(index); }, const_cast<F*>(&f));
  std::vector<std::thread> others;
  for (size_t i = 1; i < std::min(workers, tasks); ++i) {
    try {
      others.emplace_back([&batch] { batch.work(); });
    } catch (const std::system_error&) {
      break;
    }
  }
  batch.work();
  for (std::thread& other : others) other.join();
}

}  // namespace loopcast
