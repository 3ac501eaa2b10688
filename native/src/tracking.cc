// Contraction is off, as in causal.cc: the same rows give the same bits on every processor of a kind.
#include "loopcast/tracking.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace loopcast::tracking {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr double kMostSurprise = 10, kMostSum = 4, kSlack = 0.5, kAlarm = 12;  // of the surprise, and of its sums
constexpr size_t kIssued = 0, kForecast = 1, kHalves = 2;  // of what waits for a value: whether there is one, ...

// The numbers of a state that every series has, whatever is tracked.
struct Head {
  double rows, history, up, down, drifts, last_drift;  // history: rows from the first value on
  double judged, error, naive_judged, naive_error;  // at the first step
  double issued, forecast, places[kPlaces];         // for the next row
};

// Where the arrays of a state begin.
struct Parts {
  Parts(const Plan& p, double* state)
      : head(*reinterpret_cast<Head*>(state)), ends(state + sizeof(Head) / sizeof(double)),
        theta(ends + 2 * p.levels), missed(theta + p.leads * p.levels), judged(missed + p.leads * p.levels),
        waiting(judged + p.leads) {}
  Head& head;
  double *ends, *theta, *missed, *judged, *waiting;
};

size_t entry_doubles(const Plan& p) { return kHalves + 3 * p.levels; }

// A value's distance from the forecast, as the log of how many half-widths that is.
double score_of(double distance, double half) {
  if (distance == 0) return -kMostScore;
  return half > 0 ? std::min(std::max(std::log(distance / half), -kMostScore), kMostScore) : kMostScore;
}

// Theta between levels, by how far out a normal score lies.
double theta_at(const Plan& p, const double* theta, double normal) {
  if (p.levels == 0) return 0;
  if (normal <= p.normal[0]) return theta[0];
  for (size_t l = 1; l < p.levels; ++l)
    if (normal <= p.normal[l])
      return theta[l - 1] + (normal - p.normal[l - 1]) / (p.normal[l] - p.normal[l - 1]) * (theta[l] - theta[l - 1]);
  return theta[p.levels - 1];
}

// How many times as wide as after a long history.
double widening_of(const Plan& p, const Head& head) {
  const size_t rows = static_cast<size_t>(head.history);
  return rows < 1 || rows > p.widened ? 1 : p.widening[rows - 1];
}

// A quantile of the calibration's mean with the network's own, `times` as far from the center, before theta.
double mixed(const Plan& p, double times, double center, double scale, double share, double own) {
  const double quantile = p.trust * (center + scale * share) + (1 - p.trust) * own;
  return times == 1 ? quantile : center + times * (quantile - center);
}

// The normal score of a value's place among rising quantiles; in the middle of those that are equal to it.
double place_of(const Plan& p, const double* quantiles, double y) {
  if (std::isnan(quantiles[0])) return kNothing;  // nothing is known of how far values lie from the forecast
  const size_t first = std::lower_bound(quantiles, quantiles + kPlaces, y) - quantiles;
  const size_t after = std::upper_bound(quantiles, quantiles + kPlaces, y) - quantiles;
  if (first < after) return (p.places[first] + p.places[after - 1]) / 2;
  const size_t left = std::min<size_t>(first == 0 ? 0 : first - 1, kPlaces - 2);
  const double gap = quantiles[left + 1] - quantiles[left];
  const double far = y < quantiles[0] ? -kMostSurprise : kMostSurprise;
  if (!(gap > 0)) return far;
  const double z = p.places[left] + (y - quantiles[left]) / gap * (p.places[left + 1] - p.places[left]);
  return std::min(std::max(z, -kMostSurprise), kMostSurprise);
}

// Two sums of surprises, which grow while these stay on one side; true where one is beyond the limit, and both restart.
bool drifts(Head& head, double surprise) {
  const double z = std::min(std::max(surprise, -kMostSum), kMostSum);
  head.up = std::max(0.0, head.up + z - kSlack);
  head.down = std::max(0.0, head.down - z - kSlack);
  if (std::max(head.up, head.down) <= kAlarm) return false;
  head.up = head.down = 0;
  head.drifts += 1;
  head.last_drift = head.rows;
  return true;
}

