// The gradients by the weights: sums over steps and series of what `backward_group` left in the slots.
//
// Each group sums small gradients for itself, while its arrays are in the cache of the core that made them, and the
// groups' sums are added at the end. Large gradients are split into blocks of columns, and one task sums a block over
// all groups. The choice depends on the sizes alone, so results do not depend on the number of threads.
#pragma once

#include "loopcast/groups_backward.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// The groups that gradients are summed over, and where the sums are stored.
struct GradientSum {
  size_t first, groups;
  const LayerGradient* layers;
  HeadGradient head;
};

// A layer's gradients by the weights of some columns of one slot.
template <class Cell>
void layer_weights(const Backward& call, const GradientSum& to, size_t l, int slot, size_t first, size_t columns) {
  const Stack& s = call.stack;
  const GroupMemory m = group_memory(s, true, call.residuals, to.first);
  const LayerMemory& memory = m.layers[l];
  const LayerGradient& gradients = to.layers[l];
  const size_t units = s.layers[l].units, width = s.layers[l].inputs, row = Cell::kGates * units;
  const size_t stride = forward_group_floats(s, true), groups = to.groups;
  const Sequence dz = {memory.slots + (slot * units + first) * kLanes, memory.slot_step, stride};
  const Sequence inputs = l == 0 ? Sequence{m.inputs, width * kLanes, stride}
                                 : Sequence{m.layers[l - 1].h + m.layers[l - 1].h_step, width * kLanes, stride};
  const bool after_reset = slot < Cell::kResetProducts;
  const Sequence state = {after_reset ? memory.slots + Cell::kProducts * units * kLanes : memory.h,
                          after_reset ? memory.slot_step : memory.h_step, stride};
  const int in = Cell::input_gate[slot], rec = Cell::recurrent_gate[slot];
  if (in != kNoGate) gradient(gradients.kernel + in * units + first, row, inputs, width, dz, columns, s.time, groups);
  if (rec != kNoGate)
    gradient(gradients.recurrent_kernel + rec * units + first, row, state, units, dz, columns, s.time, groups);
  for (size_t c = 0; c < columns; ++c) {
    const float sum = gradient_of_bias({dz.data + c * kLanes, dz.step_stride, dz.group_stride}, s.time, groups);
    if (in != kNoGate) gradients.bias[in * units + first + c] = sum;
    if (Cell::kBiasRows == 2 && rec != kNoGate) gradients.bias[row + rec * units + first + c] = sum;
  }
}

// The head's gradients by the weights of some columns.
inline void head_weights(const Backward& call, const GradientSum& to, size_t first, size_t columns) {
  const Stack& s = call.stack;
  const LayerMemory top = group_memory(s, true, call.residuals, to.first).layers[s.depth - 1];
  const size_t outputs = s.head->outputs, steps = steps_out(s);
  const StridedPtr d_outputs = group_gradients(call, to.first).head;
  const Sequence h = {top.h + (s.time - steps + 1) * top.h_step, top.h_step, forward_group_floats(s, true)};
  const Sequence dz = {d_outputs.data + first * kLanes, outputs * kLanes, d_outputs.stride};
  gradient(to.head.kernel + first, outputs, h, s.layers[s.depth - 1].units, dz, columns, steps, to.groups);
  for (size_t c = 0; c < columns; ++c) {
    const Sequence column = {dz.data + c * kLanes, dz.step_stride, dz.group_stride};
    to.head.bias[first + c] = gradient_of_bias(column, steps, to.groups);
  }
}

// Few columns are split into small blocks, so that there are tasks for every thread; many into large ones, which read
// the inputs less often.
LOOPCAST_INLINE Blocks weight_blocks(size_t columns) {
  const Blocks blocks = split(columns, columns > 64 ? kTileColumns : 10);
  const size_t width = divide_up(blocks.width, kGradientColumns) * kGradientColumns;
  return {divide_up(columns, width), width};
}

// The number of tasks, one a block: layer by layer, slot by slot, the head last.
template <class Cell>
size_t weight_tasks(const Stack& s) {
  size_t tasks = s.head ? weight_blocks(s.head->outputs).count : 0;
  for (size_t l = 0; l < s.depth; ++l) tasks += Cell::kProducts * weight_blocks(s.layers[l].units).count;
  return tasks;
}

template <class Cell>
void weight_task(const Backward& call, size_t task) {
  const Stack& s = call.stack;
  const GradientSum all = {0, groups_of(s), call.layers, call.head};
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

// Calls f(array, floats) for every array of gradients by weights, in a fixed order.
template <class F>
void for_each_gradient(const Stack& s, LayerGradient* layers, HeadGradient& head, F f) {
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

// One group's own sums, in the workspace behind what all groups share.
inline float* group_weight_gradients(const Backward& call, size_t group) {
  const Stack& s = call.stack;
  return call.workspace + groups_of(s) * backward_group_floats(s) + backward_plan_floats(s) + group * weights_of(s);
}

// Sums the gradients over one group.
template <class Cell>
void group_weights(const Backward& call, size_t group) {
  const Stack& s = call.stack;
  LayerGradient layers[kMaxDepth] = {};
  GradientSum own = {group, 1, layers, {}};
  float* next = group_weight_gradients(call, group);
  for_each_gradient(s, layers, own.head, [&](float*& array, size_t floats) {
    array = next;
    next += floats;
  });
  const auto for_each_block = [](size_t columns, auto f) {
    for (size_t first = 0; first < columns; first += kTileColumns) f(first, smaller(kTileColumns, columns - first));
  };
  for (size_t l = 0; l < s.depth; ++l)
    for (int slot = 0; slot < Cell::kProducts; ++slot)
      for_each_block(s.layers[l].units, [&](size_t first, size_t columns) {
        layer_weights<Cell>(call, own, l, slot, first, columns);
      });
  if (s.head)
    for_each_block(s.head->outputs, [&](size_t first, size_t columns) { head_weights(call, own, first, columns); });
}

// Adds the groups' sums, in their order.
inline void sum_groups(const Backward& call) {
  const Stack& s = call.stack;
  const size_t stride = weights_of(s);
  const float* from = group_weight_gradients(call, 0);
  LayerGradient layers[kMaxDepth];
  for (size_t l = 0; l < s.depth; ++l) layers[l] = call.layers[l];
  HeadGradient head = call.head;
  for_each_gradient(s, layers, head, [&](float*& to, size_t floats) {
    for (size_t i = 0; i < floats; ++i) to[i] = 0.0f;
    for (size_t g = 0; g < groups_of(s); ++g)
      for (size_t i = 0; i < floats; ++i) to[i] += from[g * stride + i];
    from += floats;
  });
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
