// A stack of layers over many series, forward: kLanes series make a group, and they are the lanes.
//
// Within a group everything is [step][number][lane]: series are transposed once on their way in and once on their way
// out, not between layers. Q groups, 1 or kGroupsInterleaved, are computed side by side; the results do not depend on
// Q.
#pragma once

#include "loopcast/plan.hpp"
#include "loopcast/transpose.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// The series of one group.
struct SeriesRange {
  size_t first, count;
};

LOOPCAST_INLINE SeriesRange series_of(const Stack& s, size_t group) {
  const size_t first = group * kLanes;
  return {first, smaller(kLanes, s.batch - first)};
}

// One layer's arrays in a group's workspace, and the floats from one step to the next.
struct LayerMemory {
  float *h, *c, *slots;  // h and c begin with the state before the first step
  size_t h_step, c_step, slot_step;
};

struct GroupMemory {
  float* inputs;  // [step][input][lane]
  int32_t* mask;  // [step][lane], 0 where the state is held; null if all steps are observed
  LayerMemory layers[kMaxDepth];
  float* outputs;  // of the head, [step or last][output][lane]
};

inline GroupMemory group_memory(const Stack& s, bool training, float* workspace, size_t group) {
  const size_t steps = chunk_of(s, training);
  float* next = workspace + group * forward_group_floats(s, training);
  const auto allocate = [&next](size_t floats) {
    float* const begin = next;
    next += floats;
    return begin;
  };
  GroupMemory memory;
  memory.inputs = allocate(steps * s.layers[0].inputs * kLanes);
  memory.mask = s.masked ? reinterpret_cast<int32_t*>(allocate(steps * kLanes)) : nullptr;
  for (size_t l = 0; l < s.depth; ++l) {
    const size_t size = s.layers[l].units * kLanes, slots = slots_of(s.cell) * size;
    const bool has_c = states_of(s.cell) == 2;
    LayerMemory& layer = memory.layers[l];
    layer.h_step = size;
    layer.c_step = training ? size : 0;
    layer.slot_step = training ? slots : 0;
    layer.h = allocate((steps + 1) * size);
    layer.c = allocate(has_c ? (training ? steps + 1 : 1) * size : 0);
    layer.slots = allocate(training ? steps * slots : slots);
  }
  memory.outputs = allocate(head_floats(s, steps) * kLanes);
  return memory;
}

// The outputs of the head or else of the last layer, from step `first` in memory on.
inline float* outputs_in(const Stack& s, const GroupMemory& m, size_t first) {
  const LayerMemory& top = m.layers[s.depth - 1];
  return s.head ? m.outputs : top.h + (first + 1) * top.h_step;
}

inline void load_group_mask(int32_t* mask, const uint8_t* observed, size_t stride, size_t lanes, size_t steps) {
  for (size_t t = 0; t < steps; ++t)
    for (size_t lane = 0; lane < kLanes; ++lane)
      mask[t * kLanes + lane] = lane < lanes && observed[lane * stride + t] == 0 ? 0 : -1;
}

// Masked inputs become zero: NaN times a gradient of zero would still be NaN.
inline void clear_masked(float* inputs, const int32_t* mask, size_t width, size_t steps) {
  const Vec zero = {};
  for (size_t t = 0; t < steps; ++t, inputs += width * kLanes)
    for_each_vec(width * kLanes, mask + t * kLanes,
                 [&](size_t at, auto select) { store(inputs + at, select(load(inputs + at), zero)); });
}

// All steps of one layer in memory; m, inputs and mask are the first group's, the next group's lie `stride` floats on.
template <int Q, class Cell>
void forward_layer(const ForwardPlan<Cell>& plan, const LayerMemory& m, size_t stride, float* inputs, size_t width,
                   size_t units, const int32_t* mask, size_t steps) {
  const size_t size = units * kLanes;
  for (size_t t = 0; t < steps; ++t) {
    const StridedPtr x = {inputs + t * width * kLanes, stride}, h = {m.h + t * m.h_step, stride};
    const StridedPtr c = {m.c + t * m.c_step, stride}, slots = {m.slots + t * m.slot_step, stride};
    const auto products = [&](int first, int end, StridedPtr state) __attribute__((always_inline)) {
      for (int s = first; s < end; ++s)
        product<Q>(slots.offset(s * size), units, plan.blocks, from_bias(plan.bias + s * units), plan.input[s], x,
                   plan.recurrent[s], state);
    };
    const auto step = [&](int q) __attribute__((always_inline)) -> ForwardStep {
      return {size, slots.of(q), h.of(q), c.of(q), h.of(q) + m.h_step, c.of(q) + m.c_step,
              mask ? mask + q * stride + t * kLanes : nullptr};
    };
    products(Cell::kResetProducts, Cell::kProducts, h);
    if constexpr (Cell::kResetProducts > 0) {
      for (int q = 0; q < Q; ++q) Cell::forward_reset(step(q));
      products(0, Cell::kResetProducts, slots.offset(Cell::kProducts * size));
    }
    for (int q = 0; q < Q; ++q) Cell::forward(step(q));
  }
}