void judge_lead(const Plan& p, const Parts& parts, size_t i, const double* entry, double y) {
  double *const theta = parts.theta + i * p.levels, *const missed = parts.missed + i * p.levels;
  const double error = y - entry[kForecast];
  parts.judged[i] += 1;
  for (size_t l = 0; l < p.levels; ++l) {
    const double* const halves = entry + kHalves + 3 * l;
    const double miss = score_of(std::fabs(error), halves[error > 0 ? 1 : 0]) > halves[2] ? 1 : 0;
    missed[l] += miss;
    theta[l] += p.rate * (miss - p.misses[l]);
  }
}

void judge_next(const Plan& p, Head& head, double y, double season_before, double* verdict) {
  verdict[0] = place_of(p, head.places, y);
  verdict[1] = drifts(head, verdict[0]) ? 1 : 0;
  head.judged += 1;
  head.error += std::fabs(y - head.forecast);
  if (std::isnan(season_before)) return;
  head.naive_judged += 1;
  head.naive_error += std::fabs(y - season_before);
}

// Calls f(lead, where its entry for the current row lies).
template <class F>
void each_lead(const Plan& p, const Parts& parts, F f) {
  const size_t row = static_cast<size_t>(parts.head.rows), size = entry_doubles(p);
  double* ring = parts.waiting;
  for (size_t i = 0; i < p.leads; ++i) {
    const size_t ahead = static_cast<size_t>(p.lead[i]);
    f(i, ring + row % ahead * size);
    ring += ahead * size;
  }
}

// The ends of a level before theta.
struct Ends {
  double low, high;
};

Ends ends_of(const Plan& p, double times, size_t step, size_t level, const double* values) {
  const double center = values[0], scale = (values[p.columns[1]] - values[p.columns[0]]) / 2;
  const double* const share = p.shares + (step * p.levels + level) * 2;
  const int64_t* const column = p.columns + 2 + 2 * level;
  return {mixed(p, times, center, scale, share[0], values[column[0]]),
          mixed(p, times, center, scale, share[1], values[column[1]])};
}

void put_entry(const Plan& p, double times, double* entry, const double* theta, size_t step, const double* values) {
  entry[kIssued] = 1;
  entry[kForecast] = values[0];
  for (size_t l = 0; l < p.levels; ++l) {
    const Ends ends = ends_of(p, times, step, l, values);
    double* const to = entry + kHalves + 3 * l;
    to[0] = values[0] - ends.low;
    to[1] = ends.high - values[0];
    to[2] = theta[l];
  }
}

// The quantiles in which the next value finds its place; the median and those further out do not cross.
void put_places(const Plan& p, Head& head, const double* theta, const double* read) {
  const double times = widening_of(p, head);
  const double center = read[0], *const own = read + 1, scale = (own[kSide + 2] - own[kSide - 2]) / 2;
  for (size_t i = 0; i < kPlaces; ++i) {
    const double quantile = mixed(p, times, center, scale, p.place_shares[i], own[i]);
    head.places[i] = quantile + std::expm1(theta_at(p, theta, std::fabs(p.places[i]))) * (quantile - center);
  }
  for (size_t i = 1; i <= kSide; ++i) {
    head.places[kSide + i] = std::max(head.places[kSide + i], head.places[kSide + i - 1]);
    head.places[kSide - i] = std::min(head.places[kSide - i], head.places[kSide - i + 1]);
  }
}

// The ends at one step, `stride` numbers apart; a level's hold those of the levels below it.
void put_ends(const Plan& p, double wider, const double* theta, size_t step, const double* values, bool negative,
              double* low, double* high, size_t stride) {
  const double* const next = theta + (p.theta_share[step] > 0 ? p.levels : 0);
  double widest_low = values[0], widest_high = values[0];
  for (size_t l = 0; l < p.levels; ++l, low += stride, high += stride) {
    const double here = theta[l] + p.theta_share[step] * (next[l] - theta[l]), times = std::expm1(here);
    const Ends ends = ends_of(p, wider, step, l, values);
    widest_low = std::min(widest_low, ends.low + times * (ends.low - values[0]));
    widest_high = std::max(widest_high, ends.high + times * (ends.high - values[0]));
    *low = bounded(p.bounds, negative, widest_low, -1);
    *high = bounded(p.bounds, negative, widest_high, 1);
  }
}

}  // namespace

