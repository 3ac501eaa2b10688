// A stack of layers over a few series: here the units are the lanes, since too few series fill a vector.
//
// Series by series everything is [step][slot][unit], the units padded with zeros to whole vectors (`padded`). The
// cells' arithmetic is that of the groups: a slot is as long as a padded row instead of units * kLanes.
#pragma once

#include "loopcast/plan.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// Weights by rows: element (k, gate, unit) at `at[k * row + gate * columns + unit]`; `columns` are padded.
struct Rows {
  const float* at;
  size_t count, row, columns;

  const float* gate(int g) const { return at + g * columns; }
};

// The weights themselves where their gates are whole vectors, else a padded copy. `to` moves past it.
inline Rows by_rows(const float* weights, size_t rows, size_t gates, size_t units, float*& to) {
  const size_t columns = padded(units);
  if (columns == units) return {weights, rows, gates * units, units};
  const Rows copy = {to, rows, gates * columns, columns};
  for (size_t i = 0; i < rows * gates; ++i, to += columns, weights += units)
    for (size_t unit = 0; unit < columns; ++unit) to[unit] = unit < units ? weights[unit] : 0.0f;
  return copy;
}

constexpr int kRowParts = kAccumulators < 24 ? 8 : 12;  // vectors of a row that are computed together

// out = start + sum_k x[k] a[k] + sum_k y[k] b[k], for N vectors of a row.
template <int N>
void row_block(float* out, const float* start, const float* a, const Rows& A, const float* x, const float* b,
               const Rows& B, const float* y) {
  Part sum[N];
  unroll<N>([&](auto n) __attribute__((always_inline)) { sum[n] = load(start + n * kWidth); });
  const auto add = [&](const float* w, const Rows& W, const float* v) __attribute__((always_inline)) {
    for (size_t k = 0; k < W.count; ++k, w += W.row)
      unroll<N>([&](auto n) __attribute__((always_inline)) { sum[n] += v[k] * load(w + n * kWidth); });
  };
  add(a, A, x);
  add(b, B, y);
  unroll<N>([&](auto n) __attribute__((always_inline)) { store(out + n * kWidth, sum[n]); });
}

using RowBlock = void (*)(float*, const float*, const float*, const Rows&, const float*, const float*, const Rows&,
                          const float*);

template <int... N>
constexpr RowBlock row_block_of(size_t parts, std::integer_sequence<int, N...>) {
  constexpr RowBlock table[] = {row_block<N + 1>...};
  return table[parts - 1];
}

// out[c] += sum_k x[k] w[k][c] for K rows of w: all columns of these rows before the next rows.
template <int K>
void stream_block(float* out, size_t columns, const float* w, size_t row, const float* x) {
  for (size_t c = 0; c < columns; c += kWidth) {
    Part sum = load(out + c);
    unroll<K>([&](auto k) __attribute__((always_inline)) { sum += x[k] * load(w + k * row + c); });
    store(out + c, sum);
  }
}

constexpr int kStreamRows = 8;

inline void stream(float* out, size_t columns, const Rows& W, int gate, const float* x) {
  if (gate == kNone) return;
  size_t k = 0;
  for (; k + kStreamRows <= W.count; k += kStreamRows)
    stream_block<kStreamRows>(out, columns, W.gate(gate) + k * W.row, W.row, x + k);
  for (; k < W.count; ++k) stream_block<1>(out, columns, W.gate(gate) + k * W.row, W.row, x + k);
}

// Weights beyond the second cache come as fast as they are prefetched, which long runs through a row help.
LOOPCAST_INLINE bool beyond_cache(const Rows& W) { return W.count * W.row > 262144; }

// out[c] = start[c] + sum_k x[k] A[k][gate a][c] + sum_k y[k] B[k][gate b][c]; kNone leaves a term out.
inline void row_product(float* out, const float* start, size_t columns, const Rows& A, int a, const float* x,
                        const Rows& B, int b, const float* y) {
  if (beyond_cache(A) || beyond_cache(B)) {
    copy(out, start, columns);
    stream(out, columns, A, a, x);
    stream(out, columns, B, b, y);
    return;
  }
  const Rows none = {nullptr, 0, 0, 0};
  const Blocks blocks = cut(columns / kWidth, kRowParts);
  for (size_t n = 0; n < columns / kWidth; n += blocks.width) {
    const size_t first = n * kWidth;
    const auto block =
        row_block_of(smaller(blocks.width, columns / kWidth - n), std::make_integer_sequence<int, kRowParts>{});
    block(out + first, start + first, a == kNone ? nullptr : A.gate(a) + first, a == kNone ? none : A, x,
          b == kNone ? nullptr : B.gate(b) + first, b == kNone ? none : B, y);
  }
}

