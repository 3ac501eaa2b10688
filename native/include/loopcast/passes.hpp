// Both passes through a stack of layers, each in a file of its own: they take longest to compile.
#pragma once

#include "loopcast/kernels.hpp"
#include "loopcast/vector.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

void run_forward(const Forward& call, Runner runner);
void run_backward(const Backward& call, Runner runner);

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
