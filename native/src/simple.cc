// Contraction is off, as in causal.cc: the numbers are those of NumPy, which adds one number at a time here too.
#include "loopcast/live/simple.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "loopcast/live/theta.hpp"

namespace loopcast::live {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kRecentSeasons = 8, kLeastRecent = 12;  // of which changes count
constexpr double kFewPairs = 12;   // changes that say by themselves how much a series changes
constexpr double kFarthest = 10;   // ranges of a history that forecasts which are fed back may leave it by
constexpr int64_t kMostRows = int64_t{1} << 52;

size_t place(int64_t row, size_t length) { return static_cast<size_t>(row) % length; }

// The latest value of the phase of each step; the last value where that had none.
void repeat_season(const SimpleRecord& r, size_t lag, size_t steps, double* out) {
  for (size_t h = 0; h < steps; ++h) {
    const double value = r.own[place(r.past.rows + static_cast<int64_t>(h % lag), lag)];
    out[h] = std::isnan(value) ? r.past.last_value : value;
  }
}

void draw_line(const Past& past, size_t steps, double* out) {
  const double slope = (past.last_value - past.first_value) / std::max<double>(past.last - past.first, 1);
  for (size_t h = 0; h < steps; ++h) {
    const double ahead = static_cast<double>(past.rows - 1 - past.last + static_cast<int64_t>(h + 1));
    out[h] = past.last_value + ahead * slope;
  }
}

double window_mean(const SimpleRecord& r, size_t window) {
  double sum = 0, count = 0;
  for (size_t i = 0; i < window; ++i) {
    const double value = r.own[place(r.past.rows + static_cast<int64_t>(i), window)];
    if (std::isnan(value)) continue;
    sum += value;
    count += 1;
  }
  return count > 0 ? sum / count : r.past.last_value;
}

}  // namespace

void Changes::put(int64_t pairs, double change) const {
  const size_t before = place(pairs - 1, ring), now = place(pairs, ring);
  const bool there = !std::isnan(change);
  sums[now] = sums[before] + (there ? std::fabs(change) : 0.0);
  counts[now] = counts[before] + (there ? 1 : 0);
}

Changes::Mean Changes::mean(int64_t pairs) const {
  if (pairs <= 0) return {0, 0};
  const int64_t earlier = std::max<int64_t>(pairs - static_cast<int64_t>(ring - 1), 0);
  const size_t now = place(pairs, ring), then = place(earlier, ring);
  const bool recent = counts[now] > counts[then];
  const double count = counts[now] - (recent ? counts[then] : 0.0);
  return {(sums[now] - (recent ? sums[then] : 0.0)) / std::max(count, 1.0), count};
}

PastRecord::PastRecord(size_t season)
    : season_(season), ring_(std::max(kRecentSeasons * season, kLeastRecent) + 1),
      doubles_(sizeof(Past) / sizeof(double) + season + (season > 1 ? 4 : 2) * ring_) {}

SimpleRecord PastRecord::of(const void* record) const {
  double* const begin = static_cast<double*>(const_cast<void*>(record));
  double* const season = begin + sizeof(Past) / sizeof(double);
  double* const steps = season + season_;
  double* const seasons = season_ > 1 ? steps + 2 * ring_ : steps;  // from step to step is from season to season
  return {*reinterpret_cast<Past*>(begin), season, {steps, steps + ring_, ring_}, {seasons, seasons + ring_, ring_},
          begin + doubles_};
}

void PastRecord::take(const SimpleRecord& r, double y) const {
  Past& past = r.past;
  const int64_t row = past.rows, since_season = row - static_cast<int64_t>(season_) + 1;
  double& before = r.season[place(row, season_)];
  if (row > 0) r.steps.put(row, y - (past.known > 0 ? past.last_value : kNothing));
  if (season_ > 1 && since_season > 0) r.seasons.put(since_season, y - before);
  before = y;
  past.rows = row + 1;
  if (std::isnan(y)) return;
  if (past.known == 0) {
    past.first = row;
    past.first_value = past.lowest = past.highest = y;
  }
  past.known += 1;
  past.last = row;
  past.last_value = y;
  past.lowest = std::min(past.lowest, y);
  past.highest = std::max(past.highest, y);
  past.size += std::fabs(y);
  past.negative = past.negative != 0 || y < 0;
}

