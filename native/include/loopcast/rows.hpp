// A stack of layers over a few series, forward: too few series fill a vector, so the units are the lanes.
//
// Everything of a series is [step][slot][unit], the units padded with zeros to whole vectors (`padded`). The cells'
// arithmetic is the same as for groups: a slot has a padded row of floats instead of units * kLanes.
#pragma once

#include "loopcast/row_product.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// One layer's arrays in a series' workspace, and the floats from one step to the next.
struct RowLayer {
  float *h, *c, *slots;  // h and c begin with the state before the first step
  size_t h_step, c_step, slot_step;
  bool kept;  // whether there are slots of every step, else of kRowChunk
};

struct RowMemory {
  float* inputs;  // [step][input]
  int32_t* mask;  // [step], 0 where the state is held; null if all steps are observed
  RowLayer layers[kMaxDepth];
  float* outputs;  // of the head at one step, padded
};

inline RowMemory row_memory(const Stack& s, bool training, float* workspace, size_t series) {
  float* next = workspace + series * row_series_floats(s, training);
  const auto allocate = [&next](size_t floats) {
    float* const begin = next;
    next += floats;
    return begin;
  };
  RowMemory memory;
  memory.inputs = allocate(s.time * s.layers[0].inputs);
  memory.mask = s.masked ? reinterpret_cast<int32_t*>(allocate(s.time)) : nullptr;
  for (size_t l = 0; l < s.depth; ++l) {
    const size_t size = padded(s.layers[l].units), slots = slots_of(s.cell) * size;
    RowLayer& layer = memory.layers[l];
    layer.h_step = size;
    layer.c_step = training ? size : 0;
    layer.slot_step = slots;
    layer.kept = training;
    layer.h = allocate((s.time + 1) * size);
    layer.c = allocate(states_of(s.cell) == 2 ? (training ? s.time + 1 : 1) * size : 0);
    layer.slots = allocate(row_slot_steps(s, training) * slots);
  }
  memory.outputs = allocate(s.head ? padded(s.head->outputs) : 0);
  return memory;
}

// The mask of one step for `for_each_vec`, the same in every lane.
alignas(64) constexpr int32_t kMasked[kLanes] = {};
LOOPCAST_INLINE const int32_t* mask_at(const int32_t* mask, size_t t) {
  return mask == nullptr || mask[t] != 0 ? nullptr : kMasked;
}

inline void copy_padded(float* to, const float* from, size_t units) {
  for (size_t i = 0; i < padded(units); ++i) to[i] = i < units ? from[i] : 0.0f;
}

// Masked inputs become zero: NaN times a gradient of zero would still be NaN.
inline void load_series(const Forward& call, const RowMemory& m, size_t series) {
  const Stack& s = call.stack;
  const size_t width = s.layers[0].inputs;
  const float* const from = call.inputs + series * s.time * width;
  for (size_t t = 0; t < s.time; ++t) {
    const bool observed = !s.masked || call.observed[series * s.time + t] != 0;
    if (s.masked) m.mask[t] = observed;
    for (size_t i = 0; i < width; ++i) m.inputs[t * width + i] = observed ? from[t * width + i] : 0.0f;
  }
}

template <class Cell>
struct RowPlan {
  RowMatrix kernel, recurrent;
  const float* bias;  // [slot][padded unit]; forward only
};

template <class Cell>
void plan_rows(RowPlan<Cell>& plan, const Layer& layer, float*& to) {
  plan.kernel = pad_weights(layer.kernel, layer.inputs, Cell::kGates, layer.units, to);
  plan.recurrent = pad_weights(layer.recurrent_kernel, layer.units, Cell::kGates, layer.units, to);
}

template <class Cell>
void plan_row_bias(RowPlan<Cell>& plan, const Layer& layer, float*& to) {
  const size_t units = layer.units, size = padded(units);
  plan.bias = to;
  for (int s = 0; s < Cell::kProducts; ++s, to += size)
    for (size_t unit = 0; unit < size; ++unit) to[unit] = unit < units ? slot_bias<Cell>(layer, s, unit) : 0.0f;
}

// The head's weights, and its bias padded (read by forward only).
struct RowHead {
  RowMatrix kernel;
  const float* bias;
};

inline RowHead plan_row_head(const Stack& s, float*& to) {
  if (s.head == nullptr) return {};
  const size_t outputs = s.head->outputs;
  const RowHead head = {pad_weights(s.head->kernel, s.layers[s.depth - 1].units, 1, outputs, to), to};
  if (s.head->bias != nullptr) copy_padded(to, s.head->bias, outputs);
  to += padded(outputs);
  return head;
}

