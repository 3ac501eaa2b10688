// Spreads tasks over the threads of a pool that belongs to someone else.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "processor.hpp"

namespace loopcast {

using Task = void (*)(void* context, size_t index);

// A thread that waits in a loop costs power but answers at once; a sleeping thread takes some 100 microseconds to wake,
// as long as a small network's whole pass.
constexpr std::chrono::microseconds kMaxSpin{150};
// After so many batches a thread goes back to its pool, where other work may be waiting.
constexpr int kMaxBatchesPerThread = 64;

// Asks ready() again and again, but no longer than kMaxSpin. Returns its last answer.
template <class F>
bool spin_wait(F ready) {
  const auto end = std::chrono::steady_clock::now() + kMaxSpin;
  while (!ready()) {
    if (std::chrono::steady_clock::now() > end) return ready();
    pause_thread();
  }
  return true;
}

// Tasks that any thread may take in turn. A thread that comes too late finds none and leaves. The caller takes tasks
// too and waits only for those that other threads have taken, so a busy pool cannot hold it up for ever.
class Batch {
 public:
  Batch(size_t tasks, Task task, void* context) : tasks_(tasks), task_(task), context_(context) {}

  void work() {
    FlushDenormals flush;
    size_t done = 0;
    for (size_t i = next_++; i < tasks_; i = next_++, ++done) task_(context_, i);
    if (done == 0 || (done_ += done) < tasks_) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    finished_.notify_all();
  }

  void wait() {
    const auto ready = [this] { return done_ == tasks_; };
    if (spin_wait(ready)) return;
    std::unique_lock<std::mutex> lock(mutex_);
    finished_.wait(lock, ready);
  }

 private:
  const size_t tasks_;
  const Task task_;
  void* const context_;
  std::atomic<size_t> next_{0}, done_{0};
  std::mutex mutex_;
  std::condition_variable finished_;
};

// Threads that wait a moment after a batch for the next one. If one leaves just as a batch comes, others do its tasks.
class ThreadTeam {
 public:
  // Runs task(context, i) for every i < tasks on the caller and on workers - 1 threads. Threads that are not waiting
  // here are called with schedule(job).
  template <class Schedule>
  void run(size_t tasks, size_t workers, Task task, void* context, Schedule schedule) {
    const auto batch = std::make_shared<Batch>(tasks, task, context);
    const auto [number, waiting] = post(batch);
    for (size_t i = 1 + waiting; i < workers; ++i)
      schedule([this, batch, number = number] { serve(batch, number); });
    batch->work();
    batch->wait();
  }

 private:
  struct Posted {
    size_t number, waiting;
  };

  Posted post(const std::shared_ptr<Batch>& batch) {
    const std::lock_guard<std::mutex> lock(mutex_);
    latest_ = batch;
    return {++number_, waiting_};
  }

  void serve(std::shared_ptr<Batch> batch, size_t number) {
    for (int batches = 0; batch != nullptr; ++batches) {
      batch->work();
      batch = batches < kMaxBatchesPerThread ? wait_for_next(number) : nullptr;
    }
  }

  // The latest batch after this number; null if none comes in time.
  std::shared_ptr<Batch> wait_for_next(size_t& number) {
    ++waiting_;
    const bool posted = spin_wait([&] { return number_ != number; });
    --waiting_;
    if (!posted) return nullptr;
    const std::lock_guard<std::mutex> lock(mutex_);
    number = number_;
    return latest_;
  }

  std::mutex mutex_;
  std::shared_ptr<Batch> latest_;
  std::atomic<size_t> number_{0}, waiting_{0};
};

}  // namespace loopcast
