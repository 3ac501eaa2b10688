// What the network sees at the latest row: differences in units of the usual change, how large those are, where it is.
#pragma once

#include "loopcast/causal/record.hpp"
#include "loopcast/logarithm.hpp"

namespace loopcast::causal {

// Numbers of which the inverse hyperbolic sine is taken, and the logarithm, padded to whole vectors.
constexpr size_t kDifferences = 18, kSlope = 18, kSecondDifferences = 19, kBent = 24;
constexpr size_t kSizes = 0, kRows = 5, kSeasons = 6, kAge = 7, kSecondShare = 8, kLogs = 12;
constexpr double kFarthest = 1634508.6862362083;  // sinh(15): of a difference, before it is bent
constexpr double kLargest = 1e18;                 // of any number: its square is a float
constexpr float kLogOfTenth = -2.30258509f;
constexpr double kLeast = 1e-5, kMuch = 10;  // beyond these a scale is shown as at them

struct Raw {
  float bent[kBent], logs[kLogs];
};

inline void put_differences(const Shape& s, const Track& track, double over, float* to) {
  const Ring &z = track.z, &level = track.level;
  const size_t m = s.season, half = m < 4 ? 1 : m / 2;
  const double now = track.state.level, last = track.state.z;
  const auto put = [&](double number) { *to++ = static_cast<float>(bounded(number * over, kFarthest)); };
  for (size_t j = 0; j < kLags; ++j) put(track.adjusted.ago(j) - now);
  put(last - now);
  put(now - level.ago(m));
  put(level.ago(m) - level.ago(2 * m));
  put(now - level.ago(half));
  put(now - level.ago(4 * m));
  put(now - track.state.slow);
  put(last - z.ago(m));
  put(last - z.ago(2 * m));
  put(z.ago(1) - z.ago(m + 1));
  put(z.ago(2) - z.ago(m + 2));
}

inline double slope_of(const Shape& s, const TrackState& state, size_t t) {
  return t >= s.season ? (state.level - state.first_level) / static_cast<double>(t - s.season + 1) : 0.0;
}

inline Raw raw_inputs(const Shape& s, const Record& r, const Track& track) {
  Raw raw = {};
  const TrackState& now = track.state;
  const double over = 1 / now.scale, m = static_cast<double>(s.season), t = static_cast<double>(r.rows - 1);
  const auto shown = [&](double number) { return static_cast<float>(bounded(number, kLargest)); };
  put_differences(s, track, over, raw.bent);
  raw.bent[kSlope] = shown(4 * slope_of(s, now, r.rows - 1) * m * over);
  const double scale = now.scale < kLeast ? kLeast : now.scale > kMuch ? kMuch : now.scale;
  const double logs[] = {scale, now.step * over + 0.001, now.recent * over + 0.01, now.seasonal_error * over + 0.01,
                         std::sqrt(now.square) * over + 0.5, smaller(t, kLongest) + 1, smaller(t / m, kMostSeasons) + 1,
                         static_cast<double>(r.rows - r.last_seen), now.second * over + 0.01};
  for (size_t i = 0; i < kLogs; ++i) raw.logs[i] = i <= kSecondShare ? shown(logs[i]) : 1.0f;
  if (s.second == 0 || r.rows - 1 < static_cast<int64_t>(s.second)) return raw;
  const double changes[] = {now.z - track.z.ago(s.second), now.level - track.level.ago(s.second),
                            now.level - now.second_level};
  for (size_t i = 0; i < 3; ++i)
    raw.bent[kSecondDifferences + i] = static_cast<float>(bounded(changes[i] * over, kFarthest));
  return raw;
}

inline void bend(Raw& raw) {
  using namespace plain;
  for (size_t i = 0; i < kBent; i += kWidth) store(raw.bent + i, plain::asinh(load(raw.bent + i)));
  for (size_t i = 0; i < kLogs; i += kWidth) store(raw.logs + i, plain::log(load(raw.logs + i)));
}

inline float clip(double value, double most) { return static_cast<float>(bounded(value, most)); }

// How large changes are, the slope, and whether changes go on, turn back, or come again a season later.
inline float* put_sizes(const Record& r, const TrackState& now, const Raw& raw, float* to) {
  const float size = r.linear ? kLogOfTenth : raw.logs[kSizes];
  *to++ = (size < -9 ? -9 : size > 2 ? 2 : size) / 2 + 1;
  *to++ = raw.logs[kSizes + 1] / 2;
  for (size_t i = 2; i < 5; ++i) *to++ = raw.logs[kSizes + i];
  *to++ = raw.bent[kSlope];
  *to++ = static_cast<float>(now.w0 / std::sqrt(now.w2 + 0.001));
  *to++ = clip(now.w1 / (now.w2 + 0.001), 1.5);
  *to++ = clip(now.vv / (now.v2 + 0.001), 1.5);
  return to;
}

// How much was seen, of which season, and what is missing.
inline float* put_place(const Shape& s, const Record& r, const Raw& raw, float* to) {
  *to++ = raw.logs[kRows] / 2 - 1;
  *to++ = raw.logs[kSeasons] - 1;
  *to++ = static_cast<float>(s.log_season / 2);
  *to++ = s.season == 1;
  *to++ = r.last_seen == r.rows - 1;
  *to++ = raw.logs[kAge];
  *to++ = r.linear;
  *to++ = static_cast<float>(r.zeros);
  return to;
}

// Of the second season; zeros before one was seen.
inline void put_second(const Shape& s, const Record& r, const Raw& raw, float* to) {
  const bool there = s.second != 0 && r.rows > static_cast<int64_t>(s.second);
  *to++ = there;
  for (size_t i = 0; i < 3; ++i) *to++ = raw.bent[kSecondDifferences + i];
  *to++ = there ? raw.logs[kSecondShare] : 0;
  *to++ = there ? static_cast<float>(s.log_ratio / 2) : 0;
}

inline void put_inputs(const Shape& s, const Record& r, const Track& track, float* out) {
  Raw raw = raw_inputs(s, r, track);
  bend(raw);
  for (size_t i = 0; i < kDifferences; ++i) *out++ = raw.bent[i];
  out = put_sizes(r, track.state, raw, out);
  out = put_place(s, r, raw, out);
  put_second(s, r, raw, out);
}

}  // namespace loopcast::causal
