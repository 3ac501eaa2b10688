// A decoder of random sizes: what it gives is held against its definition, and its gradients against sums of that.
#pragma once

#include <cstdio>
#include <vector>

#include "guarded.hpp"
#include "loopcast/kernels.hpp"

namespace loopcast {

inline bool near(float a, double b) { return std::abs(a - b) <= 1e-4 * (1 + std::abs(b)); }

struct DecoderSums {
  explicit DecoderSums(const Decoder& d)
      : outputs(d.batch * d.time * d.horizon * d.outputs), by_mixed(d.batch * d.time * kMixed),
        by_known(d.batch * (d.time + d.horizon - 1) * kMixed), by_readout(d.batch * d.outputs * kMixed) {}
  std::vector<double> outputs, by_mixed, by_known, by_readout;
};

inline DecoderSums by_definition(const Decoder& d, const float* by_outputs) {
  DecoderSums sums(d);
  const size_t rows = d.time + d.horizon - 1;
  for (size_t b = 0; b < d.batch; ++b)
    for (size_t t = 0; t < d.time; ++t)
      for (size_t h = 0; h < d.horizon; ++h)
        for (size_t k = 0; k < d.outputs; ++k)
          for (size_t j = 0; j < kMixed; ++j) {
            const size_t out = ((b * d.time + t) * d.horizon + h) * d.outputs + k;
            const size_t mixed = (b * d.time + t) * kMixed + j, known = (b * rows + t + h) * kMixed + j;
            const float hidden = d.mixed[mixed] + d.known[known];
            if (hidden <= 0) continue;
            sums.outputs[out] += double{hidden} * d.readout[k * kMixed + j];
            sums.by_mixed[mixed] += double{by_outputs[out]} * d.readout[k * kMixed + j];
            sums.by_known[known] += double{by_outputs[out]} * d.readout[k * kMixed + j];
            sums.by_readout[(b * d.outputs + k) * kMixed + j] += double{by_outputs[out]} * hidden;
          }
  return sums;
}

inline bool all_near(const Guarded& got, const std::vector<double>& wanted) {
  for (size_t i = 0; i < wanted.size(); ++i)
    if (!near(got.floats[i], wanted[i])) return false;
  return true;
}

// Whether one random call gives what it should, and touches nothing beyond its buffers.
inline bool decoder_holds(int number, Runner runner) {
  Decoder d = {};
  d.batch = one_of({0, 1, 3});
  d.time = one_of({0, 1, 3, 15, 16, 17, 40});
  d.horizon = one_of({1, 2, 17, 24});
  d.outputs = one_of({1, 2, 9});
  const size_t rows = d.time + d.horizon - 1;
  const Guarded mixed = normal(d.batch * d.time * kMixed), known = normal(d.batch * rows * kMixed),
                readout = normal(d.outputs * kMixed), by_outputs = normal(d.batch * d.time * d.horizon * d.outputs),
                outputs(by_outputs.size), by_mixed(mixed.size), by_known(known.size),
                by_readout(d.batch * d.outputs * kMixed), workspace(decoder_workspace(d, false)),
                more_workspace(decoder_workspace(d, true));
  d.mixed = mixed.floats;
  d.known = known.floats;
  d.readout = readout.floats;
  d.workspace = workspace.floats;
  kernels().decode(d, outputs.floats, runner);
  d.workspace = more_workspace.floats;
  kernels().decode_backward(d, {by_outputs.floats, by_mixed.floats, by_known.floats, by_readout.floats}, runner);
  const DecoderSums wanted = by_definition(d, by_outputs.floats);
  if (all_near(outputs, wanted.outputs) && all_near(by_mixed, wanted.by_mixed) && all_near(by_known, wanted.by_known) &&
      all_near(by_readout, wanted.by_readout))
    return true;
  std::printf("case %d: a decoder is wrong (batch %zu, time %zu, horizon %zu, outputs %zu)\n", number, d.batch, d.time,
              d.horizon, d.outputs);
  return false;
}

}  // namespace loopcast