// Writes a series' outputs: those of all steps, or of the last.
inline void store_outputs(const Forward& call, const RowMemory& m, const RowHead& head, size_t series) {
  const Stack& s = call.stack;
  const RowLayer& top = m.layers[s.depth - 1];
  const size_t width = outputs_of(s), steps = steps_out(s);
  for (size_t t = 0; t < steps; ++t) {
    const float* const h = top.h + (s.time - steps + t + 1) * top.h_step;
    if (s.head != nullptr)
      row_product(m.outputs, head.bias, padded(width), head.kernel, 0, h);
    copy(call.outputs + (series * steps + t) * width, s.head != nullptr ? m.outputs : h, width);
  }
}

// How many slots from `first` on are products with gates that lie side by side. They are computed as one product of
// more columns: more sums are under way at once, which hides the latency of an addition.
template <int N>
LOOPCAST_INLINE int adjacent_gates(const int (&gates)[N], int first, int end) {
  int next = first + 1;
  while (next < end && gates[first] != kNoGate && gates[next] == gates[next - 1] + 1) ++next;
  return next - first;
}

// What does not depend on the state, of all slots of `steps` steps: each weight is read once for several of them.
template <class Cell>
LOOPCAST_INLINE void row_starts(const RowPlan<Cell>& plan, Rows slots, ConstRows inputs, size_t size, size_t steps) {
  for (int slot = 0, count; slot < Cell::kProducts; slot += count) {
    count = adjacent_gates(Cell::input_gate, slot, Cell::kProducts);
    const int gate = Cell::input_gate[slot];
    const Rows to = {slots.data + slot * size, slots.step};
    const float* const bias = plan.bias + slot * size;
    if (gate == kNoGate)
      for (size_t t = 0; t < steps; ++t) copy(to.at(t), bias, size);
    else
      row_product(to, {bias, 0}, count * size, plan.kernel, gate, inputs, steps);
  }
}

// Adds the products of the slots from `first` to `end` with the state: h, or r h where they take that in its place.
template <class Cell>
LOOPCAST_INLINE void add_products(const RowPlan<Cell>& plan, int first, int end, float* slots, size_t size,
                                  const float* state) {
  for (int slot = first, count; slot < end; slot += count) {
    count = adjacent_gates(Cell::recurrent_gate, slot, end);
    const int gate = Cell::recurrent_gate[slot];
    float* const sums = slots + slot * size;
    if (gate != kNoGate) row_product(sums, sums, count * size, plan.recurrent, gate, state);
  }
}

// All steps of one layer; step t's inputs are those at `t`.
template <class Cell>
LOOPCAST_INLINE void forward_row_layer(const RowPlan<Cell>& plan, const RowLayer& layer, ConstRows inputs,
                                       const int32_t* mask, size_t size, size_t steps) {
  for (size_t t = 0; t < steps; ++t) {
    const size_t within = t % kRowChunk;
    float* const slots = layer.slots + (layer.kept ? t : within) * layer.slot_step;
    if (within == 0)
      row_starts(plan, {slots, layer.slot_step}, {inputs.at(t), inputs.step}, size, smaller(kRowChunk, steps - t));
    float *const h = layer.h + t * layer.h_step, *const c = layer.c + t * layer.c_step;
    const ForwardStep step = {size, slots, h, c, h + layer.h_step, c + layer.c_step, mask_at(mask, t)};
    add_products(plan, Cell::kResetProducts, Cell::kProducts, slots, size, h);
    if constexpr (Cell::kResetProducts > 0) {
      Cell::forward_reset(step);
      add_products(plan, 0, Cell::kResetProducts, slots, size, slots + Cell::kProducts * size);
    }
    Cell::forward(step);
  }
}

template <class Cell>
void forward_series(const Forward& call, const RowPlan<Cell>* plans, const RowHead& head, size_t series) {
  const Stack& s = call.stack;
  const RowMemory m = row_memory(s, call.training, call.workspace, series);
  load_series(call, m, series);
  ConstRows inputs = {m.inputs, s.layers[0].inputs};
  for (size_t l = 0; l < s.depth; ++l) {
    const RowLayer& layer = m.layers[l];
    const size_t units = s.layers[l].units;
    copy_padded(layer.h, s.layers[l].state[0] + series * units, units);
    if (Cell::kStates == 2) copy_padded(layer.c, s.layers[l].state[1] + series * units, units);
    forward_row_layer(plans[l], layer, inputs, m.mask, padded(units), s.time);
    copy(s.layers[l].final_state[0] + series * units, layer.h + s.time * layer.h_step, units);
    if (Cell::kStates == 2)
      copy(s.layers[l].final_state[1] + series * units, layer.c + s.time * layer.c_step, units);
    inputs = {layer.h + layer.h_step, layer.h_step};
  }
  store_outputs(call, m, head, series);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
