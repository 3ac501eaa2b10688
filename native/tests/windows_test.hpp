// Windows of random sizes with an index of any numbers: the copies against their definition, row by row.
#pragma once

#include <cstdio>
#include <limits>

#include "guarded.hpp"
#include "loopcast/windows.hpp"

namespace loopcast {

// A number for an index: near a row, near the ends of the panel, or as far off as 32 bits go.
inline int32_t hostile_row(size_t rows) {
  using Limits = std::numeric_limits<int32_t>;
  const int32_t end = static_cast<int32_t>(rows), near = static_cast<int32_t>(random_bits() % 48) - 12;
  return pick({near, near, near, near, -1, 0, end - 1, end, end + 1, Limits::min(), Limits::min() + 1,
               -Limits::max() / 2, Limits::max() / 2, Limits::max() - 1, Limits::max()});
}

// What a window of this index sees at a row, if its step is used.
inline float visible(const Windows& w, const int32_t* index, int64_t row, bool used) {
  const bool in_panel = 0 <= row && row < static_cast<int64_t>(w.rows);
  return used && in_panel && index[1] <= row && row < index[4] ? w.values[row] : NAN;
}

inline bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

inline bool past_is_right(const Windows& w, size_t window) {
  const int32_t* const index = w.index + 5 * window;
  const float* at = w.past + window * w.context * w.lookback;
  for (size_t t = 0; t < w.context; ++t)
    for (size_t k = 0; k < w.lookback; ++k) {
      const int64_t row = int64_t{index[0]} + static_cast<int64_t>(t + k) - static_cast<int64_t>(w.lookback - 1);
      if (!same(*at++, visible(w, index, row, true))) return false;
    }
  return true;
}

inline bool future_is_right(const Windows& w, size_t window) {
  const int32_t* const index = w.index + 5 * window;
  const size_t steps = w.last_only && w.context > 0 ? 1 : w.context;
  const float* at = w.future + window * steps * w.horizon;
  for (size_t t = w.context - steps; t < w.context; ++t) {
    const int64_t now = index[0] + static_cast<int64_t>(t);
    const bool used = index[2] <= now && now <= index[3];
    for (size_t k = 0; k < w.horizon; ++k)
      if (!same(*at++, visible(w, index, now + 1 + static_cast<int64_t>(k), used))) return false;
  }
  return true;
}

// Whether one random call copies what it should and nothing beyond its buffers.
inline bool windows_are_right(int number) {
  Windows w = {};
  w.rows = one_of({0, 1, 3, 17, 40});
  w.count = one_of({0, 1, 3, 17, 60});
  w.context = one_of({0, 1, 3, 17});
  w.lookback = one_of({0, 1, 3, 17});
  w.horizon = one_of({0, 1, 3, 17});
  w.last_only = random_bits() % 2 == 0;
  const size_t steps = w.last_only && w.context > 0 ? 1 : w.context;
  const Guarded values = normal(w.rows), index(5 * w.count), past(w.count * w.context * w.lookback),
                future(w.count * steps * w.horizon);
  int32_t* const numbers = reinterpret_cast<int32_t*>(index.floats);
  for (size_t i = 0; i < index.size; ++i) numbers[i] = hostile_row(w.rows);
  w.values = values.floats;
  w.index = numbers;
  w.past = past.floats;
  w.future = future.floats;
  for (const Guarded* written : {&past, &future})
    for (size_t i = 0; i < written->size; ++i) written->floats[i] = 7.0f;  // so that rows that are left out show
  copy_windows(w);
  for (size_t i = 0; i < w.count; ++i)
    if (!past_is_right(w, i) || !future_is_right(w, i)) {
      std::printf("case %d: window %zu is wrong (rows %zu, context %zu, lookback %zu, horizon %zu)\n",
                  number, i, w.rows, w.context, w.lookback, w.horizon);
      return false;
    }
  return true;
}

}  // namespace loopcast
