// The pretrained network on one series: its record takes a row in, and says what comes after it, to the bits of a call
// for many.
#pragma once

#include <cmath>
#include <cstring>

#include "../decode_steps.hpp"
#include "../inline_runner.hpp"
#include "../step.hpp"
#include "loopcast/causal/fields.hpp"
#include "shown.hpp"

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
  const Shown shown(p.shown);
  const bool fits = s.layers[0].inputs == shown.inputs() && p.decoder.inputs == shown.inputs() &&
                    p.decoder.candidates == causal::kCandidates && p.decoder.codes == shown.codes() &&
                    p.decoder.state <= s.layers[s.depth - 1].units;
  return fits ? OriginStatus::ok : OriginStatus::bad_network;
}

// A plan is checked once, not at every row.
inline OriginStatus check_network(const NetworkPlan* plan) {
  if (plan == nullptr) return OriginStatus::no_call;
  if (plan->places.probabilities != 1 + tracking::kPlaces) return OriginStatus::bad_probability;
  for (const OriginStatus status : {check_layers(*plan), check_decoder(plan->decoder), check_reading(plan->reading),
                                    check_reading(plan->places)})
    if (status != OriginStatus::ok) return status;
  return OriginStatus::ok;
}

class NetworkFollower final : public Follower {
 public:
  explicit NetworkFollower(const NetworkPlan& plan)
      : plan_(plan), shown_(plan.shown), encoded_(shown_.record_bytes()), states_(state_floats(plan.stack)) {
    std::copy(plan.stack.layers, plan.stack.layers + plan.stack.depth, layers_);
    plan_.stack.layers = layers_;
  }

  size_t record_bytes() const override { return encoded_ + whole_lines(states_ * sizeof(float)); }

  size_t columns() const override { return plan_.reading.probabilities; }

  size_t workspace_bytes(size_t steps, size_t series) const override {
    Stack stack = plan_.stack;
    stack.batch = series;
    const size_t network = std::max({forward_workspace(plan_.stack, false), forward_workspace(stack, false),
                                     step_decoder_workspace(plan_.decoder)});
    const size_t rows = steps * (causal::kCandidates + causal::kCodes + codes() + 2 * kSide + 1);
    const size_t each = inputs() + plan_.decoder.state + 2 * states_ + units() + rows;
    return 3 * series * steps * sizeof(double) + (series * each + network) * sizeof(float);
  }

  bool needs_known() const override { return shown_.needs_known(); }

  void take(void* record, double y, const KnownAt& known, void* workspace) const override {
    const bool asked = false;
    take_many({1, &record, &y, &known, &asked, 0, nullptr, nullptr, nullptr}, workspace);
  }

  void take_many(const NextRows& rows, void* workspace) const override {
    const Memory m = memory(workspace, rows.count, rows.steps);
    void* begun[kTogether];
    size_t which[kTogether], count = 0;
    for (size_t i = 0; i < rows.count; ++i) {
      if (!shown_.take(rows.records[i], rows.values[i])) continue;
      shown_.put_inputs(rows.records[i], rows.known[i], m.inputs + count * inputs());
      begun[count] = rows.records[i];
      which[count++] = i;
    }
    if (count == 0) return;
    step(begun, count, m);
    read_many(rows, begun, which, count, m);
  }

  // 0 where nothing was seen yet.
  void read(const void* record, const Asked& asked, void* workspace) const override {
    const size_t numbers = asked.count * columns();
    if (causal::rows_of(record) == 0) return std::fill(asked.values, asked.values + numbers, 0.0);
    const Memory m = memory(workspace, 1, asked.count);
    shown_.put_inputs(record, asked.known, m.inputs);
    put_ahead(record, asked, m, 0);
    decode(1, asked.count, m);
    put_values(record, asked, m, 0);
  }

  bool ready(const void* record) const override { return causal::rows_of(record) > 0; }

  bool was_negative(const void* record) const override { return causal::was_negative(record); }

  double season_before(const void* record) const override {
    return causal::rows_of(record) == 0 ? NAN : causal::season_before(shown_.shape(), record);
  }

  void list(Fields& fields, const std::string& prefix) const override {
    const size_t begin = fields.at();
    fields.begin(prefix);
    causal::list(shown_.shape(), fields);
    fields.pad_to(begin + encoded_);
    fields.begin(prefix);
    each_state([&](size_t l, size_t i, size_t width) {
      fields.add("layer" + std::to_string(l) + ".state" + std::to_string(i), width * sizeof(float));
    });
    fields.pad_to(begin + record_bytes());
  }

  bool intact(const void* record) const override { return causal::intact(shown_.shape(), record); }

 private:
  // Of each series in turn; hidden: what the decoder reads of its state.
  struct Memory {
    double *base, *repeated, *scale;
    float *inputs, *hidden, *before, *after, *outputs, *candidates, *codes, *all_codes, *quantiles, *network;
  };

  size_t inputs() const { return shown_.inputs(); }
  size_t codes() const { return shown_.codes(); }
  size_t units() const { return plan_.stack.layers[plan_.stack.depth - 1].units; }

