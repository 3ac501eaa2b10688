// The processor's own registers: how it treats denormal numbers, and a pause while waiting.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
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

// Tells the processor that this thread waits in a loop.
inline void pause_thread() {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace loopcast
