// Many rows of many series at once: checked, then taken in by several threads, each series by one of them, so that
// every grouping and any number of threads leave the same bits.
#pragma once

#include <atomic>
#include <limits>

#include "../own_threads.hpp"
#include "series.hpp"

namespace loopcast::live {

constexpr size_t kRowsPerThread = 16;  // with fewer, starting a thread costs more than it brings

inline bool rows_are_there(const RowsCall& c) {
  if (!all_there({c.order, c.begin, c.blocks, c.steps, c.values, c.statuses, c.verdicts})) return false;
  if (c.begin[0] != 0 || c.begin[c.series] != static_cast<int64_t>(c.rows)) return false;
  for (size_t i = 0; i < c.series; ++i)
    if (c.begin[i] > c.begin[i + 1]) return false;
  for (size_t i = 0; i < c.rows; ++i)
    if (c.order[i] < 0 || c.order[i] >= static_cast<int64_t>(c.rows)) return false;
  return true;
}

// The first row that comes after a longer gap than is allowed, as if those before it were taken in; -1 where none does.
// A series that is new has no block.
inline int64_t first_gap(const RowsCall& c, int64_t longest_gap) {
  constexpr int64_t kNoEnd = std::numeric_limits<int64_t>::min();
  int64_t found = -1;
  for (size_t i = 0; i < c.series; ++i) {
    int64_t end = c.blocks[i] == nullptr ? kNoEnd : Series::end(c.blocks[i]);
    for (int64_t k = c.begin[i]; k < c.begin[i + 1]; ++k) {
      const int64_t row = c.order[k], step = c.steps[row];
      if (end != kNoEnd && step > end && step - end - 1 > longest_gap) {
        if (found < 0 || row < found) found = row;
        break;
      }
      end = end == kNoEnd || step > end ? step : end;
    }
  }
  return found;
}

// The rows of some series, at most kTogether: the next one of each side by side, and again.
inline void take_series(const Series& series, const RowsCall& c, size_t first, size_t last, void* workspace) {
  const size_t width = series.tracked().verdict_doubles();
  int64_t at[kTogether];
  for (size_t i = first; i < last; ++i) at[i - first] = c.begin[i];
  for (bool more = true; more;) {
    void* blocks[kTogether];
    double values[kTogether], *verdicts[kTogether];
    size_t count = 0;
    more = false;
    for (size_t i = first; i < last; ++i) {
      if (at[i - first] == c.begin[i + 1]) continue;
      more = true;
      const int64_t row = c.order[at[i - first]++];
      double* const verdict = c.verdicts + static_cast<size_t>(row) * width;
      if (c.steps[row] != Series::end(c.blocks[i]) + 1) {
        const RowStatus status = series.place(c.blocks[i], c.steps[row], c.values[row], verdict, workspace);
        c.statuses[row] = static_cast<uint8_t>(status);
        continue;
      }
      c.statuses[row] = static_cast<uint8_t>(RowStatus::taken);
      blocks[count] = c.blocks[i];
      values[count] = c.values[row];
      verdicts[count++] = verdict;
    }
    if (count > 0) series.take(count, blocks, values, verdicts, workspace);
  }
}

// Whether what is known besides reaches from the first row of each series to the steps that are tracked after its last.
inline bool rows_are_known(const Series& series, const RowsCall& c) {
  for (size_t i = 0; i < c.series; ++i) {
    int64_t from = std::numeric_limits<int64_t>::max(), to = Series::end(c.blocks[i]);
    for (int64_t k = c.begin[i]; k < c.begin[i + 1]; ++k) {
      from = std::min(from, std::max(c.steps[c.order[k]], series.oldest(c.blocks[i])));
      to = std::max(to, c.steps[c.order[k]]);
    }
    if (c.begin[i] < c.begin[i + 1] && !series.is_known(c.blocks[i], from, to, series.tracked().farthest()))
      return false;
  }
  return true;
}

inline OriginStatus take_rows(const Series& series, const RowsCall& c) {
  if (!rows_are_known(series, c)) return OriginStatus::bad_step;
  const size_t workers = std::min(c.threads, c.rows / kRowsPerThread + 1);
  const size_t together = std::max<size_t>(std::min(kTogether, c.series / workers), 1);
  const size_t tasks = (c.series + together - 1) / together;
  const size_t bytes = whole_lines(series.tracked().workspace_bytes(together));
  const std::unique_ptr<char[]> workspaces(new (std::nothrow) char[(workers + 1) * bytes]);
  if (workspaces == nullptr) return OriginStatus::no_memory;
  std::atomic<size_t> next{0};
  run_in_threads(std::min(workers, tasks), workers, [&](size_t worker) {
    const uintptr_t begin = reinterpret_cast<uintptr_t>(workspaces.get());
    char* const workspace = workspaces.get() + whole_lines(begin) - begin + worker * bytes;
    for (size_t task = next++; task < tasks; task = next++)
      take_series(series, c, task * together, std::min(c.series, (task + 1) * together), workspace);
  });
  return OriginStatus::ok;
}

}  // namespace loopcast::live
