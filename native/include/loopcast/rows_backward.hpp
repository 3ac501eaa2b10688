// The gradients of a stack of layers over a few series (see rows.hpp): back through one series after the other, then
// each slot's weights over all series.
#pragma once

#include "loopcast/rows.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// The gradient by a series' outputs of the head, [step or last][padded output].
inline float* row_head_gradient(const Backward& call, size_t series) {
  const Stack& s = call.stack;
  return call.workspace + series * backward_row_floats(s) + (2 * s.time + 2) * padded(widest(s));
}

// The gradient by the last layer's outputs, [step][row floats]; zero at the steps without outputs.
inline void load_row_gradient(const Backward& call, const RowHead& head, float* outputs, size_t row, size_t series) {
  const Stack& s = call.stack;
  const size_t width = outputs_of(s), steps = steps_out(s);
  const int only_gate[] = {0};
  float* d_head = row_head_gradient(call, series);
  for (size_t i = 0; i < s.time * row; ++i) outputs[i] = 0.0f;
  for (size_t t = 0; t < steps; ++t) {
    float* const to = outputs + (s.time - steps + t) * row;
    const float* const from = call.outputs + (series * steps + t) * width;
    if (s.head == nullptr) {
      copy(to, from, width);
      continue;
    }
    copy_padded(d_head, from, width);
    dot_rows<1>(to, head.kernel, only_gate, d_head);
    d_head += padded(width);
  }
}

// What one series' gradients are computed in.
struct RowGradients {
  float *outputs, *inputs;  // by a layer's outputs and inputs, [step][row]
  float *dh, *dc;           // by its state
  size_t row;               // floats of a row, enough for the widest layer
};

inline RowGradients row_gradients(const Backward& call, size_t series) {
  const Stack& s = call.stack;
  const size_t row = padded(widest(s)), sequence = s.time * row;
  float* const begin = call.workspace + series * backward_row_floats(s);
  return {begin, begin + sequence, begin + 2 * sequence, begin + 2 * sequence + row, row};
}

// Back through all steps of one layer. Leaves the gradients by its products in the slots.
template <class Cell>
LOOPCAST_INLINE void backward_row_layer(const RowPlan<Cell>& plan, const RowLayer& layer, RowGradients d,
                                        bool with_inputs, const int32_t* mask, size_t size, size_t steps) {
  if (with_inputs)
    for (size_t i = 0; i < steps * d.row; ++i) d.inputs[i] = 0.0f;
  for (size_t t = steps; t-- > 0;) {
    for (size_t at = 0; at < size; at += kWidth) store(d.dh + at, load(d.dh + at) + load(d.outputs + t * d.row + at));
    float* const slots = layer.slots + t * layer.slot_step;
    const float *const h = layer.h + t * layer.h_step, *const c = layer.c + t * layer.c_step;
    const BackwardStep step = {size, slots, h, c, h + layer.h_step, d.dh, d.dc, mask_at(mask, t)};
    Cell::backward(step);
    if constexpr (Cell::kResetProducts > 0) {
      for (size_t at = 0; at < size; ++at) d.dc[at] = 0.0f;
      dot_rows<Cell::kResetProducts>(d.dc, plan.recurrent, Cell::recurrent_gate, slots);
      Cell::backward_reset(step);
    }
    dot_rows<Cell::kGates - Cell::kResetProducts>(d.dh, plan.recurrent, Cell::recurrent_gate + Cell::kFirstRecurrent,
                                                  slots + Cell::kFirstRecurrent * size);
    if (with_inputs)
      dot_rows<Cell::kGates>(d.inputs + t * d.row, plan.kernel, Cell::input_gate + Cell::kFirstInput,
                             slots + Cell::kFirstInput * size);
  }
}

template <class Cell>
void backward_series(const Backward& call, const RowPlan<Cell>* plans, const RowHead& head, size_t series) {
  const Stack& s = call.stack;
  const RowMemory m = row_memory(s, true, call.residuals, series);
  RowGradients d = row_gradients(call, series);
  load_row_gradient(call, head, d.outputs, d.row, series);
  for (size_t l = s.depth; l-- > 0;) {
    const LayerGradient& gradient = call.layers[l];
    const size_t units = s.layers[l].units;
    copy_padded(d.dh, gradient.final_state[0] + series * units, units);
    if (Cell::kStates == 2) copy_padded(d.dc, gradient.final_state[1] + series * units, units);
    backward_row_layer(plans[l], m.layers[l], d, l > 0 || call.inputs != nullptr, m.mask, padded(units), s.time);
    copy(gradient.state[0] + series * units, d.dh, units);
    if (Cell::kStates == 2) copy(gradient.state[1] + series * units, d.dc, units);
    // The gradient by this layer's inputs is the one by the outputs of the layer below.
    float* const swapped = d.outputs;
    d.outputs = d.inputs;
    d.inputs = swapped;
  }
  const size_t width = s.layers[0].inputs;
  if (call.inputs != nullptr)
    for (size_t t = 0; t < s.time; ++t)
      copy(call.inputs + (series * s.time + t) * width, d.outputs + t * d.row, width);
}

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kOuterRows = 6, kOuterVecs = 4;
#else
constexpr int kOuterRows = 3, kOuterVecs = 4;
#endif

