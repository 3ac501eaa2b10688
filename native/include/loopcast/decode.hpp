// The decoder: steps that follow one another are the lanes, and one series of the batch is a task.
#pragma once

#include "loopcast/run.hpp"
#include "loopcast/transpose.hpp"
#include "loopcast/workspace.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

inline size_t work_of(const Decoder& d) { return d.batch * d.time * d.horizon * kDecoderUnits * (d.outputs + 1); }

// max(value, 0); NaN stays NaN.
LOOPCAST_INLINE Vec relu(Vec value) {
#if defined(__AVX512F__)
  return _mm512_max_ps(Vec{}, value);
#elif defined(__AVX2__)
  return _mm256_max_ps(Vec{}, value);
#elif defined(__SSE2__)
  return _mm_max_ps(Vec{}, value);
#else
  return value < Vec{} ? Vec{} : value;
#endif
}

// `value` in the lanes where `hidden` is above zero, else zero.
LOOPCAST_INLINE Vec where_positive(Vec hidden, Vec value) { return hidden > Vec{} ? value : Vec{}; }

inline void clear(float* floats, size_t count) {
  for (size_t i = 0; i < count; ++i) floats[i] = 0.0f;
}

// One series' part of the workspace: a row of steps for each hidden unit, and for each output of each step ahead.
// The d_ arrays are gradients; d_readout has a sum for each lane.
struct DecoderMemory {
  DecoderMemory(const Decoder& d, size_t series, bool backward)
      : width(padded(d.time)), future_width(width + d.horizon), future_steps(d.time + d.horizon - 1) {
    from_state = d.workspace + series * decoder_floats(d, backward);
    from_future = from_state + state_floats(d);
    outputs = from_future + future_floats(d);
    d_state = outputs + output_floats(d);
    d_future = d_state + state_floats(d);
    d_readout = d_future + future_floats(d);
    clear(from_state, state_floats(d) + future_floats(d) + (backward ? output_floats(d) : 0));
    transpose(from_state, width, d.from_state + series * d.time * kDecoderUnits, kDecoderUnits, kDecoderUnits, d.time);
    transpose(from_future, future_width, d.from_future + series * future_steps * kDecoderUnits, kDecoderUnits,
              kDecoderUnits, future_steps);
  }
  size_t width, future_width, future_steps;
  float *from_state, *from_future, *outputs, *d_state, *d_future, *d_readout;
};

// Hidden unit j of kWidth steps from t on, h steps ahead.
LOOPCAST_INLINE Vec hidden_at(const DecoderMemory& m, size_t j, size_t h, size_t t) {
  return relu(load(m.from_state + j * m.width + t) + load(m.from_future + j * m.future_width + t + h));
}

// The outputs of kWidth steps from t on, h steps ahead.
inline void decode_steps(const Decoder& d, const DecoderMemory& m, size_t h, size_t t) {
  for (size_t k = 0; k < d.outputs; ++k) {
    Vec sum = {};
    unroll<kDecoderUnits>([&](auto j) { sum += d.readout[k * kDecoderUnits + j] * hidden_at(m, j, h, t); });
    store(m.outputs + (h * d.outputs + k) * m.width + t, sum);
  }
}

inline void decode(const Decoder& d, float* outputs, Runner runner) {
  run(runner, d.batch, work_of(d), [&](size_t series) {
    const DecoderMemory m(d, series, false);
    for (size_t h = 0; h < d.horizon; ++h)
      for (size_t t = 0; t < d.time; t += kWidth) decode_steps(d, m, h, t);
    const size_t numbers = d.horizon * d.outputs;
    transpose(outputs + series * d.time * numbers, numbers, m.outputs, m.width, d.time, numbers);
  });
}

// The gradients of kWidth steps from t on, at all steps ahead. m.outputs holds the gradient by the outputs, which is
// zero in the lanes behind the last step.
inline void decode_backward_steps(const Decoder& d, const DecoderMemory& m, size_t t) {
  Vec d_state[kDecoderUnits] = {};
  for (size_t h = 0; h < d.horizon; ++h) {
    const float* const d_outputs = m.outputs + h * d.outputs * m.width + t;
    unroll<kDecoderUnits>([&](auto j) {
      const Vec hidden = hidden_at(m, j, h, t);
      Vec gradient = {};
      for (size_t k = 0; k < d.outputs; ++k) {
        const Vec d_output = load(d_outputs + k * m.width);
        float* const sum = m.d_readout + (k * kDecoderUnits + j) * kLanes;
        store(sum, load(sum) + d_output * hidden);
        gradient += d.readout[k * kDecoderUnits + j] * d_output;
      }
      gradient = where_positive(hidden, gradient);
      d_state[j] += gradient;
      float* const d_future = m.d_future + j * m.future_width + t + h;
      store(d_future, load(d_future) + gradient);
    });
  }
  unroll<kDecoderUnits>([&](auto j) { store(m.d_state + j * m.width + t, d_state[j]); });
}

inline void sum_lanes(const Decoder& d, const DecoderMemory& m, float* d_readout) {
  for (size_t w = 0; w < d.outputs * kDecoderUnits; ++w) {
    d_readout[w] = 0.0f;
    for (int i = 0; i < kWidth; ++i) d_readout[w] += m.d_readout[w * kLanes + i];
  }
}

inline void decode_backward(const Decoder& d, const DecoderGradient& g, Runner runner) {
  run(runner, d.batch, 3 * work_of(d), [&](size_t series) {
    const DecoderMemory m(d, series, true);
    const size_t numbers = d.horizon * d.outputs;
    transpose(m.outputs, m.width, g.outputs + series * d.time * numbers, numbers, numbers, d.time);
    clear(m.d_state, gradient_floats(d));
    for (size_t t = 0; t < d.time; t += kWidth) decode_backward_steps(d, m, t);
    transpose(g.from_state + series * d.time * kDecoderUnits, kDecoderUnits, m.d_state, m.width, d.time, kDecoderUnits);
    transpose(g.from_future + series * m.future_steps * kDecoderUnits, kDecoderUnits, m.d_future, m.future_width,
              m.future_steps, kDecoderUnits);
    sum_lanes(d, m, g.readout + series * d.outputs * kDecoderUnits);
  });
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
