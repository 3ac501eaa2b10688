// What Python calls with ctypes, without XLA: sizes of workspaces, a forward pass, and what this library is.
// src/loopcast/kernels.py declares these functions, src/loopcast/nn/ctypes_step.py makes the forward pass.
#include <limits>

#include "inline_runner.hpp"
#include "layout.hpp"
#include "limits.hpp"
#include "processor.hpp"
#include "step.hpp"

namespace loopcast {
namespace {

enum class Workspace : int32_t { infer = 0, train = 1, backward = 2 };

bool in_range(int64_t size) { return 0 <= size && size <= std::numeric_limits<int32_t>::max(); }

// Reads a stack of which only the sizes are known: batch, time, inputs, then each layer's units.
bool read_sizes(Stack& stack, Layer* layers, const int64_t* sizes) {
  for (size_t i = 0; i < 3 + stack.depth; ++i)
    if (!in_range(sizes[i])) return false;
  stack.batch = sizes[0];
  stack.time = sizes[1];
  for (size_t l = 0; l < stack.depth; ++l) {
    layers[l].inputs = sizes[2 + l];
    layers[l].units = sizes[3 + l];
  }
  return !too_large(stack);
}

}  // namespace
}  // namespace loopcast

// The floats of a stack's workspace. sizes: batch, time, inputs, then each layer's units. outputs: the head's; negative
// for no head. -1 where the sizes are invalid or too large.
extern "C" int64_t loopcast_workspace(int32_t kind, int32_t cell, bool masked, bool last_only, int64_t outputs,
                                      const int64_t* sizes, int32_t depth) {
  using namespace loopcast;
  if (cell < 0 || cell >= kCells || depth < 1 || depth > static_cast<int32_t>(kMaxDepth)) return -1;
  if (outputs >= 0 && !in_range(outputs)) return -1;
  Layer layers[kMaxDepth] = {};
  const Head head = {static_cast<size_t>(outputs), nullptr, nullptr};
  Stack stack = {static_cast<CellKind>(cell), 0, 0, static_cast<size_t>(depth), layers, outputs >= 0 ? &head : nullptr,
                 masked, last_only};
  if (!read_sizes(stack, layers, sizes)) return -1;
  if (kind == static_cast<int32_t>(Workspace::backward)) return backward_workspace(stack);
  return forward_workspace(stack, kind == static_cast<int32_t>(Workspace::train));
}

// A forward pass in the calling thread. Returns a StepStatus; anything but 0, and nothing was computed.
extern "C" int32_t loopcast_step(const loopcast::StepCall* call) {
  const loopcast::StepStatus status = loopcast::check_step(call);
  if (status == loopcast::StepStatus::ok) {
    const loopcast::FlushDenormals flush;
    loopcast::kernels().forward(call->forward, loopcast::kInlineRunner);
  }
  return static_cast<int32_t>(status);
}

// What is wrong where loopcast_step returns this status; null if it returns no such status.
extern "C" const char* loopcast_step_message(int32_t status) { return loopcast::step_message(status); }

// The table of layout.hpp.
extern "C" const char* loopcast_layout() {
  static const std::string text = loopcast::layout_text();
  return text.c_str();
}

// The instruction set in use: "avx512", "avx2" or "plain".
extern "C" const char* loopcast_instructions() { return loopcast::kernels().name; }