  Memory memory(void* workspace, size_t series, size_t steps) const {
    double* const base = static_cast<double*>(workspace);
    float* const inputs = reinterpret_cast<float*>(base + 3 * series * steps);
    float* const hidden = inputs + series * this->inputs();
    float* const before = hidden + series * plan_.decoder.state;
    float* const after = before + series * states_;
    float* const outputs = after + series * states_;
    float* const candidates = outputs + series * units();
    float* const codes = candidates + series * steps * causal::kCandidates;
    float* const all_codes = codes + series * steps * causal::kCodes;
    float* const quantiles = all_codes + series * steps * this->codes();
    return {base, base + series * steps, base + 2 * series * steps, inputs, hidden, before, after, outputs, candidates,
            codes, all_codes, quantiles, quantiles + series * steps * (2 * kSide + 1)};
  }

  // The network's step, of all at once: each array of the state is [series, units].
  void step(void* const* records, size_t count, const Memory& m) const {
    Layer layers[kMaxDepth];
    float *before = m.before, *after = m.after;
    size_t at = 0;
    each_state([&](size_t l, size_t i, size_t width) {
      layers[l] = i == 0 ? layers_[l] : layers[l];
      for (size_t k = 0; k < count; ++k)
        std::memcpy(before + k * width, states_of_record(records[k]) + at, width * sizeof(float));
      layers[l].state[i] = before;
      layers[l].final_state[i] = after;
      at += width;
      before += count * width;
      after += count * width;
    });
    Stack stack = plan_.stack;
    stack.batch = count;
    stack.layers = layers;
    kernels().forward({stack, m.inputs, nullptr, m.outputs, false, m.network}, kInlineRunner);
    after = m.after;
    at = 0;
    each_state([&](size_t, size_t, size_t width) {
      for (size_t k = 0; k < count; ++k)
        std::memcpy(states_of_record(records[k]) + at, after + k * width, width * sizeof(float));
      at += width;
      after += count * width;
    });
  }

  // Calls f(layer, array, its units), in the order in which a record has them.
  template <class F>
  void each_state(F f) const {
    for (size_t l = 0; l < plan_.stack.depth; ++l)
      for (size_t i = 0; i < states_of(plan_.stack.cell); ++i) f(l, i, layers_[l].units);
  }

  // What comes after the rows that were taken in, of those that are asked for; inputs of the others are passed over.
  void read_many(const NextRows& rows, void* const* begun, const size_t* which, size_t count, const Memory& m) const {
    size_t asked = 0, places[kTogether];
    for (size_t k = 0; k < count; ++k) {
      if (!rows.asked[which[k]]) continue;
      std::memmove(m.inputs + asked * inputs(), m.inputs + k * inputs(), inputs() * sizeof(float));
      put_ahead(begun[k], {rows.steps, rows.ahead, rows.known[which[k]], nullptr, nullptr}, m, asked);
      places[asked++] = k;
    }
    if (asked == 0) return;
    decode(asked, rows.steps, m);
    for (size_t k = 0; k < asked; ++k) {
      const size_t i = which[places[k]];
      put_values(begun[places[k]], {rows.steps, rows.ahead, rows.known[i], rows.told + i * rows.steps * columns(),
                                    rows.places + i * kPlaceNumbers}, m, k);
    }
  }

  // What the decoder reads of one series, as the k-th.
  void put_ahead(const void* record, const Asked& asked, const Memory& m, size_t k) const {
    const size_t first = k * asked.count;
    m.scale[k] = shown_.put_steps(record, asked, {m.base + first, m.repeated + first,
                                                  m.candidates + first * causal::kCandidates,
                                                  m.codes + first * causal::kCodes, m.all_codes + first * codes()});
    std::memcpy(m.hidden + k * plan_.decoder.state, top_state(states_of_record(const_cast<void*>(record))),
                plan_.decoder.state * sizeof(float));
  }

  void decode(size_t count, size_t steps, const Memory& m) const {
    kernels().decode_steps({plan_.decoder, count, steps, 1, m.hidden, m.inputs, m.candidates, m.all_codes, m.quantiles},
                           0, count, m.network);
  }

  void put_values(const void* record, const Asked& asked, const Memory& m, size_t k) const {
    const size_t first = k * asked.count;
    const causal::Limits limits = causal::limits_of(record, m.scale[k]);
    const auto read = [&](const causal::Reading& reading, size_t count, double* to) {
      causal::read_steps(limits, reading, count, m.base + first, m.quantiles + first * (2 * kSide + 1), 2 * kSide + 1,
                         m.repeated + first, to);
    };
    read(plan_.reading, asked.count, asked.values);
    if (asked.places != nullptr) read(plan_.places, 1, asked.places);
  }

  float* states_of_record(void* record) const {
    return reinterpret_cast<float*>(static_cast<char*>(record) + encoded_);
  }

  // The last layer's output is the first array of its state.
  const float* top_state(const float* states) const { return states + states_ - states_of(plan_.stack.cell) * units(); }

  NetworkPlan plan_;
  Layer layers_[kMaxDepth];
  Shown shown_;
  size_t encoded_, states_;
};

}  // namespace loopcast::live
