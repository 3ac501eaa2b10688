// The mean of what several models say, each within its own bounds.
#pragma once

#include <algorithm>
#include <vector>

#include "loopcast/live/simple.hpp"

namespace loopcast::live {

// Its record: the past of the series, in whose changes the mean's intervals are measured, then the members' records.
class MeanFollower final : public PastFollower {
 public:
  explicit MeanFollower(const MeanPlan& p)
      : PastFollower(p.season, p.least), plan_(p), members_(p.members, p.members + p.count),
        weights_(p.weights, p.weights + p.count), bounds_(p.member_bounds, p.member_bounds + p.count) {}

  size_t record_bytes() const override {
    size_t bytes = past_bytes();
    for (const Follower* member : members_) bytes += member->record_bytes();
    return bytes;
  }

  size_t columns() const override { return plan_.own ? members_[0]->columns() : 3; }

  size_t workspace_bytes(size_t most_steps, size_t) const override {
    size_t columns = 1, most = 0;
    for (const Follower* member : members_) {
      columns = std::max(columns, member->columns());
      most = std::max(most, member->workspace_bytes(most_steps, 1));
    }
    return (2 * columns * most_steps + kPlaceNumbers) * sizeof(double) + most;
  }

  void take(void* record, double y, const KnownAt& known, void* workspace) const override {
    past_.take(past_.of(record), y);
    each_member([&](size_t i, size_t at) { members_[i]->take(part(record, at), y, known, workspace); });
  }

  void restart(void* record) const override {
    std::memset(record, 0, past_bytes());
    each_member([&](size_t i, size_t at) { members_[i]->restart(part(record, at)); });
  }

  void read(const void* record, const Asked& asked, void* workspace) const override {
    if (plan_.own) return read_own(record, asked, workspace);
    double* const sums = static_cast<double*>(workspace);
    double* const each = sums + asked.count;
    std::fill(sums, sums + asked.count, 0.0);
    each_member([&](size_t i, size_t at) {
      const Follower& member = *members_[i];
      const void* const its = part(record, at);
      member.read(its, {asked.count, asked.steps, asked.known, each, nullptr}, each + asked.count * member.columns());
      add(i, its, each, member.columns(), asked.count, sums);
    });
    const SimpleRecord r = past_.of(record);
    const double scale = past_.scale(r, plan_.usual);
    for (size_t h = 0; h < asked.count; ++h)
      put_scaled(tracking::bounded(plan_.bounds, r.past.negative != 0, sums[h], 0), scale, asked.values + 3 * h,
                 h == 0 ? asked.places : nullptr);
  }

  bool needs_known() const override {
    return std::any_of(members_.begin(), members_.end(), [](const Follower* member) { return member->needs_known(); });
  }

  void list(Fields& fields, const std::string& prefix) const override {
    const size_t end = fields.at() + past_bytes();
    fields.begin(prefix);
    past_.list(fields);
    fields.pad_to(end);
    for (size_t i = 0; i < members_.size(); ++i) members_[i]->list(fields, prefix + std::to_string(i) + ".");
  }

  bool intact(const void* record) const override {
    bool whole = past_.intact(past_.of(record));
    each_member([&](size_t i, size_t at) { whole = whole && members_[i]->intact(part(record, at)); });
    return whole;
  }

 private:
  // The mean of the members' distributions, quantile by quantile.
  void read_own(const void* record, const Asked& asked, void* workspace) const {
    const size_t numbers = asked.count * columns();
    double* const each = static_cast<double*>(workspace);
    double* const places = each + numbers;
    std::fill(asked.values, asked.values + numbers, 0.0);
    if (asked.places != nullptr) std::fill(asked.places, asked.places + kPlaceNumbers, 0.0);
    each_member([&](size_t i, size_t at) {
      const void* const its = part(record, at);
      double* const its_places = asked.places == nullptr ? nullptr : places;
      members_[i]->read(its, {asked.count, asked.steps, asked.known, each, its_places}, places + kPlaceNumbers);
      add(i, its, each, 1, numbers, asked.values);
      if (asked.places != nullptr) add(i, its, places, 1, kPlaceNumbers, asked.places);
    });
  }

  // Adds the share of a member in `count` numbers, each the first of so many that it gave.
  void add(size_t i, const void* record, const double* each, size_t apart, size_t count, double* sums) const {
    const bool negative = members_[i]->was_negative(record);
    for (size_t k = 0; k < count; ++k)
      sums[k] += weights_[i] * tracking::bounded(bounds_[i], negative, each[k * apart], 0);
  }

  // Calls f(member, where its record begins).
  template <class F>
  void each_member(F f) const {
    size_t at = past_bytes();
    for (size_t i = 0; i < members_.size(); ++i) {
      f(i, at);
      at += members_[i]->record_bytes();
    }
  }

  static void* part(const void* record, size_t at) { return static_cast<char*>(const_cast<void*>(record)) + at; }

  MeanPlan plan_;
  std::vector<const Follower*> members_;
  std::vector<double> weights_;
  std::vector<tracking::Bounds> bounds_;
};

}  // namespace loopcast::live
