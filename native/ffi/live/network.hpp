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
#include "loopcast/causal/fields.hpp"

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
  const size_t inputs = causal::kInputs + p.known_rows, codes = causal::kCodes + p.known_ahead + p.covariates;
  for (size_t i = 0; i < p.covariates; ++i)
    if (p.covariate == nullptr || p.covariate[i] < 0 || p.covariate[i] >= static_cast<int64_t>(p.known_ahead))
      return OriginStatus::bad_network;
  const bool fits = s.layers[0].inputs == inputs && p.decoder.inputs == inputs &&
                    p.decoder.candidates == causal::kCandidates && p.decoder.codes == codes &&
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

  size_t workspace_bytes(size_t steps, size_t series) const override {
    Stack stack = plan_.stack;
    stack.batch = series;
    const size_t network = std::max({forward_workspace(plan_.stack, false), forward_workspace(stack, false),
                                     step_decoder_workspace(plan_.decoder)});
    const size_t rows = steps * (causal::kCandidates + causal::kCodes + codes() + 2 * kSide + 1);
    const size_t each = inputs() + plan_.decoder.state + 2 * states_ + units() + rows;
    return 3 * series * steps * sizeof(double) + (series * each + network) * sizeof(float);
  }

  bool needs_known() const override { return plan_.known_rows + plan_.known_ahead > 0; }

  void take(void* record, double y, const KnownAt& known, void* workspace) const override {
    const bool asked = false;
    take_many({1, &record, &y, &known, &asked, 0, nullptr, nullptr, nullptr}, workspace);
  }

  // Rows before the first value that is neither missing nor 0 are left out, as `left_align` does.
  void take_many(const NextRows& rows, void* workspace) const override {
    const Memory m = memory(workspace, rows.count, rows.steps);
    void* begun[kTogether];
    size_t which[kTogether], count = 0;
    for (size_t i = 0; i < rows.count; ++i) {
      const double y = rows.values[i];
      if (causal::rows_of(rows.records[i]) == 0 && (std::isnan(y) || y == 0)) continue;
      causal::update(shape_, rows.records[i], y, true);
      put_inputs(rows.records[i], rows.known[i], m.inputs + count * inputs());
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
    put_inputs(record, asked.known, m.inputs);
    put_ahead(record, asked, m, 0);
    decode(1, asked.count, m);
    put_values(record, asked, m, 0);
  }

  bool ready(const void* record) const override { return causal::rows_of(record) > 0; }

  bool was_negative(const void* record) const override { return causal::was_negative(record); }

  double season_before(const void* record) const override {
    return causal::rows_of(record) == 0 ? NAN : causal::season_before(shape_, record);
  }

  void list(Fields& fields, const std::string& prefix) const override {
    const size_t begin = fields.at();
    fields.begin(prefix);
    causal::list(shape_, fields);
    fields.pad_to(begin + encoded_);
    fields.begin(prefix);
    each_state([&](size_t l, size_t i, size_t width) {
      fields.add("layer" + std::to_string(l) + ".state" + std::to_string(i), width * sizeof(float));
    });
    fields.pad_to(begin + record_bytes());
  }

  bool intact(const void* record) const override { return causal::intact(shape_, record); }

 private:
  // Of each series in turn; hidden: what the decoder reads of its state.
  struct Memory {
    double *base, *repeated, *scale;
    float *inputs, *hidden, *before, *after, *outputs, *candidates, *codes, *all_codes, *quantiles, *network;
  };

  // Numbers that the network is shown of a row, and the decoder of a step.
  size_t inputs() const { return causal::kInputs + plan_.known_rows; }
  size_t codes() const { return plan_.decoder.codes; }

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

  // What the network is shown of the latest row: what is encoded, and what is known besides.
  void put_inputs(const void* record, const KnownAt& known, float* to) const {
    causal::inputs(shape_, record, to);
    if (plan_.known_rows == 0) return;
    const float* const from = known.table->rows + (known.step - known.table->first) * plan_.known_rows;
    std::copy(from, from + plan_.known_rows, to + causal::kInputs);
  }

  // What the decoder reads of one series, as the k-th.
  void put_ahead(const void* record, const Asked& asked, const Memory& m, size_t k) const {
    const size_t first = k * asked.count;
    m.scale[k] = causal::look_ahead(shape_, record, {asked.count, asked.steps, m.base + first,
                                                     m.candidates + first * causal::kCandidates,
                                                     m.codes + first * causal::kCodes});
    for (size_t i = 0; i < asked.count; ++i) {
      const float* const own = m.codes + (first + i) * causal::kCodes;
      float* const to = std::copy(own, own + causal::kCodes, m.all_codes + (first + i) * codes());
      if (needs_known()) put_known(asked.known, asked.steps[i], to);
    }
    causal::repeat(shape_, record, asked.count, asked.steps, m.repeated + first);
    std::memcpy(m.hidden + k * plan_.decoder.state, top_state(states_of_record(const_cast<void*>(record))),
                plan_.decoder.state * sizeof(float));
  }

  // What is known of a step ahead, and how its covariates differ from those of the latest row of the same phase.
  void put_known(const KnownAt& known, int64_t ahead, float* to) const {
    const int64_t season = static_cast<int64_t>(plan_.season), seasons = (ahead + season - 1) / season;
    const int64_t then = known.step + ahead, before = std::max(then - season * seasons, known.begin);
    const size_t width = plan_.known_ahead;
    const float* const now = known.table->ahead + static_cast<size_t>(then - known.table->first) * width;
    const float* const earlier = known.table->ahead + static_cast<size_t>(before - known.table->first) * width;
    to = std::copy(now, now + width, to);
    for (size_t i = 0; i < plan_.covariates; ++i) to[i] = now[plan_.covariate[i]] - earlier[plan_.covariate[i]];
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
  causal::Shape shape_;
  size_t encoded_, states_;
};

}  // namespace loopcast::live
