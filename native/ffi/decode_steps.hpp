// Checks a call of the decoder that steps share, and of the reading of its quantiles; spreads rows over threads.
#pragma once

#include <memory>
#include <new>

#include "loopcast/origin.hpp"
#include "loopcast/vector.hpp"
#include "origin_status.hpp"
#include "own_threads.hpp"

namespace loopcast {

constexpr size_t kStepWorkPerThread = 2'000'000;  // multiply-adds; with fewer, starting a thread costs more

inline OriginStatus check_decoder(const StepDecoder& d) {
  if (!all_there({d.known, d.step, d.bias, d.second, d.second_bias, d.readout, d.readout_bias}))
    return OriginStatus::no_call;
  return d.units == 0 || d.units % plain::kLanes != 0 ? OriginStatus::bad_units : OriginStatus::ok;
}

inline OriginStatus check_decode(const StepDecode* call) {
  if (call == nullptr || !all_there({call->state, call->inputs, call->candidates, call->codes, call->quantiles}))
    return OriginStatus::no_call;
  return check_decoder(call->decoder);
}

// Each task takes a part of the rows.
inline OriginStatus decode_steps(const StepDecode& call) {
  const StepDecoder& d = call.decoder;
  const size_t work = call.rows * call.steps * d.units * (d.candidates + d.codes + 2 * d.units);
  const size_t tasks = std::max<size_t>(std::min({call.threads, work / kStepWorkPerThread + 1, call.rows}), 1);
  const size_t floats = step_decoder_workspace(d);
  const std::unique_ptr<float[]> workspace(new (std::nothrow) float[tasks * floats]);
  if (workspace == nullptr) return OriginStatus::no_memory;
  run_in_threads(tasks, tasks, [&](size_t task) {
    kernels().decode_steps(call, call.rows * task / tasks, call.rows * (task + 1) / tasks,
                           workspace.get() + task * floats);
  });
  return OriginStatus::ok;
}

inline OriginStatus check_reading(const causal::Reading& reading) {
  if (!all_there({reading.left, reading.share})) return OriginStatus::no_call;
  for (size_t p = 0; p < reading.probabilities; ++p)
    if (reading.left[p] < 0 || reading.left[p] >= static_cast<int64_t>(2 * kSide)) return OriginStatus::bad_probability;
  return reading.probabilities == 0 ? OriginStatus::bad_probability : OriginStatus::ok;
}

inline OriginStatus check_read(const ReadCall* c) {
  if (c == nullptr || !all_there({c->quantiles, c->base, c->scale, c->unit, c->first, c->highest, c->curved,
                                  c->repeated, c->values}))
    return OriginStatus::no_call;
  return check_reading(c->reading);
}

inline void read(const ReadCall& c) {
  for (size_t row = 0; row < c.rows; ++row) {
    const causal::Limits limits = {{c.curved[row] != 0, c.unit[row], c.first[row]}, c.scale[row], c.highest[row]};
    const size_t at = row * c.steps;
    causal::read_steps(limits, c.reading, c.steps, c.base + at, c.quantiles + at * (2 * kSide + 1), 2 * kSide + 1,
                       c.repeated + at, c.values + at * c.reading.probabilities);
  }
}

}  // namespace loopcast