double bounded(const Bounds& b, bool negative, double value, int outward) {
  if (b.integer) value = outward < 0 ? std::floor(value) : outward > 0 ? std::ceil(value) : std::nearbyint(value);
  const double lower = !b.automatic ? b.lower : negative ? -std::numeric_limits<double>::infinity() : 0;
  return std::min(std::max(value, lower), b.upper);
}

size_t state_doubles(const Plan& p) {
  size_t doubles = sizeof(Head) / sizeof(double) + 2 * p.levels + p.leads * (2 * p.levels + 1);
  for (size_t i = 0; i < p.leads; ++i) doubles += static_cast<size_t>(p.lead[i]) * entry_doubles(p);
  return doubles;
}

void list(const Plan& p, live::Fields& fields) {
  fields.numbers({"rows", "history", "up", "down", "drifts", "last_drift", "judged", "error", "naive_judged", "naive_error", "issued",
                  "forecast"});
  fields.doubles("places", kPlaces);
  fields.doubles("ends", 2 * p.levels);
  for (const char* const name : {"theta", "missed"}) fields.doubles(name, p.leads * p.levels);
  fields.doubles("judged_leads", p.leads);
  size_t rows = 0;
  for (size_t i = 0; i < p.leads; ++i) rows += static_cast<size_t>(p.lead[i]);
  fields.doubles("waiting", rows * entry_doubles(p));
}

bool intact(const double* state) {
  const Head& head = *reinterpret_cast<const Head*>(state);
  for (const double rows : {head.rows, head.history})
    if (!(rows >= 0 && rows <= 4503599627370496.0 && rows == std::floor(rows))) return false;
  return true;
}

void judge(const Plan& p, double* state, double y, double season_before, double* verdict) {
  const Parts parts(p, state);
  std::fill(verdict, verdict + 3 + 2 * p.levels, kNothing);
  verdict[1] = 0;
  if (parts.head.history > 0 || !std::isnan(y)) parts.head.history += 1;
  if (parts.head.issued == 0) return;
  verdict[2] = parts.head.forecast;
  std::copy(parts.ends, parts.ends + 2 * p.levels, verdict + 3);
  if (std::isnan(y)) return;
  judge_next(p, parts.head, y, season_before, verdict);
  each_lead(p, parts, [&](size_t i, double* entry) {
    if (entry[kIssued] != 0) judge_lead(p, parts, i, entry, y);
  });
}

void issue(const Plan& p, double* state, const double* values, size_t columns, const double* places, bool negative) {
  const Parts parts(p, state);
  const double times = widening_of(p, parts.head);
  each_lead(p, parts, [&](size_t i, double* entry) {
    put_entry(p, times, entry, parts.theta + i * p.levels, static_cast<size_t>(p.lead[i]) - 1, values + i * columns);
  });
  parts.head.issued = 1;
  parts.head.forecast = bounded(p.bounds, negative, values[0], 0);
  put_ends(p, times, parts.theta, 0, values, negative, parts.ends, parts.ends + p.levels, 1);
  put_places(p, parts.head, parts.theta, places);
  parts.head.rows += 1;
}

void skip(const Plan& p, double* state) {
  const Parts parts(p, state);
  each_lead(p, parts, [&](size_t, double* entry) { entry[kIssued] = 0; });
  parts.head.issued = 0;
  parts.head.rows += 1;
}

void deliver(const Plan& p, const double* state, size_t steps, const double* values, size_t columns, bool negative,
             double* out) {
  const Parts parts(p, const_cast<double*>(state));
  const double times = widening_of(p, parts.head);
  for (size_t h = 0; h < steps; ++h, values += columns) {
    out[h] = bounded(p.bounds, negative, values[0], 0);
    if (p.levels == 0) continue;
    put_ends(p, times, parts.theta + p.theta_left[h] * p.levels, h, values, negative, out + steps + h,
             out + (1 + p.levels) * steps + h, steps);
  }
}

}  // namespace loopcast::tracking
