// The causal encoder, once for every processor: contraction of multiply and add is off, so that float64 numbers are
// those of NumPy, and the same on all of them.
#include <cstring>

#include "loopcast/causal/ahead.hpp"
#include "loopcast/causal/track.hpp"

namespace loopcast::causal {
namespace {

size_t largest(size_t a, size_t b) { return a > b ? a : b; }

constexpr int64_t kMostRows = int64_t{1} << 52;

// Where a ring stands after so many rows.
int64_t place_after(int64_t rows, size_t length) { return rows == 0 ? 0 : (rows - 1) % static_cast<int64_t>(length); }

// Puts a ring's place one on.
void advance(int64_t& at, size_t rows) { at = at + 1 == static_cast<int64_t>(rows) ? 0 : at + 1; }

void advance(const Shape& s, Record& r) {
  advance(r.z_at, s.z_rows);
  advance(r.level_at, s.level_rows);
  advance(r.v_at, s.v_rows);
  advance(r.value_at, s.value_rows);
  advance(r.phase, s.season);
  if (s.second != 0) advance(r.second_phase, s.second);
}

// How large the series is, and how often it is zero.
void take_value(const Shape& s, Record& r, double y, size_t t) {
  const double m = static_cast<double>(s.season);
  r.last_seen = static_cast<int64_t>(t);
  r.counts.seen += 1;
  r.size += rate_of(r.counts.seen, 1 / larger(4 * m, 24)) * (std::fabs(y) - r.size);
  r.zeros += rate_of(r.counts.seen, 1 / (10 * m + 100)) * ((y == 0 ? 1.0 : 0.0) - r.zeros);
  r.linear = r.linear || y < 0;
  r.highest = larger(r.highest, y);
}

void start(Record& r, double y) {
  r.first_curve = Curve(r.unit).write(y);
  r.first_straight = y;
}

}  // namespace

Shape shape_of(size_t season, size_t second) {
  Shape s = {};
  s.season = season;
  s.second = second;
  s.z_rows = largest(largest(2 * season, season + 2), second) + 1;
  s.level_rows = largest(4 * season, second) + 1;
  s.v_rows = season + 1;
  s.value_rows = largest(season, second) + 1;
  s.level = s.z_rows;
  s.v = s.level + s.level_rows;
  s.adjusted = s.v + s.v_rows;
  s.slow = s.adjusted + kLags;
  s.fast = s.slow + season;
  s.two = s.fast + season;
  const size_t track = s.two + second;
  s.curve = sizeof(Record) / sizeof(double);
  s.straight = s.curve + track;
  s.phases = s.straight + track;
  s.second_phases = s.phases + season;
  s.values = s.second_phases + second;
  s.bytes = (s.values + s.value_rows) * sizeof(double);
  s.log_season = std::log(static_cast<double>(season));
  s.log_ratio = second == 0 ? 0 : std::log(static_cast<double>(second) / static_cast<double>(season));
  return s;
}

__attribute__((noinline)) void update(const Shape& s, void* record, double y, bool negatives) {
  Record& r = header(record);
  const size_t t = static_cast<size_t>(r.rows);
  const bool known = !std::isnan(y);
  if (t > 0) advance(s, r);
  r.rows += 1;
  const Ring values = values_of(s, record);
  values.latest() = y;
  r.repeats = t >= s.value_rows - 1 && values.ago(s.value_rows - 1) == y ? r.repeats + 1 : 0;
  if (known) take_value(s, r, y, t);
  r.unit = r.size > 0 ? r.size : 1;
  if (t == 0) start(r, y);
  Row row = {t, known, known ? Curve(r.unit).write(y) - r.first_curve : 0, 1, count_row(s, record, t, known)};
  take(s, r, track_of(s, record, false), row, false);
  row.written = y - r.first_straight;
  row.unit = r.unit;
  take(s, r, track_of(s, record, true), row, !negatives);
}

bool intact(const Shape& s, const void* record) {
  const Record& r = header(record);
  if (r.rows < 0 || r.rows > kMostRows || r.last_seen < 0 || r.last_seen > r.rows) return false;
  if (r.repeats < 0 || r.repeats > r.rows) return false;
  unsigned char linear;
  std::memcpy(&linear, &r.linear, 1);
  return linear <= 1 && r.z_at == place_after(r.rows, s.z_rows) && r.level_at == place_after(r.rows, s.level_rows) &&
         r.v_at == place_after(r.rows, s.v_rows) && r.value_at == place_after(r.rows, s.value_rows) &&
         r.phase == place_after(r.rows, s.season) &&
         r.second_phase == (s.second == 0 ? 0 : place_after(r.rows, s.second));
}

__attribute__((noinline)) void inputs(const Shape& s, const void* record, float* out) {
  const Record& r = header(record);
  put_inputs(s, r, track_of(s, record, r.linear), out);
}

__attribute__((noinline)) double look_ahead(const Shape& s, const void* record, const Ahead& ahead) {
  const View v = view_of(s, record);
  for (size_t i = 0; i < ahead.count; ++i) {
    const uint32_t h = static_cast<uint32_t>(ahead.steps[i]);
    ahead.base[i] = put_candidates(v, h, ahead.candidates + i * kCandidates);
    put_codes(v, h, ahead.codes + i * kCodes);
  }
  return v.track.state.scale;
}

int64_t rows_of(const void* record) { return header(record).rows; }

Written written(const void* record) {
  const Record& r = header(record);
  return {!r.linear, r.unit, r.linear ? r.first_straight : r.first_curve};
}

namespace {

// The mean change from season to season of both ways of writing.
struct Usual {
  double sum[2] = {}, count = 0;

  void add(const Shape& s, const void* record, size_t length) {
    const size_t t = static_cast<size_t>(header(record).rows) - 1;
    if (length > s.season && t < s.season) return;
    for (int i = 0; i < 2; ++i) {
      const Track track = track_of(s, record, i == 1);
      sum[i] += std::fabs(length > s.season ? track.state.z - track.z.ago(s.season) : track.state.z);
    }
    count += 1;
  }
};

void encode_origin(const EncodeCall& c, const Shape& s, const void* record, size_t place) {
  const size_t first = place * c.steps;
  c.scale[place] = look_ahead(s, record, {c.steps, c.ahead + first, c.base + first, c.candidates + first * kCandidates,
                                          c.codes + first * kCodes});
  const Written way = written(record);
  c.curved[place] = way.curved;
  c.unit[place] = way.unit;
  c.first[place] = way.first;
}

}  // namespace

void encode_series(const EncodeCall& c, const Shape& s, size_t series, void* record) {
  const size_t length = static_cast<size_t>(c.lengths[series]);
  const double* const values = c.values + series * c.time;
  float* const seen = c.inputs + series * c.time * kInputs;
  bool negatives = false;
  for (size_t t = 0; t < length; ++t) negatives = negatives || values[t] < 0;
  Usual usual;
  const int64_t end = c.begin[series + 1];
  int64_t next = c.begin[series];
  for (size_t t = 0; t < length; ++t) {
    update(s, record, values[t], negatives);
    inputs(s, record, seen + t * kInputs);
    usual.add(s, record, length);
    for (; next < end && c.at[next] == static_cast<int64_t>(t); ++next) encode_origin(c, s, record, next);
  }
  std::memset(seen + length * kInputs, 0, (c.time - length) * kInputs * sizeof(float));
  for (int64_t place = c.begin[series]; place < end; ++place)
    c.usual[place] = usual.sum[c.curved[place] == 0] / usual.count;
}

}  // namespace loopcast::causal
