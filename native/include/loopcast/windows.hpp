// Windows of a panel's rows: copies of its values, and NaN for every row that a window may not see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace loopcast {

// The rows of one window: it begins at row `start`, which may lie before `begin`.
struct Window {
  int32_t start;
  int32_t begin, stop;  // the rows that it may see, [begin, stop)
  int32_t first, last;  // the rows whose forecasts are trained or scored, [first, last]
};

// No array overlaps another; nothing is kept after the call.
struct Windows {
  size_t rows, count, context, lookback, horizon;
  bool last_only;        // `future` has a window's last step alone
  const float* values;   // [rows]
  const int32_t* index;  // [count, 5]: start, begin, first, last, stop
  float* past;           // [count, context, lookback], the latest value last
  float* future;         // [count, context or 1, horizon], NaN too at steps outside of [first, last]
};

inline Window window_at(const Windows& w, size_t number) {
  const int32_t* const at = w.index + 5 * number;
  const int64_t rows = static_cast<int64_t>(w.rows);
  const int32_t begin = at[1] < 0 ? 0 : at[1], stop = at[4] > rows ? static_cast<int32_t>(rows) : at[4];
  return {at[0], begin, stop, at[2], at[3]};
}

// to[i] = values[row + i] for i < count where begin <= row + i < stop, else NaN.
inline void copy_visible(float* to, const float* values, int64_t row, int64_t count, int64_t begin, int64_t stop) {
  const auto clamp = [count](int64_t i) { return i < 0 ? 0 : i > count ? count : i; };
  const int64_t from = clamp(begin - row), end = clamp(stop - row);
  for (int64_t i = 0; i < (from < end ? from : count); ++i) to[i] = std::numeric_limits<float>::quiet_NaN();
  for (int64_t i = from; i < end; ++i) to[i] = values[row + i];
  for (int64_t i = from < end ? end : count; i < count; ++i) to[i] = std::numeric_limits<float>::quiet_NaN();
}

inline void copy_past(const Windows& w, const Window& window, float* to) {
  const int64_t lookback = w.lookback, context = w.context;
  if (lookback == 1) return copy_visible(to, w.values, window.start, context, window.begin, window.stop);
  for (int64_t t = 0; t < context; ++t)
    copy_visible(to + t * lookback, w.values, window.start + t - lookback + 1, lookback, window.begin, window.stop);
}

inline void copy_future(const Windows& w, const Window& window, float* to) {
  const int64_t horizon = w.horizon, context = w.context;
  for (int64_t t = w.last_only && context > 0 ? context - 1 : 0; t < context; ++t, to += horizon) {
    const int64_t now = int64_t{window.start} + t;
    const bool used = window.first <= now && now <= window.last;
    copy_visible(to, w.values, now + 1, horizon, window.begin, used ? window.stop : window.begin);
  }
}

inline void copy_windows(const Windows& w) {
  const size_t steps = w.last_only && w.context > 0 ? 1 : w.context;
  for (size_t i = 0; i < w.count; ++i) {
    const Window window = window_at(w, i);
    copy_past(w, window, w.past + i * w.context * w.lookback);
    copy_future(w, window, w.future + i * steps * w.horizon);
  }
}

}  // namespace loopcast
