// Runs every task in the calling thread.
#pragma once

#include "loopcast/kernels.hpp"

namespace loopcast {

constexpr Runner kInlineRunner = {nullptr,
                                  [](void*, size_t tasks, size_t, void (*task)(void*, size_t), void* context) {
                                    for (size_t i = 0; i < tasks; ++i) task(context, i);
                                  },
                                  [](void*, size_t) -> size_t { return 1; }};

}  // namespace loopcast
