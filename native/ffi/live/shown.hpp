// What a model is shown of a series that the causal encoder follows, and of the steps after its latest row: what is
// encoded, and what is known besides.
#pragma once

#include <algorithm>

#include "../encode.hpp"
#include "loopcast/causal/read.hpp"
#include "loopcast/live/follower.hpp"
#include "loopcast/origin.hpp"

namespace loopcast::live {

inline OriginStatus check_shown(const ShownPlan& p) {
  for (size_t i = 0; i < p.covariates; ++i)
    if (p.covariate == nullptr || p.covariate[i] < 0 || p.covariate[i] >= static_cast<int64_t>(p.known_ahead))
      return OriginStatus::bad_network;
  return causal::season_fits(p.season, p.second) ? OriginStatus::ok : OriginStatus::bad_season;
}

class Shown {
 public:
  explicit Shown(const ShownPlan& plan) : plan_(plan), shape_(causal::shape_of(plan.season, plan.second)) {}

  const causal::Shape& shape() const { return shape_; }
  size_t record_bytes() const { return whole_lines(shape_.bytes); }
  // Numbers of a row, and of a step.
  size_t inputs() const { return causal::kInputs + plan_.known_rows; }
  size_t codes() const { return causal::kCodes + plan_.known_ahead + plan_.covariates; }
  bool needs_known() const { return plan_.known_rows + plan_.known_ahead > 0; }

  // The next row, if it is one: those before the first value that is neither missing nor 0 are left out, as `left_align`
  // does.
  bool take(void* record, double y) const {
    if (causal::rows_of(record) == 0 && (std::isnan(y) || y == 0)) return false;
    causal::update(shape_, record, y, true);
    return true;
  }

  // Of the latest row, [inputs].
  void put_inputs(const void* record, const KnownAt& known, float* to) const {
    causal::inputs(shape_, record, to);
    if (plan_.known_rows == 0) return;
    const KnownTable& table = known.tables[plan_.table];
    const float* const from = table.rows + (known.step - table.first) * plan_.known_rows;
    std::copy(from, from + plan_.known_rows, to + causal::kInputs);
  }

  // Of steps ahead. encoded: [count, kCodes]; all: [count, codes].
  struct Steps {
    double *base, *repeated;
    float *candidates, *encoded, *all;
  };

  // Fills them, and returns the scale.
  double put_steps(const void* record, const Asked& asked, const Steps& to) const {
    const double scale =
        causal::look_ahead(shape_, record, {asked.count, asked.steps, to.base, to.candidates, to.encoded});
    for (size_t i = 0; i < asked.count; ++i) {
      const float* const own = to.encoded + i * causal::kCodes;
      float* const rest = std::copy(own, own + causal::kCodes, to.all + i * codes());
      if (needs_known()) put_known(asked.known, asked.steps[i], rest);
    }
    causal::repeat(shape_, record, asked.count, asked.steps, to.repeated);
    return scale;
  }

 private:
  // What is known of a step ahead, and how its covariates differ from those of the latest row of the same phase.
  void put_known(const KnownAt& known, int64_t ahead, float* to) const {
    const int64_t season = static_cast<int64_t>(plan_.season), seasons = (ahead + season - 1) / season;
    const int64_t then = known.step + ahead, before = std::max(then - season * seasons, known.begin);
    const size_t width = plan_.known_ahead;
    const KnownTable& table = known.tables[plan_.table];
    const float* const now = table.ahead + static_cast<size_t>(then - table.first) * width;
    const float* const earlier = table.ahead + static_cast<size_t>(before - table.first) * width;
    to = std::copy(now, now + width, to);
    for (size_t i = 0; i < plan_.covariates; ++i) to[i] = now[plan_.covariate[i]] - earlier[plan_.covariate[i]];
  }

  ShownPlan plan_;
  causal::Shape shape_;
};

}  // namespace loopcast::live
