// The gradients of a stack of layers by its inputs and states, one group of series at a time (see groups.hpp).
#pragma once

#include "loopcast/groups.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// What a group's gradients are computed in.
struct GroupGradients {
  StridedPtr outputs, inputs;  // by a layer's outputs and inputs, [step][unit][lane]
  StridedPtr dh, dc;           // by its state, [unit][lane]
  StridedPtr head;             // by the head's outputs, [step or last][output][lane]
};

inline GroupGradients group_gradients(const Backward& call, size_t group) {
  const Stack& s = call.stack;
  const size_t stride = backward_group_floats(s), sequence = s.time * widest(s) * kLanes, row = widest(s) * kLanes;
  const StridedPtr all = {call.workspace + group * stride, stride};
  return {all, all.offset(sequence), all.offset(2 * sequence), all.offset(2 * sequence + row),
          all.offset(2 * sequence + 2 * row)};
}

// Back through all steps of one layer. Leaves the gradients by its products in the slots.
// m and mask are the first group's; the next group's lie `m_stride` floats on.
template <int Q, class Cell>
void backward_layer(const BackwardPlan<Cell>& plan, const Layer& layer, const LayerMemory& m, size_t m_stride,
                    const GroupGradients& d, bool with_inputs, const int32_t* mask, size_t steps) {
  const size_t width = layer.inputs, units = layer.units;
  const size_t size = units * kLanes;
  for (size_t t = steps; t-- > 0;) {
    const StridedPtr slots = {m.slots + t * m.slot_step, m_stride}, h = {m.h + t * m.h_step, m_stride};
    const StridedPtr c = {m.c + t * m.c_step, m_stride}, dy = d.outputs.offset(t * size);
    const auto step = [&](int q) __attribute__((always_inline)) -> BackwardStep {
      return {size, slots.of(q), h.of(q), c.of(q), h.of(q) + m.h_step, d.dh.of(q), d.dc.of(q),
              mask ? mask + q * m_stride + t * kLanes : nullptr};
    };
    for (int q = 0; q < Q; ++q) {
      for (size_t at = 0; at < size; at += kWidth) store(d.dh.of(q) + at, load(d.dh.of(q) + at) + load(dy.of(q) + at));
      Cell::backward(step(q));
    }
    if constexpr (Cell::kResetProducts > 0) {
      product<Q>(d.dc, units, plan.recurrent_blocks, from_zero(), plan.reset, slots, kNoMatrix, {nullptr, 0});
      for (int q = 0; q < Q; ++q) Cell::backward_reset(step(q));
    }
    product<Q>(d.dh, units, plan.recurrent_blocks, from_lanes(d.dh), plan.recurrent,
               slots.offset(Cell::kFirstRecurrent * size), kNoMatrix, {nullptr, 0});
    if (with_inputs)
      product<Q>(d.inputs.offset(t * width * kLanes), width, plan.input_blocks, from_zero(), plan.input,
                 slots.offset(Cell::kFirstInput * size), kNoMatrix, {nullptr, 0});
  }
}

// The gradient by the last layer's outputs; zero at the steps without outputs.
template <int Q>
void load_output_gradient(const Backward& call, const HeadPlan& plan, const GroupGradients& d,
                          const SeriesRange* series) {
  const Stack& s = call.stack;
  const size_t units = s.layers[s.depth - 1].units, steps = steps_out(s), width = outputs_of(s);
  const StridedPtr last = d.outputs.offset((s.time - steps) * units * kLanes);
  for (int q = 0; q < Q; ++q) {
    for (float* at = d.outputs.of(q); at < last.of(q); ++at) *at = 0.0f;
    to_lanes((s.head ? d.head : last).of(q), call.outputs + series[q].first * steps * width, steps * width,
             series[q].count, steps * width);
  }
  for (size_t t = 0; s.head != nullptr && t < steps; ++t)
    product<Q>(last.offset(t * units * kLanes), units, plan.blocks, from_zero(), plan.matrix,
               d.head.offset(t * width * kLanes), kNoMatrix, {nullptr, 0});
}

// Leaves the gradients by all products in the residuals' slots, for groups_weights.hpp.
template <int Q, class Cell>
void backward_group(const Backward& call, const BackwardPlan<Cell>* plans, const HeadPlan& head, size_t group) {
  const Stack& s = call.stack;
  const GroupMemory m = group_memory(s, true, call.residuals, group);
  GroupGradients d = group_gradients(call, group);
  SeriesRange series[Q];
  for (int q = 0; q < Q; ++q) series[q] = series_of(s, group + q);
  load_output_gradient<Q>(call, head, d, series);
  for (size_t l = s.depth; l-- > 0;) {
    const LayerGradient& gradient = call.layers[l];
    const size_t units = s.layers[l].units;
    for (int q = 0; q < Q; ++q)
      for (int i = 0; i < Cell::kStates; ++i)
        to_lanes((i == 0 ? d.dh : d.dc).of(q), gradient.final_state[i] + series[q].first * units, units,
                 series[q].count, units);
    backward_layer<Q>(plans[l], s.layers[l], m.layers[l], forward_group_floats(s, true), d,
                      l > 0 || call.inputs != nullptr, m.mask, s.time);
    for (int q = 0; q < Q; ++q)
      for (int i = 0; i < Cell::kStates; ++i)
        from_lanes(gradient.state[i] + series[q].first * units, units, (i == 0 ? d.dh : d.dc).of(q), series[q].count,
                   units);
    // The gradient by this layer's inputs is the one by the outputs of the layer below.
    const StridedPtr swapped = d.outputs;
    d.outputs = d.inputs;
    d.inputs = swapped;
  }
  const size_t row = s.time * s.layers[0].inputs;
  if (call.inputs != nullptr)
    for (int q = 0; q < Q; ++q)
      from_lanes(call.inputs + series[q].first * row, row, d.outputs.of(q), series[q].count, row);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
