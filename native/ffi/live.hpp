// One series row by row: its record takes a row in, and says what comes after it, to the bits of a call for many.
#pragma once

#include <cmath>
#include <cstring>

#include "decode_steps.hpp"
#include "encode.hpp"
#include "inline_runner.hpp"
#include "step.hpp"

namespace loopcast {

inline size_t state_floats(const Stack& s) {
  size_t floats = 0;
  for (size_t l = 0; l < s.depth; ++l) floats += states_of(s.cell) * s.layers[l].units;
  return floats;
}

inline OriginStatus check_network(const LivePlan& p) {
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

inline OriginStatus check_tracking(const LivePlan& plan) {
  const tracking::Plan& p = plan.tracking;
  if (!all_there({p.lead, p.misses, p.normal, p.columns, p.shares, p.theta_left, p.theta_share, p.places,
                  p.place_shares}))
    return OriginStatus::no_call;
  if (plan.places.probabilities != 1 + tracking::kPlaces) return OriginStatus::bad_probability;
  if (p.leads < 1 || p.lead[0] != 1 || p.lead[p.leads - 1] > static_cast<int64_t>(plan.most_steps))
    return OriginStatus::bad_step;
  for (size_t i = 1; i < p.leads; ++i)
    if (p.lead[i] <= p.lead[i - 1]) return OriginStatus::bad_step;
  for (size_t i = 0; i < 2 + 2 * p.levels; ++i)
    if (p.columns[i] < 0 || p.columns[i] >= static_cast<int64_t>(plan.reading.probabilities))
      return OriginStatus::bad_probability;
  for (size_t h = 0; h < plan.most_steps; ++h)
    if (p.theta_left[h] < 0 || p.theta_left[h] + (p.theta_share[h] > 0) >= static_cast<int64_t>(p.leads))
      return OriginStatus::bad_step;
  return OriginStatus::ok;
}

// A plan is checked once, not at every row.
inline OriginStatus check_plan(const LivePlan* plan) {
  if (plan == nullptr) return OriginStatus::no_call;
  if (!causal::season_fits(plan->season, plan->second)) return OriginStatus::bad_season;
  if (plan->most_steps < 1 || plan->most_steps > causal::kMostSteps) return OriginStatus::bad_step;
  for (const OriginStatus status : {check_network(*plan), check_decoder(plan->decoder), check_reading(plan->reading),
                                    check_reading(plan->places), check_tracking(*plan)})
    if (status != OriginStatus::ok) return status;
  return OriginStatus::ok;
}

// A plan made ready: where things lie in a record, and memory for one call at a time.
class Live {
 public:
  explicit Live(const LivePlan& plan)
      : plan_(plan), shape_(causal::shape_of(plan.season, plan.second)), encoded_((shape_.bytes + 63) / 64 * 64),
        states_(state_floats(plan.stack)), tracked_(encoded_ + (states_ * sizeof(float) + 63) / 64 * 64) {
    std::copy(plan.stack.layers, plan.stack.layers + plan.stack.depth, layers_);
    plan_.stack.layers = layers_;
  }

  size_t record_bytes() const {
    return tracked_ + (tracking::state_doubles(plan_.tracking) * sizeof(double) + 63) / 64 * 64;
  }

  size_t tracked_at() const { return tracked_; }

  size_t workspace_bytes() const {
    const size_t network = std::max(forward_workspace(plan_.stack, false), step_decoder_workspace(plan_.decoder));
    const size_t steps = plan_.most_steps, numbers = causal::kCandidates + causal::kCodes + 2 * kSide + 1;
    const size_t values = steps * plan_.reading.probabilities;
    const size_t floats = causal::kInputs + plan_.stack.layers[plan_.stack.depth - 1].units + states_ + steps * numbers;
    return (2 * steps + values) * sizeof(double) + steps * sizeof(int64_t) + (floats + network) * sizeof(float);
  }

  // Rows before the first value that is neither missing nor 0 are left out, as `left_align` does.
  void take(void* record, double y, void* workspace) const {
    if (causal::rows_of(record) == 0 && (std::isnan(y) || y == 0)) return;
    causal::update(shape_, record, y, true);
    const Memory m = memory(workspace);
    causal::inputs(shape_, record, m.inputs);
    Layer layers[kMaxDepth];
    float* const states = states_of_record(record);
    place_states(layers, states, m.states);
    Stack stack = plan_.stack;
    stack.layers = layers;
    kernels().forward({stack, m.inputs, nullptr, m.hidden, false, m.network}, kInlineRunner);
    std::memcpy(states, m.states, states_ * sizeof(float));
  }

  // Values [steps, probabilities] of the steps after the latest row; 0 where nothing was seen yet.
  void read(const void* record, size_t steps, double* values, void* workspace) const {
    const Memory m = memory(workspace);
    for (size_t h = 0; h < steps; ++h) m.steps[h] = static_cast<int64_t>(h + 1);
    read_at(record, steps, m, values, nullptr);
  }

  // Judges what was issued for the row by its value, takes it in, and issues what is tracked after it, or nothing.
  // verdict: as of tracking::judge.
  void follow(void* record, double y, bool issue, double* verdict, void* workspace) const {
    double* const state = tracked_of(record);
    tracking::judge(plan_.tracking, state, y, season_before(record), verdict);
    take(record, y, workspace);
    if (causal::rows_of(record) == 0) return;
    if (!issue) return tracking::skip(plan_.tracking, state);
    const Memory m = memory(workspace);
    std::copy(plan_.tracking.lead, plan_.tracking.lead + plan_.tracking.leads, m.steps);
    double places[1 + tracking::kPlaces];
    read_at(record, plan_.tracking.leads, m, m.values, places);
    tracking::issue(plan_.tracking, state, m.values, plan_.reading.probabilities, places,
                    causal::was_negative(record));
  }

  // What is delivered of some steps: out [1 + 2 * levels, steps], as of tracking::deliver.
  void deliver(const void* record, size_t steps, double* out, void* workspace) const {
    const Memory m = memory(workspace);
    read(record, steps, m.values, workspace);
    tracking::deliver(plan_.tracking, tracked_of(const_cast<void*>(record)), steps, m.values,
                      plan_.reading.probabilities, causal::was_negative(record), out);
  }

  // Whether bytes that were read from a file may be a record.
  bool intact(const void* record) const {
    return causal::intact(shape_, record) && tracking::intact(tracked_of(const_cast<void*>(record)));
  }

  size_t most_steps() const { return plan_.most_steps; }

 private:
  struct Memory {
    double *base, *repeated, *values;
    int64_t* steps;
    float *inputs, *hidden, *states, *candidates, *codes, *quantiles, *network;
  };

  Memory memory(void* workspace) const {
    const size_t steps = plan_.most_steps;
    double* const base = static_cast<double*>(workspace);
    double* const repeated = base + steps;
    double* const values = repeated + steps;
    int64_t* const ahead = reinterpret_cast<int64_t*>(values + steps * plan_.reading.probabilities);
    float* const inputs = reinterpret_cast<float*>(ahead + steps);
    float* const hidden = inputs + causal::kInputs;
    float* const states = hidden + plan_.stack.layers[plan_.stack.depth - 1].units;
    float* const candidates = states + states_;
    float* const codes = candidates + steps * causal::kCandidates;
    float* const quantiles = codes + steps * causal::kCodes;
    float* const network = quantiles + steps * (2 * kSide + 1);
    return {base, repeated, values, ahead, inputs, hidden, states, candidates, codes, quantiles, network};
  }

  // Values [count, probabilities] at m.steps; places: of the first of these, or null.
  void read_at(const void* record, size_t count, const Memory& m, double* values, double* places) const {
    const size_t probabilities = plan_.reading.probabilities;
    if (causal::rows_of(record) == 0) return std::fill(values, values + count * probabilities, 0.0);
    causal::inputs(shape_, record, m.inputs);
    const double scale = causal::look_ahead(shape_, record, {count, m.steps, m.base, m.candidates, m.codes});
    const float* const hidden = top_state(states_of_record(const_cast<void*>(record)));
    kernels().decode_steps({plan_.decoder, 1, count, 1, hidden, m.inputs, m.candidates, m.codes, m.quantiles}, 0, 1,
                           m.network);
    causal::repeat(shape_, record, count, m.steps, m.repeated);
    const causal::Limits limits = causal::limits_of(record, scale);
    causal::read_steps(limits, plan_.reading, count, m.base, m.quantiles, 2 * kSide + 1, m.repeated, values);
    if (places != nullptr)
      causal::read_steps(limits, plan_.places, 1, m.base, m.quantiles, 2 * kSide + 1, m.repeated, places);
  }

  double season_before(const void* record) const {
    return causal::rows_of(record) == 0 ? NAN : causal::season_before(shape_, record);
  }

  double* tracked_of(void* record) const { return reinterpret_cast<double*>(static_cast<char*>(record) + tracked_); }

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

  LivePlan plan_;
  Layer layers_[kMaxDepth];
  causal::Shape shape_;
  size_t encoded_, states_, tracked_;
};

}  // namespace loopcast
