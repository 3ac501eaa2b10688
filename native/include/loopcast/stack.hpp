// A stack of layers over a sequence, forward and back, one group of series at a time.
//
// Within a group everything stays [step][number][lane]; series are transposed once on their way in and once on their
// way out, not between layers.
#pragma once

#include "loopcast/plan.hpp"
#include "loopcast/transpose.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// The series of one group.
struct Members {
  size_t first, count;
};

LOOPCAST_INLINE Members members_of(const Stack& s, size_t group) {
  const size_t first = group * kLanes;
  return {first, smaller(kLanes, s.batch - first)};
}

// One layer's arrays in a group's workspace, and how far apart two steps of each lie.
struct LayerMemory {
  float *h, *c, *slots;  // h and c begin with the state before the first step
  size_t h_step, c_step, slot_step;
};

struct GroupMemory {
  float* inputs;       // [step][input][lane]
  int32_t* keep;       // [step][lane], or null
  LayerMemory layers[kMaxDepth];
};

inline GroupMemory group_memory(const Stack& s, bool training, float* workspace, size_t group) {
  const size_t steps = chunk_of(s, training);
  float* at = workspace + group * forward_group_floats(s, training);
  const auto take = [&at](size_t floats) {
    float* const taken = at;
    at += floats;
    return taken;
  };
  GroupMemory memory;
  memory.inputs = take(steps * s.layers[0].inputs * kLanes);
  memory.keep = s.masked ? reinterpret_cast<int32_t*>(take(steps * kLanes)) : nullptr;
  for (size_t l = 0; l < s.depth; ++l) {
    const size_t size = s.layers[l].units * kLanes, slots = slots_of(s.cell) * size;
    const bool has_c = states_of(s.cell) == 2;
    LayerMemory& layer = memory.layers[l];
    layer.h_step = size;
    layer.c_step = training ? size : 0;
    layer.slot_step = training ? slots : 0;
    layer.h = take((steps + 1) * size);
    layer.c = take(has_c ? (training ? steps + 1 : 1) * size : 0);
    layer.slots = take(training ? steps * slots : slots);
  }
  return memory;
}

inline void load_keep(int32_t* keep, const uint8_t* observed, size_t stride, size_t lanes, size_t steps) {
  for (size_t t = 0; t < steps; ++t)
    for (size_t lane = 0; lane < kLanes; ++lane)
      keep[t * kLanes + lane] = lane < lanes && observed[lane * stride + t] == 0 ? 0 : -1;
}

// What stands at masked steps may be NaN, which times a gradient of zero would still be NaN.
inline void clear_masked(float* inputs, const int32_t* keep, size_t width, size_t steps) {
  const Part zero = {};
  for (size_t t = 0; t < steps; ++t, inputs += width * kLanes)
    each_vector(width * kLanes, keep + t * kLanes,
                [&](size_t at, auto kept) { store(inputs + at, kept(load(inputs + at), zero)); });
}

template <class Cell>
void forward_layer(const ForwardPlan<Cell>& plan, const LayerMemory& m, const float* inputs, size_t width,
                   size_t units, const int32_t* keep, size_t steps) {
  const size_t size = units * kLanes;
  for (size_t t = 0; t < steps; ++t) {
    const float* const x = inputs + t * width * kLanes;
    float *const h = m.h + t * m.h_step, *const c = m.c + t * m.c_step, *const slots = m.slots + t * m.slot_step;
    for (int s = 0; s < Cell::kProducts; ++s)
      product(slots + s * size, units, FromBias{plan.bias + s * units}, plan.input[s], x, plan.recurrent[s], h);
    Cell::advance({size, slots, h, c, h + m.h_step, c + m.c_step, keep ? keep + t * kLanes : nullptr});
  }
}

template <class Cell>
void forward_group(const Forward& call, const ForwardPlan<Cell>* plans, size_t group) {
  const Stack& s = call.stack;
  const Members members = members_of(s, group);
  const GroupMemory m = group_memory(s, call.training, call.workspace, group);
  const size_t chunk = chunk_of(s, call.training), width = s.layers[0].inputs, top = s.depth - 1;
  const size_t out_units = s.layers[top].units, out_steps = s.last_only ? smaller(s.time, 1) : s.time;
  for (size_t l = 0; l < s.depth; ++l) {
    const size_t units = s.layers[l].units;
    to_lanes(m.layers[l].h, s.layers[l].state[0] + members.first * units, units, members.count, units);
    if (Cell::kStates == 2)
      to_lanes(m.layers[l].c, s.layers[l].state[1] + members.first * units, units, members.count, units);
  }
  const auto last = [&](size_t l) { return m.layers[l].h + smaller(chunk, s.time) * m.layers[l].h_step; };
  for (size_t begin = 0; begin < s.time; begin += chunk) {
    const size_t steps = smaller(chunk, s.time - begin), series = members.first * s.time + begin;
    to_lanes(m.inputs, call.inputs + series * width, s.time * width, members.count, steps * width);
    if (s.masked) {
      load_keep(m.keep, call.observed + series, s.time, members.count, steps);
      clear_masked(m.inputs, m.keep, width, steps);
    }
    for (size_t l = 0; l < s.depth; ++l) {
      const float* const below = l == 0 ? m.inputs : m.layers[l - 1].h + m.layers[l - 1].h_step;
      forward_layer<Cell>(plans[l], m.layers[l], below, s.layers[l].inputs, s.layers[l].units, m.keep, steps);
    }
    const LayerMemory& out = m.layers[top];
    if (!s.last_only)
      from_lanes(call.outputs + series * out_units, s.time * out_units, out.h + out.h_step, members.count,
                 steps * out_units);
    if (!call.training)
      for (size_t l = 0; l < s.depth; ++l)
        copy(m.layers[l].h, m.layers[l].h + steps * m.layers[l].h_step, s.layers[l].units * kLanes);
  }
  const auto final_h = [&](size_t l) { return call.training ? last(l) : m.layers[l].h; };
  if (s.last_only && out_steps > 0)
    from_lanes(call.outputs + members.first * out_units, out_units, final_h(top), members.count, out_units);
  for (size_t l = 0; l < s.depth; ++l) {
    const size_t units = s.layers[l].units;
    from_lanes(s.layers[l].final_state[0] + members.first * units, units, final_h(l), members.count, units);
    if (Cell::kStates == 2)
      from_lanes(s.layers[l].final_state[1] + members.first * units, units,
                 m.layers[l].c + (call.training ? s.time * m.layers[l].c_step : 0), members.count, units);
  }
}

