// The gradients by the weights: a product over steps and series of what `backward_group` left.
//
// Small ones each group computes for itself while its arrays are in the cache of the core that made them, and they
// are added up at the end; large ones are cut into blocks of columns, each a task that goes through all groups.
// Which of both depends on the sizes alone, so results do not depend on the threads.
#pragma once

#include "loopcast/stack.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// Which groups a gradient is summed over, and where it goes.
struct Summed {
  size_t first, groups;
  const LayerGradient* layers;
  HeadGradient head;
};

// What a few columns of one slot give a layer.
template <class Cell>
void layer_weights(const Backward& call, const Summed& to, size_t l, int slot, size_t first, size_t columns) {
  const Stack& s = call.stack;
  const GroupMemory m = group_memory(s, true, call.residuals, to.first);
  const LayerMemory& memory = m.layers[l];
  const LayerGradient& gradients = to.layers[l];
  const size_t units = s.layers[l].units, width = s.layers[l].inputs, row = Cell::kGates * units;
  const size_t group = forward_group_floats(s, true), groups = to.groups;
  const Series dz = {memory.slots + (slot * units + first) * kLanes, memory.slot_step, group};
  const Series below = l == 0 ? Series{m.inputs, width * kLanes, group}
                              : Series{m.layers[l - 1].h + m.layers[l - 1].h_step, width * kLanes, group};
  const bool late = slot < Cell::kLate;
  const Series before = {late ? memory.slots + Cell::kProducts * units * kLanes : memory.h,
                         late ? memory.slot_step : memory.h_step, group};
  const int in = Cell::input_gate[slot], rec = Cell::recurrent_gate[slot];
  if (in != kNone) gradient(gradients.kernel + in * units + first, row, below, width, dz, columns, s.time, groups);
  if (rec != kNone)
    gradient(gradients.recurrent_kernel + rec * units + first, row, before, units, dz, columns, s.time, groups);
  for (size_t c = 0; c < columns; ++c) {
    const float sum = gradient_of_bias({dz.at + c * kLanes, dz.step, dz.group}, s.time, groups);
    if (in != kNone) gradients.bias[in * units + first + c] = sum;
    if (Cell::kBiasRows == 2 && rec != kNone) gradients.bias[row + rec * units + first + c] = sum;
  }
}

// What a few columns give the head.
inline void head_weights(const Backward& call, const Summed& to, size_t first, size_t columns) {
  const Stack& s = call.stack;
  const LayerMemory top = group_memory(s, true, call.residuals, to.first).layers[s.depth - 1];
  const size_t outputs = s.head->outputs, steps = steps_out(s);
  const Each by_outputs = backward_memory(call, to.first).head;
  const Series h = {top.h + (s.time - steps + 1) * top.h_step, top.h_step, forward_group_floats(s, true)};
  const Series dz = {by_outputs.at + first * kLanes, outputs * kLanes, by_outputs.apart};
  gradient(to.head.kernel + first, outputs, h, s.layers[s.depth - 1].units, dz, columns, steps, to.groups);
  for (size_t c = 0; c < columns; ++c)
    to.head.bias[first + c] = gradient_of_bias({dz.at + c * kLanes, dz.step, dz.group}, steps, to.groups);
}

// Few units make small blocks, so that there are tasks for every thread; many make large ones, which read the
// inputs less often.
LOOPCAST_INLINE Blocks weight_blocks(size_t columns) {
  const Blocks blocks = cut(columns, columns > 64 ? kTileColumns : 10);
  const size_t width = divide_up(blocks.width, kGradientColumns) * kGradientColumns;
  return {divide_up(columns, width), width};
}

// Tasks come layer by layer, slot by slot, the head last.
template <class Cell>
size_t weight_tasks(const Stack& s) {
  size_t tasks = s.head ? weight_blocks(s.head->outputs).count : 0;
  for (size_t l = 0; l < s.depth; ++l) tasks += Cell::kProducts * weight_blocks(s.layers[l].units).count;
  return tasks;
}

template <class Cell>
void weight_task(const Backward& call, size_t task) {
  const Stack& s = call.stack;
  const Summed all = {0, groups_of(s), call.layers, call.head};
  for (size_t l = 0; l < s.depth; ++l) {
    const size_t units = s.layers[l].units;
    const Blocks blocks = weight_blocks(units);
    if (task < Cell::kProducts * blocks.count) {
      const size_t first = task % blocks.count * blocks.width;
      return layer_weights<Cell>(call, all, l, static_cast<int>(task / blocks.count), first,
                                 smaller(blocks.width, units - first));
    }
    task -= Cell::kProducts * blocks.count;
  }
  const Blocks blocks = weight_blocks(s.head->outputs);
  const size_t first = task * blocks.width;
  head_weights(call, all, first, smaller(blocks.width, s.head->outputs - first));
}

// Calls f(array, floats) for every array of gradients by weights, always in the same order.
template <class F>
void each_gradient(const Stack& s, LayerGradient* layers, HeadGradient& head, F f) {
  for (size_t l = 0; l < s.depth; ++l) {
    const size_t columns = gates_of(s.cell) * s.layers[l].units;
    f(layers[l].kernel, s.layers[l].inputs * columns);
    f(layers[l].recurrent_kernel, s.layers[l].units * columns);
    f(layers[l].bias, bias_rows_of(s.cell) * columns);
  }
  if (s.head == nullptr) return;
  f(head.kernel, s.layers[s.depth - 1].units * s.head->outputs);
  f(head.bias, s.head->outputs);
}

// One group's own gradients, in the workspace behind what all groups share.
inline float* own_gradients(const Backward& call, size_t group) {
  const Stack& s = call.stack;
  return call.workspace + groups_of(s) * backward_group_floats(s) + backward_plan_floats(s) + group * weights_of(s);
}

template <class Cell>
void group_weights(const Backward& call, size_t group) {
  const Stack& s = call.stack;
  LayerGradient layers[kMaxDepth] = {};
  Summed own = {group, 1, layers, {}};
  float* at = own_gradients(call, group);
  each_gradient(s, layers, own.head, [&](float*& array, size_t floats) {
    array = at;
    at += floats;
  });
  const auto blocks = [](size_t columns, auto f) {
    for (size_t first = 0; first < columns; first += kTileColumns) f(first, smaller(kTileColumns, columns - first));
  };
  for (size_t l = 0; l < s.depth; ++l)
    for (int slot = 0; slot < Cell::kProducts; ++slot)
      blocks(s.layers[l].units, [&](size_t first, size_t columns) {
        layer_weights<Cell>(call, own, l, slot, first, columns);
      });
  if (s.head) blocks(s.head->outputs, [&](size_t first, size_t columns) { head_weights(call, own, first, columns); });
}

inline void add_up_groups(const Backward& call) {
  const Stack& s = call.stack;
  const size_t apart = weights_of(s);
  const float* from = own_gradients(call, 0);
  LayerGradient layers[kMaxDepth];
  for (size_t l = 0; l < s.depth; ++l) layers[l] = call.layers[l];
  HeadGradient head = call.head;
  each_gradient(s, layers, head, [&](float*& to, size_t floats) {
    for (size_t i = 0; i < floats; ++i) to[i] = 0.0f;
    for (size_t g = 0; g < groups_of(s); ++g)
      for (size_t i = 0; i < floats; ++i) to[i] += from[g * apart + i];
    from += floats;
  });
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