double PastRecord::scale(const SimpleRecord& r, const double* usual) const {
  const double mean_size = r.past.size / std::max<double>(static_cast<double>(r.past.known), 1);
  const double unit = mean_size > 0 ? mean_size : 1;
  const Changes::Mean steps = r.steps.mean(r.past.rows - 1);
  const Changes::Mean seasons = r.seasons.mean(r.past.rows - static_cast<int64_t>(season_));
  const bool none = seasons.count == 0, by_season = !none && seasons.change > 0;
  const double times = none && usual[0] > 0 && usual[1] > 0 ? usual[1] / usual[0] : 1;
  const double mean = by_season ? seasons.change : steps.change * times;
  const double count = by_season ? seasons.count : steps.count;
  const double prior = (by_season || none ? usual[1] : usual[0]) * unit;
  const double weight = prior > 0 ? std::max(1 - count / kFewPairs, 0.0) : 0;
  return (1 - weight) * mean + weight * prior;
}

double PastRecord::season_before(const SimpleRecord& r) const {
  return r.past.rows >= static_cast<int64_t>(season_) ? r.season[place(r.past.rows, season_)] : kNothing;
}

bool PastRecord::intact(const SimpleRecord& r) const {
  const Past& past = r.past;
  const bool counted = past.rows >= 0 && past.rows <= kMostRows && past.known >= 0 && past.known <= past.rows;
  const bool placed = past.first >= 0 && past.first <= past.last && (past.last < past.rows || past.rows == 0);
  return counted && placed && (past.negative == 0 || past.negative == 1);
}

void PastRecord::list(Fields& fields) const {
  fields.numbers({"rows", "known", "first", "last", "negative", "first_value", "last_value", "lowest", "highest", "size"});
  fields.doubles("season", season_);
  for (const char* const name : {"steps.sums", "steps.counts"}) fields.doubles(name, ring_);
  if (season_ == 1) return;
  for (const char* const name : {"seasons.sums", "seasons.counts"}) fields.doubles(name, ring_);
}

void put_scaled(double forecast, double scale, double* values, double* places) {
  values[0] = forecast;
  values[1] = -scale;
  values[2] = scale;
  if (places == nullptr) return;
  std::fill(places, places + kPlaceNumbers, 0.0);
  places[0] = forecast;
  places[1 + kSide - 2] = -scale;
  places[1 + kSide + 2] = scale;
}

bool PastFollower::ready(const void* record) const {
  const Past& past = past_.of(record).past;
  return past.known > 0 && past.rows >= least_;
}

bool PastFollower::was_negative(const void* record) const { return past_.of(record).past.negative != 0; }

double PastFollower::season_before(const void* record) const { return past_.season_before(past_.of(record)); }

SimpleFollower::SimpleFollower(const SimplePlan& plan) : PastFollower(plan.season, plan.least), plan_(plan) {}

size_t SimpleFollower::own_doubles() const {
  switch (plan_.kind) {
    case SimpleKind::naive:
    case SimpleKind::drift: return 0;
    case SimpleKind::theta: return kThetaDoubles + plan_.season;
    default: return plan_.length;
  }
}

size_t SimpleFollower::record_bytes() const { return whole_lines((past_.doubles() + own_doubles()) * sizeof(double)); }

size_t SimpleFollower::workspace_bytes(size_t most_steps, size_t) const {
  return (plan_.length + 2 * most_steps + 2 * plan_.reach) * sizeof(double);
}

void SimpleFollower::take(void* record, double y, const KnownAt&, void*) const {
  const SimpleRecord r = past_.of(record);
  const int64_t row = r.past.rows;
  take_own(r, row, y);
  past_.take(r, y);
}

void SimpleFollower::take_own(const SimpleRecord& r, int64_t row, double y) const {
  const bool known = !std::isnan(y), first = known && r.past.known == 0;
  double* const ring = r.own;
  switch (plan_.kind) {
    case SimpleKind::naive:
    case SimpleKind::drift: return;
    case SimpleKind::seasonal_naive:  // a row that is missing leaves what its phase had
      if (known || row < static_cast<int64_t>(plan_.length)) ring[place(row, plan_.length)] = y;
      return;
    case SimpleKind::window_average: ring[place(row, plan_.length)] = y; return;
    case SimpleKind::linear:  // what is missing is the value before it, and before the first value that
      ring[place(row, plan_.length)] = known ? y : r.past.last_value;
      if (first) std::fill(ring, ring + plan_.length, y);
      return;
    case SimpleKind::theta:
      if (known)
        theta_take(*reinterpret_cast<ThetaState*>(ring), ring + kThetaDoubles, plan_.season, row,
                   first ? 0 : row - r.past.last - 1, y);
  }
}

