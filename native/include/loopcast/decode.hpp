// The decoder of steps ahead: neighbouring steps in time are the lanes, and one of the batch is a task.
#pragma once

#include "loopcast/run.hpp"
#include "loopcast/transpose.hpp"
#include "loopcast/workspace.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

inline size_t work_of(const Decoder& d) { return d.batch * d.time * d.horizon * kMixed * (d.outputs + 1); }

// value, but not below zero; NaN stays NaN.
LOOPCAST_INLINE Part rectified(Part value) {
#if defined(__AVX512F__)
  return _mm512_max_ps(Part{}, value);
#elif defined(__AVX2__)
  return _mm256_max_ps(Part{}, value);
#elif defined(__SSE2__)
  return _mm_max_ps(Part{}, value);
#else
  return value < Part{} ? Part{} : value;
#endif
}

// What is above zero of `value` where `hidden` is, else zero.
LOOPCAST_INLINE Part where_positive(Part hidden, Part value) { return hidden > Part{} ? value : Part{}; }

inline void clear(float* floats, size_t count) {
  for (size_t i = 0; i < count; ++i) floats[i] = 0.0f;
}

// One task's part of the workspace: a row of steps for each hidden number, and for each output.
struct Laid {
  Laid(const Decoder& d, size_t number, bool backward)
      : width(padded(d.time)), known_width(width + d.horizon), rows(d.time + d.horizon - 1) {
    mixed = d.workspace + number * decoder_floats(d, backward);
    known = mixed + mixed_floats(d);
    by_step = known + known_floats(d);
    by_mixed = by_step + output_floats(d);
    by_known = by_mixed + mixed_floats(d);
    by_readout = by_known + known_floats(d);
    clear(mixed, mixed_floats(d) + known_floats(d) + (backward ? output_floats(d) : 0));
    transpose(mixed, width, d.mixed + number * d.time * kMixed, kMixed, kMixed, d.time);
    transpose(known, known_width, d.known + number * rows * kMixed, kMixed, kMixed, rows);
  }
  size_t width, known_width, rows;
  float *mixed, *known, *by_step, *by_mixed, *by_known, *by_readout;
};

LOOPCAST_INLINE Part hidden_at(const Laid& laid, size_t j, size_t h, size_t t) {
  return rectified(load(laid.mixed + j * laid.width + t) + load(laid.known + j * laid.known_width + t + h));
}

inline void decode_steps(const Decoder& d, const Laid& laid, size_t h, size_t t) {
  for (size_t k = 0; k < d.outputs; ++k) {
    Part sum = {};
    unroll<kMixed>([&](auto j) { sum += d.readout[k * kMixed + j] * hidden_at(laid, j, h, t); });
    store(laid.by_step + (h * d.outputs + k) * laid.width + t, sum);
  }
}

inline void decode(const Decoder& d, float* outputs, Runner runner) {
  run(runner, d.batch, work_of(d), [&](size_t number) {
    const Laid laid(d, number, false);
    for (size_t h = 0; h < d.horizon; ++h)
      for (size_t t = 0; t < d.time; t += kWidth) decode_steps(d, laid, h, t);
    const size_t each = d.horizon * d.outputs;
    transpose(outputs + number * d.time * each, each, laid.by_step, laid.width, d.time, each);
  });
}

// Of kWidth steps from t on, at all steps ahead. Where a step is none, the gradient by its outputs is zero.
inline void back_steps(const Decoder& d, const Laid& laid, size_t t) {
  Part by_mixed[kMixed] = {};
  for (size_t h = 0; h < d.horizon; ++h) {
    const float* const by_outputs = laid.by_step + h * d.outputs * laid.width + t;
    unroll<kMixed>([&](auto j) {
      const Part hidden = hidden_at(laid, j, h, t);
      Part gradient = {};
      for (size_t k = 0; k < d.outputs; ++k) {
        const Part by_output = load(by_outputs + k * laid.width);
        float* const sum = laid.by_readout + (k * kMixed + j) * kLanes;
        store(sum, load(sum) + by_output * hidden);
        gradient += d.readout[k * kMixed + j] * by_output;
      }
      gradient = where_positive(hidden, gradient);
      by_mixed[j] += gradient;
      float* const by_known = laid.by_known + j * laid.known_width + t + h;
      store(by_known, load(by_known) + gradient);
    });
  }
  unroll<kMixed>([&](auto j) { store(laid.by_mixed + j * laid.width + t, by_mixed[j]); });
}

inline void sum_lanes(const Decoder& d, const Laid& laid, float* by_readout) {
  for (size_t w = 0; w < d.outputs * kMixed; ++w) {
    by_readout[w] = 0.0f;
    for (int i = 0; i < kWidth; ++i) by_readout[w] += laid.by_readout[w * kLanes + i];
  }
}

inline void decode_backward(const Decoder& d, const DecoderGradient& g, Runner runner) {
  run(runner, d.batch, 3 * work_of(d), [&](size_t number) {
    const Laid laid(d, number, true);
    const size_t each = d.horizon * d.outputs;
    transpose(laid.by_step, laid.width, g.by_outputs + number * d.time * each, each, each, d.time);
    clear(laid.by_mixed, gradient_floats(d));
    for (size_t t = 0; t < d.time; t += kWidth) back_steps(d, laid, t);
    transpose(g.by_mixed + number * d.time * kMixed, kMixed, laid.by_mixed, laid.width, d.time, kMixed);
    transpose(g.by_known + number * laid.rows * kMixed, kMixed, laid.by_known, laid.known_width, laid.rows, kMixed);
    sum_lanes(d, laid, g.by_readout + number * d.outputs * kMixed);
  });
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
