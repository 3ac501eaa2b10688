// Trees on what the causal encoder shows of one series, to the bits of a call for many.
#pragma once

#include "../grown.hpp"
#include "loopcast/causal/fields.hpp"
#include "loopcast/live/simple.hpp"
#include "shown.hpp"

namespace loopcast::live {

constexpr size_t kTreesShown = causal::kLags + 10;  // of the encoder's numbers of a row, that trees are shown

inline OriginStatus check_trees(const TreesPlan* plan) {
  if (plan == nullptr) return OriginStatus::no_call;
  const Shown shown(plan->shown);
  const size_t features = causal::kCandidates + shown.codes() + kTreesShown + plan->shown.known_rows;
  if (plan->trees.features != features) return OriginStatus::bad_network;
  const OriginStatus status = check_shown(plan->shown);
  return status == OriginStatus::ok ? check_trees(plan->trees) : status;
}

// Its record: the past of the series, in whose changes intervals are measured, then that of the encoder.
class TreesFollower final : public PastFollower {
 public:
  explicit TreesFollower(const TreesPlan& p)
      : PastFollower(p.shown.season, p.least), plan_(p), shown_(p.shown), forest_(p.trees) {}

  size_t record_bytes() const override { return past_bytes() + shown_.record_bytes(); }

  size_t columns() const override { return 3; }

  size_t workspace_bytes(size_t steps, size_t) const override {
    const size_t floats = shown_.inputs() + plan_.trees.features +
                          steps * (causal::kCandidates + causal::kCodes + shown_.codes());
    return 2 * steps * sizeof(double) + floats * sizeof(float);
  }

  bool needs_known() const override { return shown_.needs_known(); }

  void take(void* record, double y, const KnownAt&, void*) const override {
    past_.take(past_.of(record), y);
    shown_.take(encoded(record), y);
  }

  void read(const void* record, const Asked& asked, void* workspace) const override {
    const SimpleRecord r = past_.of(record);
    const double scale = past_.scale(r, plan_.usual);
    const auto put = [&](size_t i, double value) {
      put_scaled(tracking::bounded(plan_.bounds, r.past.negative != 0, value, 0), scale, asked.values + 3 * i,
                 i == 0 ? asked.places : nullptr);
    };
    if (causal::rows_of(encoded(record)) == 0) {
      for (size_t i = 0; i < asked.count; ++i) put(i, 0);
      return;
    }
    const Memory m = memory(workspace, asked.count);
    shown_.put_inputs(encoded(record), asked.known, m.inputs);
    const causal::Limits limits =
        causal::limits_of(encoded(record), shown_.put_steps(encoded(record), asked, m.steps));
    for (size_t i = 0; i < asked.count; ++i) put(i, value(limits, m, i));
  }

  void list(Fields& fields, const std::string& prefix) const override {
    const size_t begin = fields.at();
    fields.begin(prefix);
    past_.list(fields);
    fields.pad_to(begin + past_bytes());
    fields.begin(prefix + "encoded.");
    causal::list(shown_.shape(), fields);
    fields.pad_to(begin + record_bytes());
  }

  bool intact(const void* record) const override {
    return past_.intact(past_.of(record)) && causal::intact(shown_.shape(), encoded(record));
  }

 private:
  struct Memory {
    Shown::Steps steps;
    float *inputs, *row;
  };

  Memory memory(void* workspace, size_t steps) const {
    double* const base = static_cast<double*>(workspace);
    float* const inputs = reinterpret_cast<float*>(base + 2 * steps);
    float* const row = inputs + shown_.inputs();
    float* const candidates = row + plan_.trees.features;
    float* const codes = candidates + steps * causal::kCandidates;
    return {{base, base + steps, candidates, codes, codes + steps * causal::kCodes}, inputs, row};
  }

  // What trees say of one of the steps.
  double value(const causal::Limits& limits, const Memory& m, size_t step) const {
    const float* const candidates = m.steps.candidates + step * causal::kCandidates;
    const float* const codes = m.steps.all + step * shown_.codes();
    float* to = std::copy(candidates, candidates + causal::kCandidates, m.row);
    to = std::copy(codes, codes + shown_.codes(), to);
    to = std::copy(m.inputs, m.inputs + kTreesShown, to);
    std::copy(m.inputs + causal::kInputs, m.inputs + shown_.inputs(), to);
    const float said = forest_.said(m.row), both[] = {said, said};
    const int64_t first = 0;
    const double share = 0;
    double read = 0;
    causal::read_steps(limits, {1, &first, &share}, 1, m.steps.base + step, both, 2, m.steps.repeated + step, &read);
    return read;
  }

  void* encoded(const void* record) const { return static_cast<char*>(const_cast<void*>(record)) + past_bytes(); }

  TreesPlan plan_;
  Shown shown_;
  Forest forest_;
};

}  // namespace loopcast::live
