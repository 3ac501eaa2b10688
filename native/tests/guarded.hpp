// Memory that ends the program if anything is read or written beyond it, and the random numbers that fill it.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <initializer_list>
#include <random>

namespace loopcast {

// Floats between two guard pages, which end the program when touched: the first float lies right behind a guard page,
// or the last one right before one.
class Guarded {
 public:
  static inline bool first_at_guard = false;

  explicit Guarded(size_t count) : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    used_ = (count * sizeof(float) + page_ - 1) / page_ * page_;
    base_ = static_cast<char*>(mmap(nullptr, used_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    char* const begin = base_ + page_;
    if (base_ == MAP_FAILED || (used_ > 0 && mprotect(begin, used_, PROT_READ | PROT_WRITE) != 0)) std::abort();
    floats = first_at_guard ? reinterpret_cast<float*>(begin) : reinterpret_cast<float*>(begin + used_) - count;
    size = count;
    for (size_t i = 0; i < count; ++i) floats[i] = NAN;
  }
  Guarded(Guarded&& other) noexcept
      : floats(other.floats), size(other.size), page_(other.page_), used_(other.used_), base_(other.base_) {
    other.base_ = nullptr;
  }
  Guarded(const Guarded&) = delete;
  ~Guarded() {
    if (base_ != nullptr) munmap(base_, used_ + 2 * page_);
  }

  float* floats;
  size_t size;

 private:
  size_t page_, used_;
  char* base_;
};

inline std::mt19937 random_bits(7);

inline Guarded normal(size_t count, float deviation = 0.5f) {
  Guarded drawn(count);
  std::normal_distribution<float> draw(0.0f, deviation);
  for (size_t i = 0; i < count; ++i) drawn.floats[i] = draw(random_bits);
  return drawn;
}

template <class T>
T pick(std::initializer_list<T> choices) {
  return choices.begin()[random_bits() % choices.size()];
}

inline size_t one_of(std::initializer_list<size_t> sizes) { return pick(sizes); }

}  // namespace loopcast
