// Values from quantiles, as src/loopcast/models/pretrained/histories.py has them in NumPy; contraction is off as in
// causal.cc.
#include "loopcast/causal/read.hpp"

#include <limits>

#include "loopcast/causal/ahead.hpp"

namespace loopcast::causal {
namespace {

constexpr size_t kRepeated = 8;   // rows that have to be as those a season before
constexpr double kMostTimes = 20;  // as large as the largest value a forecast of what was never negative may be

double read_one(const Limits& limits, const Curve& curve, double number) {
  const double whole = number + limits.written.first, value = limits.written.curved ? curve.read(whole) : whole;
  if (std::isinf(limits.highest)) return value;
  return value < 0 ? 0 : value > limits.highest ? limits.highest : value;
}

void read_step(const Limits& limits, const Curve& curve, const Reading& reading, double base, const float* quantiles,
               double repeated, double* values) {
  for (size_t p = 0; p < reading.probabilities; ++p) {
    const double low = quantiles[reading.left[p]], high = quantiles[reading.left[p] + 1];
    values[p] = read_one(limits, curve, base + limits.scale * (low + reading.share[p] * (high - low)));
  }
  if (std::isnan(repeated)) return;
  const double median = values[0];
  for (size_t p = 0; p < reading.probabilities; ++p) values[p] = values[p] + repeated - median;
}

}  // namespace

__attribute__((noinline)) void read_steps(const Limits& limits, const Reading& reading, size_t steps,
                                          const double* base, const float* quantiles, size_t all_quantiles,
                                          const double* repeated, double* values) {
  const Curve curve(limits.written.unit);
  for (size_t i = 0; i < steps; ++i)
    read_step(limits, curve, reading, base[i], quantiles + i * all_quantiles, repeated[i],
              values + i * reading.probabilities);
}

Limits limits_of(const void* record, double scale) {
  const Record& r = header(record);
  return {written(record), scale, r.linear ? std::numeric_limits<double>::infinity() : kMostTimes * r.highest};
}

void repeat(const Shape& s, const void* record, size_t count, const int64_t* steps, double* repeated) {
  const size_t season = s.value_rows - 1;
  const bool same = header(record).repeats >= static_cast<int64_t>(season > kRepeated ? season : kRepeated);
  const Ring values = values_of(s, record);
  for (size_t i = 0; i < count; ++i) {
    const size_t after = (static_cast<size_t>(steps[i]) - 1) % season;
    repeated[i] = same ? values.ago(season - 1 - after) : std::numeric_limits<double>::quiet_NaN();
  }
}

bool was_negative(const void* record) { return header(record).linear; }

double season_before(const Shape& s, const void* record) {
  const bool there = header(record).rows >= static_cast<int64_t>(s.season);
  return there ? values_of(s, record).ago(s.season - 1) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace loopcast::causal