// out[r][c] = sum over series and steps of x[r] dz[c], for R rows and N vectors, of which the first `columns` floats
// are stored. x and dz have a series in the place of a group.
template <int R, int N>
void outer_block(float* out, size_t stride, size_t columns, Sequence x, Sequence dz, size_t steps, size_t series) {
  Vec sum[R][N] = {};
  for (size_t b = 0; b < series; ++b)
    for (size_t t = 0; t < steps; ++t) {
      const float* const xs = x.data + b * x.group_stride + t * x.step_stride;
      const float* const ds = dz.data + b * dz.group_stride + t * dz.step_stride;
      Vec d[N];
      unroll<N>([&](auto n) __attribute__((always_inline)) { d[n] = load(ds + n * kWidth); });
      unroll<R>([&](auto r) __attribute__((always_inline)) {
        unroll<N>([&](auto n) __attribute__((always_inline)) { sum[r][n] += xs[r] * d[n]; });
      });
    }
  for (int r = 0; r < R; ++r)
    for (int n = 0; n < N; ++n) {
      const size_t first = n * kWidth;
      float* const to = out + r * stride + first;
      if (first + kWidth <= columns)
        store(to, sum[r][n]);
      else
        for (size_t c = 0; first + c < columns; ++c) to[c] = sum[r][n][c];
    }
}

using OuterBlock = void (*)(float*, size_t, size_t, Sequence, Sequence, size_t, size_t);

template <int... I>
constexpr OuterBlock outer_block_of(size_t rows, size_t vecs, std::integer_sequence<int, I...>) {
  constexpr OuterBlock table[] = {outer_block<I / kOuterVecs + 1, I % kOuterVecs + 1>...};
  return table[(rows - 1) * kOuterVecs + vecs - 1];
}

// The same for any number of rows and columns.
inline void outer(float* out, size_t stride, Sequence x, size_t rows, Sequence dz, size_t columns, size_t steps,
                  size_t series) {
  const Blocks down = split(rows, kOuterRows), across = split(divide_up(columns, kWidth), kOuterVecs);
  for (size_t r = 0; r < rows; r += down.width)
    for (size_t first = 0; first < columns; first += across.width * kWidth) {
      const size_t count = smaller(across.width * kWidth, columns - first);
      const auto block = outer_block_of(smaller(down.width, rows - r), divide_up(count, kWidth),
                                        std::make_integer_sequence<int, kOuterRows * kOuterVecs>{});
      block(out + r * stride + first, stride, count, {x.data + r, x.step_stride, x.group_stride},
            {dz.data + first, dz.step_stride, dz.group_stride}, steps, series);
    }
}

// The gradients by the weights of one layer's slot.
template <class Cell>
void row_weights(const Backward& call, size_t l, int slot) {
  const Stack& s = call.stack;
  const RowMemory m = row_memory(s, true, call.residuals, 0);
  const RowLayer& layer = m.layers[l];
  const LayerGradient& gradients = call.layers[l];
  const size_t units = s.layers[l].units, width = s.layers[l].inputs, row = Cell::kGates * units;
  const size_t stride = row_series_floats(s, true);  // from series to series
  const Sequence dz = {layer.slots + slot * padded(units), layer.slot_step, stride};
  const Sequence inputs = l == 0 ? Sequence{m.inputs, width, stride}
                                 : Sequence{m.layers[l - 1].h + m.layers[l - 1].h_step, m.layers[l - 1].h_step, stride};
  const float one = 1.0f;
  const bool after_reset = slot < Cell::kResetProducts;
  const Sequence state = {after_reset ? layer.slots + Cell::kProducts * padded(units) : layer.h,
                          after_reset ? layer.slot_step : layer.h_step, stride};
  const Sequence ones = {&one, 0, 0};
  const int in = Cell::input_gate[slot], rec = Cell::recurrent_gate[slot];
  if (in != kNoGate) {
    outer(gradients.kernel + in * units, row, inputs, width, dz, units, s.time, s.batch);
    outer(gradients.bias + in * units, row, ones, 1, dz, units, s.time, s.batch);
  }
  if (rec != kNoGate) {
    outer(gradients.recurrent_kernel + rec * units, row, state, units, dz, units, s.time, s.batch);
    if (Cell::kBiasRows == 2) outer(gradients.bias + row + rec * units, row, ones, 1, dz, units, s.time, s.batch);
  }
}

inline void row_head_weights(const Backward& call) {
  const Stack& s = call.stack;
  const RowLayer top = row_memory(s, true, call.residuals, 0).layers[s.depth - 1];
  const size_t outputs = s.head->outputs, steps = steps_out(s);
  const float one = 1.0f;
  const Sequence h = {top.h + (s.time - steps + 1) * top.h_step, top.h_step, row_series_floats(s, true)};
  const Sequence dz = {row_head_gradient(call, 0), padded(outputs), backward_row_floats(s)};
  outer(call.head.kernel, outputs, h, s.layers[s.depth - 1].units, dz, outputs, steps, s.batch);
  outer(call.head.bias, outputs, {&one, 0, 0}, 1, dz, outputs, steps, s.batch);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