constexpr int kDotRows = 8;

// out[r] += sum over slots of W[r][gates[slot]] . dz[slot], for R rows.
template <int R, int S>
void dot_block(float* out, const float* w, const Rows& W, const int* gates, const float* dz) {
  Part sum[R] = {};
  for (int s = 0; s < S; ++s) {
    const float* const row = w + gates[s] * W.columns;
    for (size_t c = 0; c < W.columns; c += kWidth) {
      const Part d = load(dz + s * W.columns + c);
      unroll<R>([&](auto r) __attribute__((always_inline)) { sum[r] += load(row + r * W.row + c) * d; });
    }
  }
  unroll<R>([&](auto r) __attribute__((always_inline)) { out[r] += sum_of_lanes(sum[r]); });
}

// The product with the transposed weights, without transposing them.
template <int S>
void dot_rows(float* out, const Rows& W, const int* gates, const float* dz) {
  size_t r = 0;
  for (; r + kDotRows <= W.count; r += kDotRows)
    dot_block<kDotRows, S>(out + r, W.at + r * W.row, W, gates, dz);
  for (; r < W.count; ++r) dot_block<1, S>(out + r, W.at + r * W.row, W, gates, dz);
}

struct RowLayer {
  float *h, *c, *slots;  // h and c begin with the state before the first step
  size_t h_step, c_step, slot_step;
};

struct RowMemory {
  float* inputs;  // [step][input]
  int32_t* keep;  // [step], or null
  RowLayer layers[kMaxDepth];
  float* outputs;  // of the head at one step, padded
};

inline RowMemory row_memory(const Stack& s, bool training, float* at, size_t series) {
  at += series * row_series_floats(s, training);
  const auto take = [&at](size_t floats) {
    float* const taken = at;
    at += floats;
    return taken;
  };
  RowMemory memory;
  memory.inputs = take(s.time * s.layers[0].inputs);
  memory.keep = s.masked ? reinterpret_cast<int32_t*>(take(s.time)) : nullptr;
  for (size_t l = 0; l < s.depth; ++l) {
    const size_t size = padded(s.layers[l].units), slots = slots_of(s.cell) * size;
    RowLayer& layer = memory.layers[l];
    layer.h_step = size;
    layer.c_step = training ? size : 0;
    layer.slot_step = training ? slots : 0;
    layer.h = take((s.time + 1) * size);
    layer.c = take(states_of(s.cell) == 2 ? (training ? s.time + 1 : 1) * size : 0);
    layer.slots = take(training ? s.time * slots : slots);
  }
  memory.outputs = take(s.head ? padded(s.head->outputs) : 0);
  return memory;
}

// A mask for `each_vector`, the same in every lane.
alignas(64) constexpr int32_t kHeld[kLanes] = {};
LOOPCAST_INLINE const int32_t* keep_at(const int32_t* keep, size_t t) {
  return keep == nullptr || keep[t] != 0 ? nullptr : kHeld;
}

inline void copy_padded(float* to, const float* from, size_t units) {
  for (size_t i = 0; i < padded(units); ++i) to[i] = i < units ? from[i] : 0.0f;
}

inline void load_series(const Forward& call, const RowMemory& m, size_t series) {
  const Stack& s = call.stack;
  const size_t width = s.layers[0].inputs;
  const float* const from = call.inputs + series * s.time * width;
  for (size_t t = 0; t < s.time; ++t) {
    const bool kept = !s.masked || call.observed[series * s.time + t] != 0;
    if (s.masked) m.keep[t] = kept;
    for (size_t i = 0; i < width; ++i) m.inputs[t * width + i] = kept ? from[t * width + i] : 0.0f;
  }
}

template <class Cell>
struct RowPlan {
  Rows kernel, recurrent;
  const float* bias;  // [slot][padded unit]; forward only
};

