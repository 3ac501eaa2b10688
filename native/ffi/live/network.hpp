// The pretrained network on one series: its record takes a row in, and says what comes after it, to the bits of a call
// for many.
#pragma once

#include <cmath>
#include <cstring>

#include "../decode_steps.hpp"
#include "../encode.hpp"
#include "../inline_runner.hpp"
#include "../step.hpp"
#include "loopcast/live/follower.hpp"

namespace loopcast::live {

inline size_t state_floats(const Stack& s) {
  size_t floats = 0;
  for (size_t l = 0; l < s.depth; ++l) floats += states_of(s.cell) * s.layers[l].units;
  return floats;
}

inline OriginStatus check_layers(const NetworkPlan& p) {
  const Stack& s = p.stack;
  if (s.layers == nullptr) return OriginStatus::no_call;
  if (s.depth < 1 || s.depth > kMaxDepth || s.batch != 1 || s.time != 1 || s.head != nullptr || s.masked)
    return OriginStatus::bad_network;
  if (static_cast<int32_t>(s.cell) < 0 || static_cast<int32_t>(s.cell) >= kCells) return OriginStatus::bad_network;
  for (size_t l = 1; l < s.depth; ++l)
    if (s.layers[l].inputs != s.layers[l - 1].units) return OriginStatus::bad_network;
  if (too_large(s)) return OriginStatus::bad_network;
  for (size_t l = 0; l < s.depth; ++l)
    if (!all_there({s.layers[l].kernel, s.layers[l].recurrent_kernel, s.layers[l].bias})) return OriginStatus::no_call;
  const bool fits = s.layers[0].inputs == causal::kInputs && p.decoder.inputs == causal::kInputs &&
                    p.decoder.candidates == causal::kCandidates && p.decoder.codes == causal::kCodes &&
                    p.decoder.state <= s.layers[s.depth - 1].units;
  return fits ? OriginStatus::ok : OriginStatus::bad_network;
}

// A plan is checked once, not at every row.
inline OriginStatus check_network(const NetworkPlan* plan) {
  if (plan == nullptr) return OriginStatus::no_call;
  if (!causal::season_fits(plan->season, plan->second)) return OriginStatus::bad_season;
  if (plan->places.probabilities != 1 + tracking::kPlaces) return OriginStatus::bad_probability;
  for (const OriginStatus status : {check_layers(*plan), check_decoder(plan->decoder), check_reading(plan->reading),
                                    check_reading(plan->places)})
    if (status != OriginStatus::ok) return status;
  return OriginStatus::ok;
}

class NetworkFollower final : public Follower {
 public:
  explicit NetworkFollower(const NetworkPlan& plan)
      : plan_(plan), shape_(causal::shape_of(plan.season, plan.second)), encoded_(whole_lines(shape_.bytes)),
        states_(state_floats(plan.stack)) {
    std::copy(plan.stack.layers, plan.stack.layers + plan.stack.depth, layers_);
    plan_.stack.layers = layers_;
  }

  size_t record_bytes() const override { return encoded_ + whole_lines(states_ * sizeof(float)); }

  size_t columns() const override { return plan_.reading.probabilities; }

  size_t workspace_bytes(size_t steps) const override {
    const size_t network = std::max(forward_workspace(plan_.stack, false), step_decoder_workspace(plan_.decoder));
    const size_t numbers = causal::kCandidates + causal::kCodes + 2 * kSide + 1;
    const size_t floats = causal::kInputs + plan_.stack.layers[plan_.stack.depth - 1].units + states_ + steps * numbers;
    return 2 * steps * sizeof(double) + (floats + network) * sizeof(float);
  }

  // Rows before the first value that is neither missing nor 0 are left out, as `left_align` does.
  void take(void* record, double y, void* workspace) const override {
    if (causal::rows_of(record) == 0 && (std::isnan(y) || y == 0)) return;
    causal::update(shape_, record, y, true);
    const Memory m = memory(workspace, 0);
    causal::inputs(shape_, record, m.inputs);
    Layer layers[kMaxDepth];
    float* const states = states_of_record(record);
    place_states(layers, states, m.states);
    Stack stack = plan_.stack;
    stack.layers = layers;
    kernels().forward({stack, m.inputs, nullptr, m.hidden, false, m.network}, kInlineRunner);
    std::memcpy(states, m.states, states_ * sizeof(float));
  }

  // 0 where nothing was seen yet.
  void read(const void* record, const Asked& asked, void* workspace) const override {
    const size_t numbers = asked.count * columns();
    if (causal::rows_of(record) == 0) return std::fill(asked.values, asked.values + numbers, 0.0);
    const Memory m = memory(workspace, asked.count);
    causal::inputs(shape_, record, m.inputs);
    const double scale =
        causal::look_ahead(shape_, record, {asked.count, asked.steps, m.base, m.candidates, m.codes});
    const float* const hidden = top_state(states_of_record(const_cast<void*>(record)));
    kernels().decode_steps({plan_.decoder, 1, asked.count, 1, hidden, m.inputs, m.candidates, m.codes, m.quantiles}, 0,
                           1, m.network);
    causal::repeat(shape_, record, asked.count, asked.steps, m.repeated);
    const causal::Limits limits = causal::limits_of(record, scale);
    const auto read = [&](const causal::Reading& reading, size_t count, double* to) {
      causal::read_steps(limits, reading, count, m.base, m.quantiles, 2 * kSide + 1, m.repeated, to);
    };
    read(plan_.reading, asked.count, asked.values);
    if (asked.places != nullptr) read(plan_.places, 1, asked.places);
  }

  bool ready(const void* record) const override { return causal::rows_of(record) > 0; }

  bool was_negative(const void* record) const override { return causal::was_negative(record); }

  double season_before(const void* record) const override {
    return causal::rows_of(record) == 0 ? NAN : causal::season_before(shape_, record);
  }

  bool intact(const void* record) const override { return causal::intact(shape_, record); }

 private:
  struct Memory {
    double *base, *repeated;
    float *inputs, *hidden, *states, *candidates, *codes, *quantiles, *network;
  };

  Memory memory(void* workspace, size_t steps) const {
    double* const base = static_cast<double*>(workspace);
    float* const inputs = reinterpret_cast<float*>(base + 2 * steps);
    float* const hidden = inputs + causal::kInputs;
    float* const states = hidden + plan_.stack.layers[plan_.stack.depth - 1].units;
    float* const candidates = states + states_;
    float* const codes = candidates + steps * causal::kCandidates;
    float* const quantiles = codes + steps * causal::kCodes;
    return {base, base + steps, inputs, hidden, states, candidates, codes, quantiles,
            quantiles + steps * (2 * kSide + 1)};
  }

  float* states_of_record(void* record) const {
    return reinterpret_cast<float*>(static_cast<char*>(record) + encoded_);
  }

  void place_states(Layer* layers, float* before, float* after) const {
    for (size_t l = 0; l < plan_.stack.depth; ++l) {
      layers[l] = layers_[l];
      for (size_t i = 0; i < states_of(plan_.stack.cell); ++i, before += layers[l].units, after += layers[l].units) {
        layers[l].state[i] = before;
        layers[l].final_state[i] = after;
      }
    }
  }

  // The last layer's output is the first array of its state.
  const float* top_state(const float* states) const {
    return states + states_ - states_of(plan_.stack.cell) * plan_.stack.layers[plan_.stack.depth - 1].units;
  }

  NetworkPlan plan_;
  Layer layers_[kMaxDepth];
  causal::Shape shape_;
  size_t encoded_, states_;
};

}  // namespace loopcast::live
