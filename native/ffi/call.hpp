// What the XLA FFI targets of recurrent layers have in common: the stack of a call, read from its arguments and
// checked.
#pragma once

#include "limits.hpp"
#include "loopcast/kernels.hpp"
#include "reader.hpp"

namespace loopcast {

// A stack and the layers and head it points to; it must not be copied.
struct Call {
  Status status;
  Layer layers[kMaxDepth] = {};
  Head head = {};
  Stack stack = {};

  Call() = default;
  Call(const Call&) = delete;

  int64_t units(size_t l) const { return layers[l].units; }
  int64_t columns(size_t l) const { return gates_of(stack.cell) * layers[l].units; }
  int64_t batch() const { return stack.batch; }
  int64_t steps() const { return steps_out(stack); }
};

// The attributes that say which arguments a call has.
struct Flags {
  int32_t cell;
  bool masked, last_only, head;
};

inline void init_stack(Call& call, const Flags& flags, size_t depth) {
  if (flags.cell < 0 || flags.cell >= kCells)
    call.status.fail("cell should be from 0 to " + std::to_string(kCells - 1) + ", got " + std::to_string(flags.cell));
  if (depth < 1 || depth > kMaxDepth)
    call.status.fail("a stack should have 1 to " + std::to_string(kMaxDepth) + " layers, got " +
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
  if (call.status.failed()) return;
  const int64_t gates = gates_of(call.stack.cell), columns = shape[1];
  if (columns % gates != 0)
    call.status.fail("a kernel should have a multiple of " + std::to_string(gates) + " columns, got " +
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
  for (size_t l = 0; l < call.stack.depth && !call.status.failed(); ++l) {
    read_layer(arguments, call, l, inputs);
    inputs = call.layers[l].units;
  }
  if (call.stack.head == nullptr || call.status.failed()) return;
  const auto shape = arguments.peek(2);
  if (call.status.failed()) return;
  call.head.outputs = shape[1];
  call.head.kernel = arguments.floats({static_cast<int64_t>(inputs), shape[1]});
  call.head.bias = arguments.floats({shape[1]});
}

// Whether the call has failed so far, or fails because its sizes are too large.
inline bool failed_or_too_large(Call& call) {
  if (call.status.failed()) return true;
  const Stack& s = call.stack;
  if (too_large(s))
    call.status.fail("the stack is too large: batch " + std::to_string(s.batch) + ", time " + std::to_string(s.time) +
                     ", input " + std::to_string(s.layers[0].inputs));
  return call.status.failed();
}

}  // namespace loopcast
