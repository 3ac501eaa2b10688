// The decoder that all steps ahead share: the units are the lanes, and several steps go through a product at once.
#pragma once

#include "loopcast/activations.hpp"
#include "loopcast/logarithm.hpp"
#include "loopcast/row_product.hpp"
#include "loopcast/workspace.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

constexpr int kStepRows = 6;                          // steps of a block, so that a weight is read once for all
constexpr int kStepVecs = kAccumulators / kStepRows;  // and vectors of units
constexpr float kMedianGain = 3.0f;

// Rows of numbers, each `stride` floats after the one before.
struct StepRows {
  const float* data;
  size_t width, stride;
};

// out[r][n] = start[n] + sum_k x[r][k] a[k][n] + sum_k y[r][k] b[k][n] for R steps and N vectors. a's and b's rows are
// `columns` floats long.
template <int R, int N>
void step_block(float* out, size_t columns, const float* start, const float* a, const StepRows& x, const float* b,
                const StepRows& y) {
  Vec sum[R][N];
  unroll<R>([&](auto r) __attribute__((always_inline)) {
    unroll<N>([&](auto n) __attribute__((always_inline)) { sum[r][n] = load(start + n * kWidth); });
  });
  const auto add = [&](const float* w, const StepRows& rows) __attribute__((always_inline)) {
    for (size_t k = 0; k < rows.width; ++k, w += columns) {
      Vec weights[N];
      unroll<N>([&](auto n) __attribute__((always_inline)) { weights[n] = load(w + n * kWidth); });
      unroll<R>([&](auto r) __attribute__((always_inline)) {
        const float number = rows.data[r * rows.stride + k];
        unroll<N>([&](auto n) __attribute__((always_inline)) { sum[r][n] += number * weights[n]; });
      });
    }
  };
  add(a, x);
  add(b, y);
  unroll<R>([&](auto r) __attribute__((always_inline)) {
    unroll<N>([&](auto n) __attribute__((always_inline)) { store(out + r * columns + n * kWidth, sum[r][n]); });
  });
}

using StepBlock = void (*)(float*, size_t, const float*, const float*, const StepRows&, const float*, const StepRows&);

template <int... I>
constexpr StepBlock step_block_of(size_t rows, size_t vecs, std::integer_sequence<int, I...>) {
  constexpr StepBlock table[] = {step_block<I / kStepVecs + 1, I % kStepVecs + 1>...};
  return table[(rows - 1) * kStepVecs + vecs - 1];
}

// The same for any number of steps and of columns, which are whole vectors; out is [step][column].
inline void step_product(float* out, size_t steps, size_t columns, const float* start, const float* a, StepRows x,
                         const float* b, StepRows y) {
  const Blocks blocks = split(steps, kStepRows);
  for (size_t r = 0; r < steps; r += blocks.width)
    for (size_t c = 0; c < columns; c += kStepVecs * kWidth) {
      const auto block = step_block_of(smaller(blocks.width, steps - r), smaller(kStepVecs, (columns - c) / kWidth),
                                       std::make_integer_sequence<int, kStepRows * kStepVecs>{});
      block(out + r * columns + c, columns, start + c, a + c, {x.data + r * x.stride, x.width, x.stride}, b + c,
            {y.data + r * y.stride, y.width, y.stride});
    }
}

// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)
LOOPCAST_INLINE Vec softplus(Vec x) {
  const Vec size = absolute(x);
  return 0.5f * (x + size) + log1p(power_of_two(size, -kLog2OfE));
}

// One task's part of the workspace.
struct StepMemory {
  StepMemory(const StepDecoder& d, float* next)
      : known(next), bent(known + d.units), hidden(bent + padded(kStepChunk * d.candidates)),
        second(hidden + kStepChunk * d.units), outputs(second + kStepChunk * d.units) {}
  float *known, *bent, *hidden, *second, *outputs;
};

// A step's quantiles, from its outputs and candidates.
LOOPCAST_INLINE void put_quantiles(const StepDecoder& d, const float* candidates, const float* outputs, float* gaps,
                                   float* to) {
  for (size_t i = 0; i < gaps_of(); i += kWidth) store(gaps + i, softplus(load(gaps + i)));
  float median = kMedianGain * outputs[0];
  for (size_t i = 0; i < d.candidates; ++i) median += outputs[1 + i] * candidates[i];
  to[kSide] = median;
  for (size_t i = 0; i < kSide; ++i) {
    to[kSide - 1 - i] = to[kSide - i] - gaps[i];
    to[kSide + 1 + i] = to[kSide + i] + gaps[kSide + i];
  }
}

inline void decode_chunk(const StepDecoder& d, const StepMemory& m, size_t steps, const float* candidates,
                         const float* codes, float* quantiles) {
  const size_t numbers = steps * d.candidates, units = steps * d.units, outputs = shares_of(d) + gaps_of();
  for (size_t i = 0; i < padded(numbers); ++i) m.bent[i] = i < numbers ? candidates[i] : 0.0f;
  for (size_t i = 0; i < numbers; i += kWidth) store(m.bent + i, asinh(load(m.bent + i)));
  step_product(m.hidden, steps, d.units, m.known, d.step, {m.bent, d.candidates, d.candidates},
               d.step + d.candidates * d.units, {codes, d.codes, d.codes});
  for (size_t i = 0; i < units; i += kWidth) store(m.hidden + i, tanh(load(m.hidden + i)));
  const StepRows none = {nullptr, 0, 0};
  step_product(m.second, steps, d.units, d.second_bias, d.second, {m.hidden, d.units, d.units}, nullptr, none);
  for (size_t i = 0; i < units; i += kWidth) store(m.hidden + i, load(m.hidden + i) + tanh(load(m.second + i)));
  step_product(m.outputs, steps, outputs, d.readout_bias, d.readout, {m.hidden, d.units, d.units}, nullptr, none);
  for (size_t i = 0; i < steps; ++i)
    put_quantiles(d, candidates + i * d.candidates, m.outputs + i * outputs, m.outputs + i * outputs + shares_of(d),
                  quantiles + i * (2 * kSide + 1));
}

// Rows from `first` on, before `last`; workspace: step_decoder_floats.
inline void decode_rows(const StepDecode& call, size_t first, size_t last, float* workspace) {
  const StepDecoder& d = call.decoder;
  const StepMemory m(d, workspace);
  const RowMatrix state = {d.known, d.state, d.units, d.units};
  const RowMatrix inputs = {d.known + d.state * d.units, d.inputs, d.units, d.units};
  for (size_t row = first; row < last; ++row) {
    const float *const x = call.state + row * d.state, *const y = call.inputs + row * d.inputs;
    row_product(m.known, d.bias, d.units, state, 0, x);
    row_product(m.known, m.known, d.units, inputs, 0, y);
    for (size_t h = 0; h < call.steps; h += kStepChunk) {
      const size_t at = row * call.steps + h;
      decode_chunk(d, m, smaller(kStepChunk, call.steps - h), call.candidates + at * d.candidates,
                   call.codes + at * d.codes, call.quantiles + at * (2 * kSide + 1));
    }
  }
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
