// A follower whose forecasts are judged, and whose intervals follow: a record is the follower's, then what is tracked.
#pragma once

#include <algorithm>
#include <cmath>

#include "../origin_status.hpp"
#include "loopcast/live/follower.hpp"
#include "loopcast/origin.hpp"

namespace loopcast::live {

inline OriginStatus check_live(const LivePlan* plan) {
  if (plan == nullptr || plan->follower == nullptr) return OriginStatus::no_call;
  if (plan->most_steps < 1 || plan->most_steps > causal::kMostSteps) return OriginStatus::bad_step;
  const tracking::Plan& p = plan->tracking;
  if (!all_there({p.lead, p.misses, p.normal, p.columns, p.shares, p.theta_left, p.theta_share, p.places,
                  p.place_shares, p.widening}))
    return OriginStatus::no_call;
  if (p.leads < 1 || p.lead[0] != 1 || p.lead[p.leads - 1] > static_cast<int64_t>(plan->most_steps))
    return OriginStatus::bad_step;
  for (size_t i = 1; i < p.leads; ++i)
    if (p.lead[i] <= p.lead[i - 1]) return OriginStatus::bad_step;
  for (size_t i = 0; i < 2 + 2 * p.levels; ++i)
    if (p.columns[i] < 0 || p.columns[i] >= static_cast<int64_t>(plan->follower->columns()))
      return OriginStatus::bad_probability;
  for (size_t h = 0; h < plan->most_steps; ++h)
    if (p.theta_left[h] < 0 || p.theta_left[h] + (p.theta_share[h] > 0) >= static_cast<int64_t>(p.leads))
      return OriginStatus::bad_step;
  return OriginStatus::ok;
}

class Tracked {
 public:
  explicit Tracked(const LivePlan& plan)
      : follower_(*plan.follower), tracking_(plan.tracking), most_steps_(plan.most_steps),
        tracked_(follower_.record_bytes()) {}

  size_t record_bytes() const { return tracked_ + whole_lines(tracking::state_doubles(tracking_) * sizeof(double)); }
  size_t tracked_at() const { return tracked_; }
  size_t most_steps() const { return most_steps_; }
  // Steps ahead up to which is tracked.
  size_t farthest() const { return static_cast<size_t>(tracking_.lead[tracking_.leads - 1]); }
  size_t verdict_doubles() const { return 3 + 2 * tracking_.levels; }
  const Follower& follower() const { return follower_; }

  // Of one call at a time; of `follow`, of so many series.
  size_t workspace_bytes(size_t series) const {
    return whole_lines(numbers(series)) + follower_.workspace_bytes(most_steps_, series);
  }

  // Judges what was issued for each row by its value, takes it in, and issues what is tracked after it, or nothing.
  // known, asked: [count]; verdicts: to each, as of tracking::judge.
  void follow(size_t count, void* const* records, const double* values, const KnownAt* known, const bool* asked,
              double* const* verdicts, void* workspace) const {
    for (size_t i = 0; i < count; ++i)
      tracking::judge(tracking_, tracked_of(records[i]), values[i], follower_.season_before(records[i]), verdicts[i]);
    const Memory m = memory(workspace, count);
    follower_.take_many({count, records, values, known, asked, tracking_.leads, tracking_.lead, m.values, m.places}, m.rest);
    for (size_t i = 0; i < count; ++i) {
      if (!follower_.ready(records[i])) continue;
      double* const state = tracked_of(records[i]);
      if (asked[i])
        tracking::issue(tracking_, state, m.values + i * tracking_.leads * follower_.columns(), follower_.columns(),
                        m.places + i * kPlaceNumbers, follower_.was_negative(records[i]));
      else
        tracking::skip(tracking_, state);
    }
  }

  // What is read of the first steps: [steps, columns].
  void read(const void* record, const KnownAt& known, size_t steps, double* values, void* workspace) const {
    const Memory m = memory(workspace, 1);
    for (size_t h = 0; h < steps; ++h) m.steps[h] = static_cast<int64_t>(h + 1);
    follower_.read(record, {steps, m.steps, known, values, nullptr}, m.rest);
  }

  // What is delivered of them: out [1 + 2 * levels, steps], as of tracking::deliver.
  void deliver(const void* record, const KnownAt& known, size_t steps, double* out, void* workspace) const {
    const Memory m = memory(workspace, 1);
    read(record, known, steps, m.values, workspace);
    tracking::deliver(tracking_, tracked_of(const_cast<void*>(record)), steps, m.values, follower_.columns(),
                      follower_.was_negative(record), out);
  }

  void restart(void* record) const {
    follower_.restart(record);
    std::memset(tracked_of(record), 0, record_bytes() - tracked_);
  }

  // What lies where in a record, all of it.
  std::string fields() const {
    Fields fields;
    follower_.list(fields, "");
    fields.begin("tracked.");
    tracking::list(tracking_, fields);
    fields.pad_to(record_bytes());
    return fields.text();
  }

  bool intact(const void* record) const {
    return follower_.intact(record) && tracking::intact(tracked_of(const_cast<void*>(record)));
  }

 private:
  struct Memory {
    double *values, *places;
    int64_t* steps;
    void* rest;
  };

  size_t numbers(size_t series) const {
    const size_t doubles = series * (most_steps_ * follower_.columns() + kPlaceNumbers);
    return doubles * sizeof(double) + most_steps_ * sizeof(int64_t);
  }

  Memory memory(void* workspace, size_t series) const {
    double* const values = static_cast<double*>(workspace);
    double* const places = values + series * most_steps_ * follower_.columns();
    int64_t* const steps = reinterpret_cast<int64_t*>(places + series * kPlaceNumbers);
    return {values, places, steps, static_cast<char*>(workspace) + whole_lines(numbers(series))};
  }

  double* tracked_of(void* record) const { return reinterpret_cast<double*>(static_cast<char*>(record) + tracked_); }

  const Follower& follower_;
  tracking::Plan tracking_;
  size_t most_steps_, tracked_;
};

}  // namespace loopcast::live