template <class Cell>
void backward_layer(const BackwardPlan<Cell>& plan, const LayerMemory& m, const float* outputs, float* inputs,
                    size_t width, size_t units, const int32_t* keep, float* dh, float* dc, size_t steps) {
  const size_t size = units * kLanes;
  const Matrix none = {nullptr, 0, 0, 0};
  for (size_t t = steps; t-- > 0;) {
    const float* const dy = outputs + t * size;
    for (size_t at = 0; at < size; at += kWidth) store(dh + at, load(dh + at) + load(dy + at));
    float* const slots = m.slots + t * m.slot_step;
    const float *const h = m.h + t * m.h_step, *const c = m.c + t * m.c_step;
    Cell::retreat({size, slots, h, c, h + m.h_step, dh, dc, keep ? keep + t * kLanes : nullptr});
    product(dh, units, FromLanes{dh}, plan.recurrent, slots + Cell::kFirstRecurrent * size, none, nullptr);
    if (inputs != nullptr)
      product(inputs + t * width * kLanes, width, FromZero{}, plan.input, slots + Cell::kFirstInput * size, none,
              nullptr);
  }
}

// Leaves the gradients by all products in the residuals' slots, for `backward_weights`.
template <class Cell>
void backward_group(const Backward& call, const BackwardPlan<Cell>* plans, size_t group) {
  const Stack& s = call.stack;
  const Members members = members_of(s, group);
  const GroupMemory m = group_memory(s, true, call.residuals, group);
  const size_t out_units = s.layers[s.depth - 1].units, sequence = s.time * widest(s) * kLanes;
  float* outputs = call.workspace + group * backward_group_floats(s);
  float* inputs = outputs + sequence;
  float *const dh = inputs + sequence, *const dc = dh + widest(s) * kLanes;
  if (s.last_only) {
    for (size_t i = 0; i < s.time * out_units * kLanes; ++i) outputs[i] = 0.0f;
    if (s.time > 0)
      to_lanes(outputs + (s.time - 1) * out_units * kLanes, call.outputs + members.first * out_units, out_units,
               members.count, out_units);
  } else {
    to_lanes(outputs, call.outputs + members.first * s.time * out_units, s.time * out_units, members.count,
             s.time * out_units);
  }
  for (size_t l = s.depth; l-- > 0;) {
    const LayerGradient& gradient = call.layers[l];
    const size_t units = s.layers[l].units, width = s.layers[l].inputs;
    to_lanes(dh, gradient.final_state[0] + members.first * units, units, members.count, units);
    if (Cell::kStates == 2)
      to_lanes(dc, gradient.final_state[1] + members.first * units, units, members.count, units);
    const bool wanted = l > 0 || call.inputs != nullptr;
    backward_layer<Cell>(plans[l], m.layers[l], outputs, wanted ? inputs : nullptr, width, units, m.keep, dh, dc,
                         s.time);
    from_lanes(gradient.state[0] + members.first * units, units, dh, members.count, units);
    if (Cell::kStates == 2)
      from_lanes(gradient.state[1] + members.first * units, units, dc, members.count, units);
    float* const swapped = outputs;
    outputs = inputs;
    inputs = swapped;
  }
  const size_t width = s.layers[0].inputs;
  if (call.inputs != nullptr)
    from_lanes(call.inputs + members.first * s.time * width, s.time * width, outputs, members.count, s.time * width);
}

// The gradients by the weights of one layer that a few columns of one slot give.
template <class Cell>
void backward_weights(const Backward& call, size_t l, int slot, size_t first, size_t columns) {
  const Stack& s = call.stack;
  const GroupMemory m = group_memory(s, true, call.residuals, 0);
  const LayerMemory& memory = m.layers[l];
  const LayerGradient& gradients = call.layers[l];
  const size_t units = s.layers[l].units, width = s.layers[l].inputs, row = Cell::kGates * units;
  const size_t group = forward_group_floats(s, true), groups = groups_of(s);
  const Series dz = {memory.slots + (slot * units + first) * kLanes, memory.slot_step, group};
  const Series below = l == 0 ? Series{m.inputs, width * kLanes, group}
                              : Series{m.layers[l - 1].h + m.layers[l - 1].h_step, width * kLanes, group};
  const int in = Cell::input_gate[slot], rec = Cell::recurrent_gate[slot];
  if (in != kNone) gradient(gradients.kernel + in * units + first, row, below, width, dz, columns, s.time, groups);
  if (rec != kNone)
    gradient(gradients.recurrent_kernel + rec * units + first, row, {memory.h, memory.h_step, group}, units, dz,
             columns, s.time, groups);
  for (size_t c = 0; c < columns; ++c) {
    const float sum = gradient_of_bias({dz.at + c * kLanes, dz.step, dz.group}, s.time, groups);
    if (in != kNone) gradients.bias[in * units + first + c] = sum;
    if (Cell::kBiasRows == 2 && rec != kNone) gradients.bias[row + rec * units + first + c] = sum;
  }
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
