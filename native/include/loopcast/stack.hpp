// A stack of layers over a sequence, forward and back, one group of series at a time.
//
// Within a group everything stays [step][number][lane]; series are transposed once on their way in and once on their
// way out, not between layers. Q groups, 1 or kTogether, go side by side; what each gets does not depend on it.
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
  float* outputs;      // of the head, [step or last][output][lane]
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
  memory.outputs = take(head_floats(s, steps) * kLanes);
  return memory;
}

// Where the outputs of some steps in memory are, the head's or the last layer's; `first` counts from 0.
inline float* outputs_in(const Stack& s, const GroupMemory& m, size_t first) {
  const LayerMemory& top = m.layers[s.depth - 1];
  return s.head ? m.outputs : top.h + (first + 1) * top.h_step;
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

template <int Q, class Cell>
void forward_layer(const ForwardPlan<Cell>& plan, const LayerMemory& m, size_t apart, float* inputs, size_t width,
                   size_t units, const int32_t* keep, size_t steps) {
  const size_t size = units * kLanes;
  for (size_t t = 0; t < steps; ++t) {
    const Each x = {inputs + t * width * kLanes, apart}, h = {m.h + t * m.h_step, apart};
    const Each c = {m.c + t * m.c_step, apart}, slots = {m.slots + t * m.slot_step, apart};
    const auto products = [&](int first, int end, Each state) __attribute__((always_inline)) {
      for (int s = first; s < end; ++s)
        product<Q>(slots.past(s * size), units, plan.blocks, FromBias{plan.bias + s * units}, plan.input[s], x,
                   plan.recurrent[s], state);
    };
    const auto step = [&](int q) __attribute__((always_inline)) -> Advance {
      return {size, slots.of(q), h.of(q), c.of(q), h.of(q) + m.h_step, c.of(q) + m.c_step,
              keep ? keep + q * apart + t * kLanes : nullptr};
    };
    products(Cell::kLate, Cell::kProducts, h);
    if constexpr (Cell::kLate > 0) {
      for (int q = 0; q < Q; ++q) Cell::reset(step(q));
      products(0, Cell::kLate, slots.past(Cell::kProducts * size));
    }
    for (int q = 0; q < Q; ++q) Cell::advance(step(q));
  }
}

template <class Cell>
void load_states(const Stack& s, const GroupMemory& m, Members members) {
  for (size_t l = 0; l < s.depth; ++l) {
    const Layer& layer = s.layers[l];
    const size_t units = layer.units, first = members.first * units;
    to_lanes(m.layers[l].h, layer.state[0] + first, units, members.count, units);
    if (Cell::kStates == 2) to_lanes(m.layers[l].c, layer.state[1] + first, units, members.count, units);
  }
}

inline void load_inputs(const Forward& call, const GroupMemory& m, Members members, size_t begin, size_t steps) {
  const Stack& s = call.stack;
  const size_t width = s.layers[0].inputs, from = members.first * s.time + begin;
  to_lanes(m.inputs, call.inputs + from * width, s.time * width, members.count, steps * width);
  if (!s.masked) return;
  load_keep(m.keep, call.observed + from, s.time, members.count, steps);
  clear_masked(m.inputs, m.keep, width, steps);
}

// steps: how many steps after the first ones in memory the state is that counts as final.
template <class Cell>
void store_states(const Forward& call, const GroupMemory& m, Members members, size_t steps) {
  const Stack& s = call.stack;
  for (size_t l = 0; l < s.depth; ++l) {
    const LayerMemory& from = m.layers[l];
    const size_t units = s.layers[l].units, first = members.first * units;
    from_lanes(s.layers[l].final_state[0] + first, units, from.h + steps * from.h_step, members.count, units);
    if (Cell::kStates == 2)
      from_lanes(s.layers[l].final_state[1] + first, units, from.c + steps * from.c_step, members.count, units);
  }
}

// The head on the steps in memory from `first` on.
template <int Q>
void forward_head(const Stack& s, const HeadPlan& plan, const GroupMemory& m, size_t apart, size_t first,
                  size_t steps) {
  if (s.head == nullptr) return;
  const LayerMemory& top = m.layers[s.depth - 1];
  const size_t outputs = s.head->outputs;
  for (size_t t = 0; t < steps; ++t)
    product<Q>({m.outputs + t * outputs * kLanes, apart}, outputs, plan.blocks, FromBias{s.head->bias}, plan.matrix,
               {top.h + (first + t + 1) * top.h_step, apart}, kNothing, {nullptr, 0});
}

// Puts out the steps in memory from `first` on, which are the call's from `begin` on.
inline void store_outputs(const Forward& call, const GroupMemory& m, Members members, size_t first, size_t begin,
                          size_t steps) {
  const Stack& s = call.stack;
  const size_t width = outputs_of(s), given = steps_out(s);
  from_lanes(call.outputs + (members.first * given + begin) * width, given * width, outputs_in(s, m, first),
             members.count, steps * width);
}

// The state after the last step in memory becomes the one before the first.
inline void wrap_states(const Stack& s, const GroupMemory& m, size_t steps) {
  for (size_t l = 0; l < s.depth; ++l)
    copy(m.layers[l].h, m.layers[l].h + steps * m.layers[l].h_step, s.layers[l].units * kLanes);
}

template <int Q, class Cell>
void forward_group(const Forward& call, const ForwardPlan<Cell>* plans, const HeadPlan& head, size_t group) {
  const Stack& s = call.stack;
  Members members[Q];
  GroupMemory m[Q];
  for (int q = 0; q < Q; ++q) {
    members[q] = members_of(s, group + q);
    m[q] = group_memory(s, call.training, call.workspace, group + q);
    load_states<Cell>(s, m[q], members[q]);
  }
  const size_t chunk = chunk_of(s, call.training), apart = forward_group_floats(s, call.training);
  for (size_t begin = 0; begin < s.time; begin += chunk) {
    const size_t steps = smaller(chunk, s.time - begin);
    for (int q = 0; q < Q; ++q) load_inputs(call, m[q], members[q], begin, steps);
    for (size_t l = 0; l < s.depth; ++l) {
      float* const below = l == 0 ? m[0].inputs : m[0].layers[l - 1].h + m[0].layers[l - 1].h_step;
      forward_layer<Q>(plans[l], m[0].layers[l], apart, below, s.layers[l].inputs, s.layers[l].units, m[0].keep,
                       steps);
    }
    const bool last = begin + steps == s.time;
    const size_t out = s.last_only ? (last ? 1 : 0) : steps;  // of the chunk's steps, the last so many
    forward_head<Q>(s, head, m[0], apart, steps - out, out);
    for (int q = 0; q < Q; ++q) {
      if (out > 0) store_outputs(call, m[q], members[q], steps - out, s.last_only ? 0 : begin, out);
      if (!call.training) wrap_states(s, m[q], steps);
    }
  }
  for (int q = 0; q < Q; ++q) store_states<Cell>(call, m[q], members[q], call.training ? s.time : 0);
}

// The residuals' groups lie `m_apart` from one another, those of the other arrays `apart`.
template <int Q, class Cell>
void backward_layer(const BackwardPlan<Cell>& plan, const LayerMemory& m, size_t m_apart, Each outputs, Each inputs,
                    bool wanted, size_t width, size_t units, const int32_t* keep, Each dh, Each dc, size_t steps) {
  const size_t size = units * kLanes;
  for (size_t t = steps; t-- > 0;) {
    const Each slots = {m.slots + t * m.slot_step, m_apart}, h = {m.h + t * m.h_step, m_apart};
    const Each c = {m.c + t * m.c_step, m_apart}, dy = outputs.past(t * size);
    const auto step = [&](int q) __attribute__((always_inline)) -> Retreat {
      return {size, slots.of(q), h.of(q), c.of(q), h.of(q) + m.h_step, dh.of(q), dc.of(q),
              keep ? keep + q * m_apart + t * kLanes : nullptr};
    };
    for (int q = 0; q < Q; ++q) {
      for (size_t at = 0; at < size; at += kWidth) store(dh.of(q) + at, load(dh.of(q) + at) + load(dy.of(q) + at));
      Cell::retreat(step(q));
    }
    if constexpr (Cell::kLate > 0) {
      product<Q>(dc, units, plan.recurrent_blocks, FromZero{}, plan.late, slots, kNothing, {nullptr, 0});
      for (int q = 0; q < Q; ++q) Cell::retreat_reset(step(q));
    }
    product<Q>(dh, units, plan.recurrent_blocks, FromLanes{dh}, plan.recurrent,
               slots.past(Cell::kFirstRecurrent * size), kNothing, {nullptr, 0});
    if (wanted)
      product<Q>(inputs.past(t * width * kLanes), width, plan.input_blocks, FromZero{}, plan.input,
                 slots.past(Cell::kFirstInput * size), kNothing, {nullptr, 0});
  }
}

// What a group's gradients are computed in, and how far apart two groups' are.
struct BackwardMemory {
  Each outputs, inputs;  // of a layer, [step][unit][lane]
  Each dh, dc;
  Each head;  // gradient by the head's outputs, [step or last][output][lane]
};

inline BackwardMemory backward_memory(const Backward& call, size_t group) {
  const Stack& s = call.stack;
  const size_t apart = backward_group_floats(s), sequence = s.time * widest(s) * kLanes, row = widest(s) * kLanes;
  const Each all = {call.workspace + group * apart, apart};
  return {all, all.past(sequence), all.past(2 * sequence), all.past(2 * sequence + row),
          all.past(2 * sequence + 2 * row)};
}

// The gradient by the last layer's outputs, zero at the steps that were not put out.
template <int Q>
void load_output_gradient(const Backward& call, const HeadPlan& plan, const BackwardMemory& m, const Members* members) {
  const Stack& s = call.stack;
  const size_t units = s.layers[s.depth - 1].units, steps = steps_out(s), width = outputs_of(s);
  const Each last = m.outputs.past((s.time - steps) * units * kLanes);
  for (int q = 0; q < Q; ++q) {
    for (float* at = m.outputs.of(q); at < last.of(q); ++at) *at = 0.0f;
    to_lanes((s.head ? m.head : last).of(q), call.outputs + members[q].first * steps * width, steps * width,
             members[q].count, steps * width);
  }
  for (size_t t = 0; s.head != nullptr && t < steps; ++t)
    product<Q>(last.past(t * units * kLanes), units, plan.blocks, FromZero{}, plan.matrix,
               m.head.past(t * width * kLanes), kNothing, {nullptr, 0});
}

// Leaves the gradients by all products in the residuals' slots, for `backward_weights`.
template <int Q, class Cell>
void backward_group(const Backward& call, const BackwardPlan<Cell>* plans, const HeadPlan& head, size_t group) {
  const Stack& s = call.stack;
  const GroupMemory m = group_memory(s, true, call.residuals, group);
  const BackwardMemory memory = backward_memory(call, group);
  Each outputs = memory.outputs, inputs = memory.inputs;
  const Each dh = memory.dh, dc = memory.dc;
  Members members[Q];
  for (int q = 0; q < Q; ++q) members[q] = members_of(s, group + q);
  load_output_gradient<Q>(call, head, memory, members);
  for (size_t l = s.depth; l-- > 0;) {
    const LayerGradient& gradient = call.layers[l];
    const size_t units = s.layers[l].units;
    for (int q = 0; q < Q; ++q)
      for (int i = 0; i < Cell::kStates; ++i)
        to_lanes((i == 0 ? dh : dc).of(q), gradient.final_state[i] + members[q].first * units, units,
                 members[q].count, units);
    backward_layer<Q>(plans[l], m.layers[l], forward_group_floats(s, true), outputs, inputs,
                      l > 0 || call.inputs != nullptr, s.layers[l].inputs, units, m.keep, dh, dc, s.time);
    for (int q = 0; q < Q; ++q)
      for (int i = 0; i < Cell::kStates; ++i)
        from_lanes(gradient.state[i] + members[q].first * units, units, (i == 0 ? dh : dc).of(q), members[q].count,
                   units);
    const Each swapped = outputs;
    outputs = inputs;
    inputs = swapped;
  }
  const size_t row = s.time * s.layers[0].inputs;
  if (call.inputs != nullptr)
    for (int q = 0; q < Q; ++q)
      from_lanes(call.inputs + members[q].first * row, row, outputs.of(q), members[q].count, row);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
