// How the operating system lays out memory that is about to be written for the first time.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace loopcast {

constexpr size_t kLargePage = size_t{1} << 21;

// Asks for large pages where a buffer spans several. A fresh one of small pages takes as long to enter, page by page,
// as the kernels take to fill it. It is only a hint: nothing depends on whether the system follows it.
inline void prefer_large_pages(void* at, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (bytes < 2 * kLargePage) return;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(at) + kLargePage - 1) / kLargePage * kLargePage;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(at) + bytes) / kLargePage * kLargePage;
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#else
  (void)at, (void)bytes;
#endif
}

}  // namespace loopcast