template <class Cell>
void load_states(const Stack& s, const GroupMemory& m, SeriesRange series) {
  for (size_t l = 0; l < s.depth; ++l) {
    const Layer& layer = s.layers[l];
    const size_t units = layer.units, first = series.first * units;
    to_lanes(m.layers[l].h, layer.state[0] + first, units, series.count, units);
    if (Cell::kStates == 2) to_lanes(m.layers[l].c, layer.state[1] + first, units, series.count, units);
  }
}

inline void load_inputs(const Forward& call, const GroupMemory& m, SeriesRange series, size_t begin, size_t steps) {
  const Stack& s = call.stack;
  const size_t width = s.layers[0].inputs, from = series.first * s.time + begin;
  to_lanes(m.inputs, call.inputs + from * width, s.time * width, series.count, steps * width);
  if (!s.masked) return;
  load_group_mask(m.mask, call.observed + from, s.time, series.count, steps);
  clear_masked(m.inputs, m.mask, width, steps);
}

// The final state is the one after `steps` steps in memory.
template <class Cell>
void store_states(const Forward& call, const GroupMemory& m, SeriesRange series, size_t steps) {
  const Stack& s = call.stack;
  for (size_t l = 0; l < s.depth; ++l) {
    const LayerMemory& from = m.layers[l];
    const size_t units = s.layers[l].units, first = series.first * units;
    from_lanes(s.layers[l].final_state[0] + first, units, from.h + steps * from.h_step, series.count, units);
    if (Cell::kStates == 2)
      from_lanes(s.layers[l].final_state[1] + first, units, from.c + steps * from.c_step, series.count, units);
  }
}

// The head on the steps in memory from `first` on.
template <int Q>
void forward_head(const Stack& s, const HeadPlan& plan, const GroupMemory& m, size_t stride, size_t first,
                  size_t steps) {
  if (s.head == nullptr) return;
  const LayerMemory& top = m.layers[s.depth - 1];
  const size_t outputs = s.head->outputs;
  for (size_t t = 0; t < steps; ++t)
    product<Q>({m.outputs + t * outputs * kLanes, stride}, outputs, plan.blocks, from_bias(s.head->bias), plan.matrix,
               {top.h + (first + t + 1) * top.h_step, stride}, kNoMatrix, {nullptr, 0});
}

// Writes the outputs of the steps in memory from `first` on, which are the call's from `begin` on.
inline void store_outputs(const Forward& call, const GroupMemory& m, SeriesRange series, size_t first, size_t begin,
                          size_t steps) {
  const Stack& s = call.stack;
  const size_t width = outputs_of(s), all_steps = steps_out(s);
  from_lanes(call.outputs + (series.first * all_steps + begin) * width, all_steps * width, outputs_in(s, m, first),
             series.count, steps * width);
}

// The state after the last step in memory becomes the one before the first.
inline void wrap_states(const Stack& s, const GroupMemory& m, size_t steps) {
  for (size_t l = 0; l < s.depth; ++l)
    copy(m.layers[l].h, m.layers[l].h + steps * m.layers[l].h_step, s.layers[l].units * kLanes);
}

template <int Q, class Cell>
void forward_group(const Forward& call, const ForwardPlan<Cell>* plans, const HeadPlan& head, size_t group) {
  const Stack& s = call.stack;
  SeriesRange series[Q];
  GroupMemory m[Q];
  for (int q = 0; q < Q; ++q) {
    series[q] = series_of(s, group + q);
    m[q] = group_memory(s, call.training, call.workspace, group + q);
    load_states<Cell>(s, m[q], series[q]);
  }
  const size_t chunk = chunk_of(s, call.training), stride = forward_group_floats(s, call.training);
  for (size_t begin = 0; begin < s.time; begin += chunk) {
    const size_t steps = smaller(chunk, s.time - begin);
    for (int q = 0; q < Q; ++q) load_inputs(call, m[q], series[q], begin, steps);
    for (size_t l = 0; l < s.depth; ++l) {
      float* const inputs = l == 0 ? m[0].inputs : m[0].layers[l - 1].h + m[0].layers[l - 1].h_step;
      forward_layer<Q>(plans[l], m[0].layers[l], stride, inputs, s.layers[l].inputs, s.layers[l].units, m[0].mask,
                       steps);
    }
    const bool last = begin + steps == s.time;
    const size_t out = s.last_only ? (last ? 1 : 0) : steps;  // how many of the chunk's last steps have outputs
    forward_head<Q>(s, head, m[0], stride, steps - out, out);
    for (int q = 0; q < Q; ++q) {
      if (out > 0) store_outputs(call, m[q], series[q], steps - out, s.last_only ? 0 : begin, out);
      if (!call.training) wrap_states(s, m[q], steps);
    }
  }
  for (int q = 0; q < Q; ++q) store_states<Cell>(call, m[q], series[q], call.training ? s.time : 0);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
