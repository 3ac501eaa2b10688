// Spreads tasks over XLA's threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "loopcast/kernels.hpp"
#include "xla/ffi/api/ffi.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace loopcast {

// Denormal numbers become zero while this lives, so that a result does not depend on the thread that found it.
class FlushDenormals {
 public:
  FlushDenormals() : before_(get()) { set(before_ | kFlush); }
  ~FlushDenormals() { set(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__SSE2__)
  using Register = unsigned int;
  static constexpr Register kFlush = 0x8040;  // flush to zero, denormals are zero
  static Register get() { return _mm_getcsr(); }
  static void set(Register value) { _mm_setcsr(value); }
#elif defined(__aarch64__)
  using Register = unsigned long;
  static constexpr Register kFlush = 1ul << 24;
  static Register get() {
    Register value;
    asm volatile("mrs %0, fpcr" : "=r"(value));
    return value;
  }
  static void set(Register value) { asm volatile("msr fpcr, %0" : : "r"(value)); }
#else
  using Register = int;
  static constexpr Register kFlush = 0;
  static Register get() { return 0; }
  static void set(Register) {}
#endif
  Register before_;
};

using Task = void (*)(void* context, size_t index);

// Tasks that any thread may take in turn. Threads that come too late find none and leave, so the caller, who
// takes tasks too, waits only for those that have been taken: a busy pool cannot hold it up for ever.
class Batch {
 public:
  Batch(size_t tasks, Task task, void* context) : tasks_(tasks), task_(task), context_(context) {}

  void work() {
    FlushDenormals flush;
    size_t done = 0;
    for (size_t i = next_++; i < tasks_; i = next_++, ++done) task_(context_, i);
    if (done == 0) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    done_ += done;
    if (done_ == tasks_) finished_.notify_all();
  }

  void wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    finished_.wait(lock, [this] { return done_ == tasks_; });
  }

 private:
  const size_t tasks_;
  const Task task_;
  void* const context_;
  std::atomic<size_t> next_{0};
  size_t done_ = 0;
  std::mutex mutex_;
  std::condition_variable finished_;
};

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
    for (size_t i = 0; i < tasks; ++i) task(context, i);
    return;
  }
  const auto batch = std::make_shared<Batch>(tasks, task, context);
  for (size_t i = 1; i < workers; ++i) pool.Schedule([batch] { batch->work(); });
  batch->work();
  batch->wait();
}

}  // namespace loopcast