template <class Cell>
void plan_rows(RowPlan<Cell>& plan, const Layer& layer, float*& to) {
  plan.kernel = by_rows(layer.kernel, layer.inputs, Cell::kGates, layer.units, to);
  plan.recurrent = by_rows(layer.recurrent_kernel, layer.units, Cell::kGates, layer.units, to);
}

template <class Cell>
void plan_row_bias(RowPlan<Cell>& plan, const Layer& layer, float*& to) {
  const size_t units = layer.units, size = padded(units);
  plan.bias = to;
  for (int s = 0; s < Cell::kProducts; ++s, to += size)
    for (size_t unit = 0; unit < size; ++unit) to[unit] = unit < units ? slot_bias<Cell>(layer, s, unit) : 0.0f;
}

// The head's weights, its bias padded (read by forward alone).
struct RowHead {
  Rows kernel;
  const float* bias;
};

inline RowHead plan_row_head(const Stack& s, float*& to) {
  if (s.head == nullptr) return {};
  const size_t outputs = s.head->outputs;
  const RowHead head = {by_rows(s.head->kernel, s.layers[s.depth - 1].units, 1, outputs, to), to};
  if (s.head->bias != nullptr) copy_padded(to, s.head->bias, outputs);
  to += padded(outputs);
  return head;
}

// All steps, or the last.
inline void put_out_rows(const Forward& call, const RowMemory& m, const RowHead& head, size_t series) {
  const Stack& s = call.stack;
  const RowLayer& top = m.layers[s.depth - 1];
  const size_t width = outputs_of(s), steps = steps_out(s);
  for (size_t t = 0; t < steps; ++t) {
    const float* const h = top.h + (s.time - steps + t + 1) * top.h_step;
    if (s.head != nullptr)
      row_product(m.outputs, head.bias, padded(width), head.kernel, 0, h, head.kernel, kNone, nullptr);
    copy(call.outputs + (series * steps + t) * width, s.head != nullptr ? m.outputs : h, width);
  }
}

// How many slots, from `first` on, are products with gates that lie side by side: they are one product of more columns,
// and more sums that are under way at once.
template <class Cell>
constexpr int side_by_side(int first, int end) {
  int next = first + 1;
  for (; next < end; ++next) {
    const int in = Cell::input_gate[next - 1], rec = Cell::recurrent_gate[next - 1];
    if (in == kNone || rec == kNone || Cell::input_gate[next] != in + 1 || Cell::recurrent_gate[next] != rec + 1) break;
  }
  return next - first;
}

// The products of the slots from `first` to `end`, `state` in the place of h for late ones.
template <class Cell>
LOOPCAST_INLINE void row_products(const RowPlan<Cell>& plan, int first, int end, float* slots, size_t size,
                                  const float* x, const float* state) {
  for (int slot = first, count; slot < end; slot += count) {
    count = side_by_side<Cell>(slot, end);
    row_product(slots + slot * size, plan.bias + slot * size, count * size, plan.kernel, Cell::input_gate[slot], x,
                plan.recurrent, Cell::recurrent_gate[slot], state);
  }
}

template <class Cell>
void forward_series(const Forward& call, const RowPlan<Cell>* plans, const RowHead& head, size_t series) {
  const Stack& s = call.stack;
  const RowMemory m = row_memory(s, call.training, call.workspace, series);
  load_series(call, m, series);
  for (size_t l = 0; l < s.depth; ++l) {
    const RowLayer& layer = m.layers[l];
    const RowPlan<Cell>& plan = plans[l];
    const size_t units = s.layers[l].units, size = padded(units);
    copy_padded(layer.h, s.layers[l].state[0] + series * units, units);
    if (Cell::kStates == 2) copy_padded(layer.c, s.layers[l].state[1] + series * units, units);
    for (size_t t = 0; t < s.time; ++t) {
      const float* const x = l == 0 ? m.inputs + t * s.layers[0].inputs : m.layers[l - 1].h + (t + 1) * m.layers[l - 1].h_step;
      float *const h = layer.h + t * layer.h_step, *const c = layer.c + t * layer.c_step;
      float* const slots = layer.slots + t * layer.slot_step;
      const Advance step = {size, slots, h, c, h + layer.h_step, c + layer.c_step, keep_at(m.keep, t)};
      row_products(plan, Cell::kLate, Cell::kProducts, slots, size, x, h);
      if constexpr (Cell::kLate > 0) {
        Cell::reset(step);
        row_products(plan, 0, Cell::kLate, slots, size, x, slots + Cell::kProducts * size);
      }
      Cell::advance(step);
    }
    copy(s.layers[l].final_state[0] + series * units, layer.h + s.time * layer.h_step, units);
    if (Cell::kStates == 2)
      copy(s.layers[l].final_state[1] + series * units, layer.c + s.time * layer.c_step, units);
  }
  put_out_rows(call, m, head, series);
}