void SimpleFollower::restart(void* record) const {
  if (plan_.kind != SimpleKind::theta) return Follower::restart(record);
  const SimpleRecord r = past_.of(record);
  std::memset(record, 0, past_.doubles() * sizeof(double));
  std::fill(r.own + kThetaFitted, r.own + kThetaDoubles, 0.0);
}

void SimpleFollower::linear(const SimpleRecord& r, size_t steps, double* out, double* workspace) const {
  const size_t length = plan_.length, reach = plan_.reach;
  double *const path = workspace, *const sums = path + length + steps + reach;
  for (size_t i = 0; i < length; ++i) path[i] = r.own[place(r.past.rows + static_cast<int64_t>(i), length)];
  const double changed = r.past.known < 2 ? 0 : r.steps.sums[place(r.past.rows - 1, r.steps.ring)] /
                                                    static_cast<double>(r.past.known - 1);
  const double unit = plan_.relative ? changed : 1, range = r.past.highest - r.past.lowest;
  const double lowest = r.past.lowest - kFarthest * range, highest = r.past.highest + kFarthest * range;
  for (size_t first = 0; first < steps; first += reach) {
    const double* const past = path + first;
    const double level = plan_.relative ? past[length - 1] : 0, over = unit > 0 ? unit : 1;
    const size_t count = std::min(reach, steps - first);
    std::fill(sums, sums + count, 0.0);
    for (size_t l = 0; l < length; ++l) {
      const double seen = (past[l] - level) / over;
      const double* const weights = plan_.weights + l * reach;
      for (size_t h = 0; h < count; ++h) sums[h] += seen * weights[h];
    }
    const double* const constant = plan_.weights + length * reach;
    for (size_t h = 0; h < count; ++h) {
      const double ahead = level + unit * (sums[h] + constant[h]);
      path[length + first + h] = first == 0 ? ahead : std::min(std::max(ahead, lowest), highest);
    }
  }
  std::copy(path + length, path + length + steps, out);
}

void SimpleFollower::forecast(const SimpleRecord& r, size_t steps, double* out, double* workspace) const {
  switch (plan_.kind) {
    case SimpleKind::naive: std::fill(out, out + steps, r.past.last_value); return;
    case SimpleKind::seasonal_naive: return repeat_season(r, plan_.length, steps, out);
    case SimpleKind::drift: return draw_line(r.past, steps, out);
    case SimpleKind::window_average: std::fill(out, out + steps, window_mean(r, plan_.length)); return;
    case SimpleKind::linear: return linear(r, steps, out, workspace);
    case SimpleKind::theta:
      return theta_forecast(*reinterpret_cast<const ThetaState*>(r.own), r.own + kThetaDoubles, plan_.season,
                            r.past.rows - 1, r.past.rows - 1 - r.past.last, steps, out);
  }
}

void SimpleFollower::read(const void* record, const Asked& asked, void* workspace) const {
  if (asked.count == 0) return;
  const SimpleRecord r = past_.of(record);
  const size_t steps = static_cast<size_t>(asked.steps[asked.count - 1]);
  double *const ahead = static_cast<double*>(workspace), scale = past_.scale(r, plan_.usual);
  forecast(r, steps, ahead, ahead + steps);
  for (size_t i = 0; i < asked.count; ++i) {
    const double value = tracking::bounded(plan_.bounds, r.past.negative != 0, ahead[asked.steps[i] - 1], 0);
    put_scaled(value, scale, asked.values + 3 * i, i == 0 ? asked.places : nullptr);
  }
}

void SimpleFollower::list(Fields& fields, const std::string& prefix) const {
  const size_t end = fields.at() + record_bytes();
  fields.begin(prefix);
  past_.list(fields);
  if (plan_.kind == SimpleKind::theta) {
    fields.numbers({"fitted", "first_flat", "unit", "multiplies", "level_at_start", "alpha", "w", "origin", "level",
                    "decay", "seen", "line.count", "line.time", "line.value", "line.times", "line.products"});
    fields.doubles("pattern", plan_.season);
  } else {
    fields.doubles("ring", own_doubles());
  }
  fields.pad_to(end);
}

bool SimpleFollower::intact(const void* record) const {
  const SimpleRecord r = past_.of(record);
  if (plan_.kind != SimpleKind::theta) return past_.intact(r);
  const ThetaState& s = *reinterpret_cast<const ThetaState*>(r.own);
  return past_.intact(r) && std::fabs(s.origin) <= static_cast<double>(kMostRows);
}

}  // namespace loopcast::live
