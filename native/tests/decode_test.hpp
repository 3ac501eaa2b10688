// A decoder of random sizes: its outputs against their definition, its gradients against sums of that.
#pragma once

#include <cstdio>
#include <vector>

#include "guarded.hpp"
#include "loopcast/kernels.hpp"

namespace loopcast {

inline bool near(float a, double b) { return std::abs(a - b) <= 1e-4 * (1 + std::abs(b)); }

struct DecoderSums {
  explicit DecoderSums(const Decoder& d)
      : outputs(d.batch * d.time * d.horizon * d.outputs), from_state(d.batch * d.time * kDecoderUnits),
        from_future(d.batch * (d.time + d.horizon - 1) * kDecoderUnits), readout(d.batch * d.outputs * kDecoderUnits) {}
  std::vector<double> outputs, from_state, from_future, readout;  // all but the outputs are gradients
};

inline DecoderSums by_definition(const Decoder& d, const float* d_outputs) {
  DecoderSums sums(d);
  const size_t rows = d.time + d.horizon - 1;
  for (size_t b = 0; b < d.batch; ++b)
    for (size_t t = 0; t < d.time; ++t)
      for (size_t h = 0; h < d.horizon; ++h)
        for (size_t k = 0; k < d.outputs; ++k)
          for (size_t j = 0; j < kDecoderUnits; ++j) {
            const size_t out = ((b * d.time + t) * d.horizon + h) * d.outputs + k;
            const size_t state = (b * d.time + t) * kDecoderUnits + j, future = (b * rows + t + h) * kDecoderUnits + j;
            const float hidden = d.from_state[state] + d.from_future[future], weight = d.readout[k * kDecoderUnits + j];
            if (hidden <= 0) continue;
            sums.outputs[out] += double{hidden} * weight;
            sums.from_state[state] += double{d_outputs[out]} * weight;
            sums.from_future[future] += double{d_outputs[out]} * weight;
            sums.readout[(b * d.outputs + k) * kDecoderUnits + j] += double{d_outputs[out]} * hidden;
          }
  return sums;
}

inline bool all_near(const Guarded& actual, const std::vector<double>& expected) {
  for (size_t i = 0; i < expected.size(); ++i)
    if (!near(actual.floats[i], expected[i])) return false;
  return true;
}

// Whether one random call computes what it should, and touches nothing beyond its buffers.
inline bool decoder_is_right(int number, Runner runner) {
  Decoder d = {};
  d.batch = one_of({0, 1, 3});
  d.time = one_of({0, 1, 3, 15, 16, 17, 40});
  d.horizon = one_of({1, 2, 17, 24});
  d.outputs = one_of({1, 2, 9});
  const size_t rows = d.time + d.horizon - 1;
  const Guarded from_state = normal(d.batch * d.time * kDecoderUnits),
                from_future = normal(d.batch * rows * kDecoderUnits), readout = normal(d.outputs * kDecoderUnits),
                d_outputs = normal(d.batch * d.time * d.horizon * d.outputs), outputs(d_outputs.size),
                d_state(from_state.size), d_future(from_future.size), d_readout(d.batch * d.outputs * kDecoderUnits),
                workspace(decoder_workspace(d, false)), backward_workspace(decoder_workspace(d, true));
  d.from_state = from_state.floats;
  d.from_future = from_future.floats;
  d.readout = readout.floats;
  d.workspace = workspace.floats;
  kernels().decode(d, outputs.floats, runner);
  d.workspace = backward_workspace.floats;
  kernels().decode_backward(d, {d_outputs.floats, d_state.floats, d_future.floats, d_readout.floats}, runner);
  const DecoderSums expected = by_definition(d, d_outputs.floats);
  if (all_near(outputs, expected.outputs) && all_near(d_state, expected.from_state) &&
      all_near(d_future, expected.from_future) && all_near(d_readout, expected.readout))
    return true;
  std::printf("case %d: a decoder is wrong (batch %zu, time %zu, horizon %zu, outputs %zu)\n", number, d.batch, d.time,
              d.horizon, d.outputs);
  return false;
}

}  // namespace loopcast