// The gradient by a series' outputs of the head, [step or last][padded output].
inline float* row_head_gradient(const Backward& call, size_t series) {
  const Stack& s = call.stack;
  return call.workspace + series * backward_row_floats(s) + (2 * s.time + 2) * padded(widest(s));
}

// The gradient by the last layer's outputs, zero at the steps that were not put out.
inline void load_row_gradient(const Backward& call, const RowHead& head, float* outputs, size_t row, size_t series) {
  const Stack& s = call.stack;
  const size_t width = outputs_of(s), given = steps_out(s);
  const int only[] = {0};
  float* by_outputs = row_head_gradient(call, series);
  for (size_t i = 0; i < s.time * row; ++i) outputs[i] = 0.0f;
  for (size_t t = 0; t < given; ++t) {
    float* const to = outputs + (s.time - given + t) * row;
    const float* const from = call.outputs + (series * given + t) * width;
    if (s.head == nullptr) {
      copy(to, from, width);
      continue;
    }
    copy_padded(by_outputs, from, width);
    dot_rows<1>(to, head.kernel, only, by_outputs);
    by_outputs += padded(width);
  }
}

template <class Cell>
void backward_series(const Backward& call, const RowPlan<Cell>* plans, const RowHead& head, size_t series) {
  const Stack& s = call.stack;
  const RowMemory m = row_memory(s, true, call.residuals, series);
  const size_t widest_row = padded(widest(s)), sequence = s.time * widest_row;
  float* outputs = call.workspace + series * backward_row_floats(s);
  float* inputs = outputs + sequence;
  float *const dh = inputs + sequence, *const dc = dh + widest_row;
  load_row_gradient(call, head, outputs, widest_row, series);
  for (size_t l = s.depth; l-- > 0;) {
    const RowLayer& layer = m.layers[l];
    const LayerGradient& gradient = call.layers[l];
    const size_t units = s.layers[l].units, size = padded(units);
    const bool wanted = l > 0 || call.inputs != nullptr;
    copy_padded(dh, gradient.final_state[0] + series * units, units);
    if (Cell::kStates == 2) copy_padded(dc, gradient.final_state[1] + series * units, units);
    if (wanted)
      for (size_t i = 0; i < sequence; ++i) inputs[i] = 0.0f;
    for (size_t t = s.time; t-- > 0;) {
      for (size_t at = 0; at < size; at += kWidth) store(dh + at, load(dh + at) + load(outputs + t * widest_row + at));
      float* const slots = layer.slots + t * layer.slot_step;
      const float *const h = layer.h + t * layer.h_step, *const c = layer.c + t * layer.c_step;
      const Retreat step = {size, slots, h, c, h + layer.h_step, dh, dc, keep_at(m.keep, t)};
      Cell::retreat(step);
      if constexpr (Cell::kLate > 0) {
        for (size_t at = 0; at < size; ++at) dc[at] = 0.0f;
        dot_rows<Cell::kLate>(dc, plans[l].recurrent, Cell::recurrent_gate, slots);
        Cell::retreat_reset(step);
      }
      dot_rows<Cell::kGates - Cell::kLate>(dh, plans[l].recurrent, Cell::recurrent_gate + Cell::kFirstRecurrent,
                                           slots + Cell::kFirstRecurrent * size);
      if (wanted)
        dot_rows<Cell::kGates>(inputs + t * widest_row, plans[l].kernel, Cell::input_gate + Cell::kFirstInput,
                               slots + Cell::kFirstInput * size);
    }
    copy(gradient.state[0] + series * units, dh, units);
    if (Cell::kStates == 2) copy(gradient.state[1] + series * units, dc, units);
    float* const swapped = outputs;
    outputs = inputs;
    inputs = swapped;
  }
  const size_t width = s.layers[0].inputs;
  if (call.inputs != nullptr)
    for (size_t t = 0; t < s.time; ++t)
      copy(call.inputs + (series * s.time + t) * width, outputs + t * widest_row, width);
}

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kOuterRows = 6, kOuterParts = 4;
#else
constexpr int kOuterRows = 3, kOuterParts = 4;
#endif

