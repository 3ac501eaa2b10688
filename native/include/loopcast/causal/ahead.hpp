// What each step ahead might be, as seen from the latest row: candidates, and codes that say how far ahead it is.
#pragma once

#include "loopcast/causal/inputs.hpp"

namespace loopcast::causal {

constexpr double kFarthestCandidate = 50;  // scales that a candidate may lie from the base

// What all steps share.
struct View {
  const Shape& s;
  const Record& r;
  Track track, straight;
  size_t t;
  bool begun, second;  // whether a season was seen, and a row a second season ago
  Curve curve;
  double over, step, slope, log_rows;
};

inline View view_of(const Shape& s, const void* record) {
  const Record& r = header(record);
  const Track track = track_of(s, record, r.linear);
  const TrackState& now = track.state;
  const size_t t = static_cast<size_t>(r.rows - 1);
  return {s,
          r,
          track,
          track_of(s, record, true),
          t,
          t + 1 >= s.season,
          s.second != 0 && t >= s.second,
          Curve(r.unit),
          1 / now.scale,
          s.season == 1 ? track.z.ago(1) - now.z : now.adjusted - now.level,
          slope_of(s, now, t),
          std::log(smaller(static_cast<double>(r.rows), kLongest))};
}

// How many rows before the latest one the row of a step's phase lies, and the phase.
struct Before {
  size_t back, phase;
};

inline Before before(uint32_t h, size_t season, int64_t phase) {
  const uint32_t m = static_cast<uint32_t>(season);
  const size_t back = size_t{(h + m - 1) / m} * m - h, now = static_cast<size_t>(phase);
  return {back, now >= back ? now - back : now + m - back};
}

// What level and season of the values as they are say, on the curve.
inline double line(const View& v, size_t phase) {
  const double value = v.straight.state.level + (v.begun ? v.straight.slow_at(v.s, phase) : 0.0) + v.r.first_straight;
  return v.curve.write(value) - v.r.first_curve;
}

// Three candidates of the second season.
inline void put_second(const View& v, uint32_t h, double base, double* to) {
  const Ring& level = v.track.level;
  const Before b = before(h, v.s.second, v.r.second_phase);
  const size_t half = v.s.season / 2;
  to[0] = v.track.z.ago(b.back) - base;
  to[1] = v.track.state.second_level + v.track.two_at(v.s, b.phase) - base;
  to[2] = level.ago(b.back > half ? b.back - half : 0) - level.ago(v.s.second);
}

// The base of a step, and its candidates.
inline double put_candidates(const View& v, uint32_t h, float* out) {
  const Before b = before(h, v.s.season, v.r.phase);
  const double slow = v.begun ? v.track.slow_at(v.s, b.phase) : 0.0;
  const double fast = v.begun ? v.track.fast_at(v.s, b.phase) : 0.0, base = v.track.state.level + slow;
  double each[kCandidates] = {slow, fast - slow};
  if (v.begun) {
    each[2] = v.track.z.ago(b.back) - base;
    each[3] = v.track.z.ago(b.back + v.s.season) - base;
  }
  if (!v.r.linear) each[4] = line(v, b.phase) - base;
  each[5] = v.step;
  each[6] = h * v.slope;
  if (v.second) put_second(v, h, base, each + 7);
  for (size_t i = 0; i < kCandidates; ++i) out[i] = clip(each[i] * v.over, kFarthestCandidate);
  return base;
}

inline void put_codes(const View& v, uint32_t h, float* out) {
  const uint32_t m = static_cast<uint32_t>(v.s.season), seasons = (h + m - 1) / m;
  const double steps = h, share = steps / m, log_h = std::log(steps);
  const double each[kCodes] = {log_h / 2,
                               share / (4 + share),
                               std::log(static_cast<double>(seasons)) / 1.5,
                               h == seasons * m ? 1.0 : 0.0,
                               v.s.log_season / 2,
                               v.second ? 1.0 : 0.0,
                               m == 1 ? (steps / 8 < 2 ? steps / 8 : 2) : 0,
                               (log_h - v.log_rows) / 3};
  for (size_t i = 0; i < kCodes; ++i) out[i] = static_cast<float>(each[i]);
}

}  // namespace loopcast::causal
