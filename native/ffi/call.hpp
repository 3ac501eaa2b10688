// What the XLA FFI targets have in common: the stack that a call names, read from its arguments and checked.
#pragma once

#include <limits>

#include "loopcast/kernels.hpp"
#include "reader.hpp"

namespace loopcast {

// A stack and the layers it points to; it must not be copied.
struct Call {
  Problem problem;
  Layer layers[kMaxDepth] = {};
  Head head = {};
  Stack stack = {};

  Call() = default;
  Call(const Call&) = delete;

  Layer& top() { return layers[stack.depth - 1]; }
  int64_t units(size_t l) const { return layers[l].units; }
  int64_t columns(size_t l) const { return gates_of(stack.cell) * layers[l].units; }
  int64_t batch() const { return stack.batch; }
  int64_t steps() const { return steps_out(stack); }
};

// Which arguments a call has, as its attributes say.
struct Flags {
  int32_t cell;
  bool masked, last_only, head;
};

// depth: as the number of arguments tells.
inline void begin(Call& call, const Flags& flags, size_t depth) {
  if (flags.cell < 0 || flags.cell >= kCells)
    call.problem.report("cell should be from 0 to " + std::to_string(kCells - 1) + ", got " +
                        std::to_string(flags.cell));
  if (depth < 1 || depth > kMaxDepth)
    call.problem.report("a stack should have 1 to " + std::to_string(kMaxDepth) + " layers, got " +
                        std::to_string(depth));
  call.stack = {static_cast<CellKind>(flags.cell), 0, 0, depth, call.layers, flags.head ? &call.head : nullptr,
                flags.masked, flags.last_only};
}

// How many layers so many arguments are for, besides `fixed` ones and the head's.
inline size_t depth_of(size_t arguments, size_t fixed, const Flags& flags) {
  fixed += flags.head ? 2 : 0;
  return arguments < fixed ? 0 : (arguments - fixed) / (3 + states_of(static_cast<CellKind>(flags.cell)));
}

// The sizes of a layer come from its kernel and its recurrent kernel.
inline void read_layer(Arguments& arguments, Call& call, size_t l, size_t inputs) {
  const auto shape = arguments.peek(2);
  if (call.problem.found()) return;
  const int64_t gates = gates_of(call.stack.cell), columns = shape[1];
  if (columns % gates != 0)
    call.problem.report("a kernel should have a multiple of " + std::to_string(gates) + " columns, got " +
                        std::to_string(columns));
  Layer& layer = call.layers[l];
  layer.inputs = inputs;
  layer.units = columns / gates;
  layer.kernel = arguments.floats({static_cast<int64_t>(inputs), columns});
  layer.recurrent_kernel = arguments.floats({call.units(l), columns});
  layer.bias = bias_rows_of(call.stack.cell) == 1 ? arguments.floats({columns}) : arguments.floats({2, columns});
}

// The weights of every layer, then of the head.
inline void read_weights(Arguments& arguments, Call& call, size_t inputs) {
  for (size_t l = 0; l < call.stack.depth && !call.problem.found(); ++l) {
    read_layer(arguments, call, l, inputs);
    inputs = call.layers[l].units;
  }
  if (call.stack.head == nullptr || call.problem.found()) return;
  const auto shape = arguments.peek(2);
  if (call.problem.found()) return;
  call.head.outputs = shape[1];
  call.head.kernel = arguments.floats({static_cast<int64_t>(inputs), shape[1]});
  call.head.bias = arguments.floats({shape[1]});
}

// a * b, or the largest number where that is too large: `kMost` of anything is refused later.
constexpr size_t kMost = std::numeric_limits<int64_t>::max() / 64;

inline size_t times(size_t a, size_t b) { return b != 0 && a > kMost / b ? kMost : a * b; }

// Floats that a stack's workspaces take at most, without overflow; kMost and more is refused.
inline bool too_large(const Stack& s, Problem& problem) {
  size_t widths = s.layers[0].inputs, weights = 0;
  const auto matrix = [&](size_t rows, size_t columns) { weights += times(8, times(columns + 64, rows + 64)); };
  for (size_t l = 0; l < s.depth; ++l) {
    widths += 8 * s.layers[l].units;
    matrix(s.layers[l].inputs + s.layers[l].units, s.layers[l].units);
  }
  if (s.head) {
    widths += s.head->outputs;
    matrix(s.layers[s.depth - 1].units, s.head->outputs);
  }
  const size_t steps = times(s.time + 2, times(s.batch + 16, 4 * (widths + 1)));
  if (steps >= kMost || weights >= kMost)
    problem.report("the stack is too large: batch " + std::to_string(s.batch) + ", time " + std::to_string(s.time) +
                   ", input " + std::to_string(s.layers[0].inputs));
  return problem.found();
}

}  // namespace loopcast