// out[r][c] = sum over series and steps of x[r] dz[c], for R rows and N vectors, of which `columns` numbers are
// wanted. Series and Series' steps as in `gradient`, a series in place of a group.
template <int R, int N>
void outer_block(float* out, size_t stride, size_t columns, Series x, Series dz, size_t steps, size_t series) {
  Part sum[R][N] = {};
  for (size_t b = 0; b < series; ++b)
    for (size_t t = 0; t < steps; ++t) {
      const float *const xs = x.at + b * x.group + t * x.step, *const ds = dz.at + b * dz.group + t * dz.step;
      Part d[N];
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

using OuterBlock = void (*)(float*, size_t, size_t, Series, Series, size_t, size_t);

template <int... I>
constexpr OuterBlock outer_block_of(size_t rows, size_t parts, std::integer_sequence<int, I...>) {
  constexpr OuterBlock table[] = {outer_block<I / kOuterParts + 1, I % kOuterParts + 1>...};
  return table[(rows - 1) * kOuterParts + parts - 1];
}

inline void outer(float* out, size_t stride, Series x, size_t rows, Series dz, size_t columns, size_t steps,
                  size_t series) {
  const Blocks down = cut(rows, kOuterRows), across = cut(divide_up(columns, kWidth), kOuterParts);
  for (size_t r = 0; r < rows; r += down.width)
    for (size_t first = 0; first < columns; first += across.width * kWidth) {
      const size_t some = smaller(across.width * kWidth, columns - first);
      const auto block = outer_block_of(smaller(down.width, rows - r), divide_up(some, kWidth),
                                        std::make_integer_sequence<int, kOuterRows * kOuterParts>{});
      block(out + r * stride + first, stride, some, {x.at + r, x.step, x.group}, {dz.at + first, dz.step, dz.group},
            steps, series);
    }
}

// The gradients by the weights of one layer that one slot gives.
template <class Cell>
void row_weights(const Backward& call, size_t l, int slot) {
  const Stack& s = call.stack;
  const RowMemory m = row_memory(s, true, call.residuals, 0);
  const RowLayer& layer = m.layers[l];
  const LayerGradient& gradients = call.layers[l];
  const size_t units = s.layers[l].units, width = s.layers[l].inputs, row = Cell::kGates * units;
  const size_t apart = row_series_floats(s, true);
  const Series dz = {layer.slots + slot * padded(units), layer.slot_step, apart};
  const Series below = l == 0 ? Series{m.inputs, width, apart}
                              : Series{m.layers[l - 1].h + m.layers[l - 1].h_step, m.layers[l - 1].h_step, apart};
  const float one = 1.0f;
  const bool late = slot < Cell::kLate;
  const Series before = {late ? layer.slots + Cell::kProducts * padded(units) : layer.h,
                         late ? layer.slot_step : layer.h_step, apart};
  const Series ones = {&one, 0, 0};
  const int in = Cell::input_gate[slot], rec = Cell::recurrent_gate[slot];
  if (in != kNone) {
    outer(gradients.kernel + in * units, row, below, width, dz, units, s.time, s.batch);
    outer(gradients.bias + in * units, row, ones, 1, dz, units, s.time, s.batch);
  }
  if (rec != kNone) {
    outer(gradients.recurrent_kernel + rec * units, row, before, units, dz, units, s.time, s.batch);
    if (Cell::kBiasRows == 2) outer(gradients.bias + row + rec * units, row, ones, 1, dz, units, s.time, s.batch);
  }
}

inline void row_head_weights(const Backward& call) {
  const Stack& s = call.stack;
  const RowLayer top = row_memory(s, true, call.residuals, 0).layers[s.depth - 1];
  const size_t outputs = s.head->outputs, steps = steps_out(s);
  const float one = 1.0f;
  const Series h = {top.h + (s.time - steps + 1) * top.h_step, top.h_step, row_series_floats(s, true)};
  const Series dz = {row_head_gradient(call, 0), padded(outputs), backward_row_floats(s)};
  outer(call.head.kernel, outputs, h, s.layers[s.depth - 1].units, dz, outputs, steps, s.batch);
  outer(call.head.bias, outputs, {&one, 0, 0}, 1, dz, outputs, steps, s.batch);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
