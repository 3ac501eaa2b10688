// One live series in one block of memory: where it stands, its latest rows, its record, and copies of that from which
// rows that come late are taken in anew.
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include "tracked.hpp"

namespace loopcast::live {

enum class RowStatus : int32_t { taken = 0, duplicate, revised, late };

// rows: how many were taken in, the first at step `start` of the series' phase. judged: the first row that is judged;
// those before it may have been learned from. seen: whether there was a value. known: tables of what is known besides, or null.
struct SeriesHead {
  int64_t rows, start, judged, seen, duplicates, revised, late;
  const KnownTable* known;
};
static_assert(sizeof(SeriesHead) == kLine, "a record follows");

class Series {
 public:
  Series(const LivePlan& plan)
      : tracked_(plan), lateness_(static_cast<int64_t>(plan.lateness)), fields_(tracked_.fields()) {}

  // Of a record, as lines "name bytes".
  const char* fields() const { return fields_.c_str(); }

  const Tracked& tracked() const { return tracked_; }
  // Rows that are kept: from the older anchor on.
  int64_t ring_rows() const { return lateness_ > 0 ? 2 * lateness_ : 1; }
  size_t records() const { return lateness_ > 0 ? 3 : 1; }
  size_t record_at() const { return kLine + whole_lines(static_cast<size_t>(ring_rows()) * sizeof(double)); }
  size_t block_bytes() const { return record_at() + records() * tracked_.record_bytes(); }

  static SeriesHead& head(const void* block) { return *static_cast<SeriesHead*>(const_cast<void*>(block)); }
  // The step of the last row.
  static int64_t end(const void* block) { return head(block).start + head(block).rows - 1; }

  void* record(const void* block, size_t copy = 0) const {
    return static_cast<char*>(const_cast<void*>(block)) + record_at() + copy * tracked_.record_bytes();
  }

  // The next row of each of several series, at most kTogether.
  void take(size_t count, void* const* blocks, const double* values, double* const* verdicts, void* workspace) const {
    void* records[kTogether];
    bool asked[kTogether];
    KnownAt known[kTogether];
    for (size_t i = 0; i < count; ++i) {
      const SeriesHead& s = head(blocks[i]);
      known[i] = {s.known, s.start + s.rows, s.start};
      records[i] = record(blocks[i]);
      asked[i] = s.rows >= s.judged - 1;
      if (lateness_ > 0 && s.rows % lateness_ == 0)
        std::memcpy(anchor(blocks[i], s.rows), records[i], tracked_.record_bytes());
    }
    tracked_.follow(count, records, values, known, asked, verdicts, workspace);
    for (size_t i = 0; i < count; ++i) {
      SeriesHead& s = head(blocks[i]);
      value(blocks[i], s.rows) = values[i];
      s.rows += 1;
      if (!std::isnan(values[i])) s.seen = 1;
    }
  }

  void take(void* block, double y, double* verdict, void* workspace) const { take(1, &block, &y, &verdict, workspace); }

  // What is known at the last row.
  static KnownAt known(const void* block) { return {head(block).known, end(block), head(block).start}; }

  // The first step that a row which comes late may still be taken in from.
  int64_t oldest(const void* block) const {
    return head(block).rows == 0 ? std::numeric_limits<int64_t>::min() : end(block) + 1 - ring_rows();
  }

  // Whether what is known is there, from a step to `more` steps after another.
  bool is_known(const void* block, int64_t from, int64_t to, size_t more) const {
    if (!tracked_.follower().needs_known()) return true;
    const KnownTable* const table = head(block).known;
    return table != nullptr && table->first <= from && to + static_cast<int64_t>(more) < table->first + table->count;
  }

  // A row at a step of the phase, whichever; steps that were left out before it are missing. The verdict is that of a row
  // that is taken or revised.
  RowStatus place(void* block, int64_t step, double y, double* verdict, void* workspace) const {
    SeriesHead& s = head(block);
    const int64_t last = end(block);
    if (step > last) {
      for (int64_t i = last + 1; i < step; ++i) take(block, NAN, verdict, workspace);
      take(block, y, verdict, workspace);
      return RowStatus::taken;
    }
    if (s.start <= step && last - step < ring_rows() && same(value(block, step - s.start), y)) {
      s.duplicates += 1;
      return RowStatus::duplicate;
    }
    if (last - step > lateness_ || lateness_ == 0) {
      s.late += 1;
      return RowStatus::late;
    }
    s.revised += 1;
    revise(block, step - s.start, y, verdict, workspace);
    return RowStatus::revised;
  }

  bool intact(const void* block) const {
    const SeriesHead& s = head(block);
    bool whole = s.rows >= 1 && s.rows <= kMostRows && s.judged >= 0 && (s.seen == 0 || s.seen == 1);
    for (size_t copy = 0; copy < records(); ++copy) whole = whole && tracked_.intact(record(block, copy));
    return whole;
  }

  // As `back_to`, for rows that are not taken in again here; returns the step of the first of them.
  int64_t rewind(void* block, int64_t step) const {
    back_to(block, step - head(block).start);
    return head(block).start + head(block).rows;
  }

 private:
  static constexpr int64_t kMostRows = int64_t{1} << 52;

  static bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

  double& value(void* block, int64_t row) const {
    return reinterpret_cast<double*>(static_cast<char*>(block) + kLine)[row % ring_rows()];
  }

  // The copy of the record as it was before a row that is a multiple of `lateness`.
  void* anchor(void* block, int64_t row) const { return record(block, 1 + static_cast<size_t>(row / lateness_ % 2)); }

  // Makes the record anew with another value at a row, or with rows before its first; the verdict is the row's.
  void revise(void* block, int64_t row, double y, double* verdict, void* workspace) const {
    const SeriesHead& s = head(block);
    const int64_t first = anchor_row(s, row), rows = s.rows;
    std::vector<double> values;
    if (row < 0) {
      values.assign(static_cast<size_t>(-row), NAN);
      values[0] = y;
    }
    for (int64_t i = first; i < rows; ++i) values.push_back(i == row ? y : value(block, i));
    back_to(block, row);
    replay(block, values, std::max<int64_t>(row, 0), verdict, workspace);
  }

  // The latest row at or before one of which there is a copy of the record.
  int64_t anchor_row(const SeriesHead& s, int64_t row) const {
    if (row < 0 || lateness_ == 0) return 0;
    const int64_t latest = (s.rows - 1) / lateness_ * lateness_;
    return latest > row ? latest - lateness_ : latest;
  }

  // The series as it was before its anchor at or before a row; before its first row, the series begins there.
  void back_to(void* block, int64_t row) const {
    SeriesHead& s = head(block);
    const int64_t first = anchor_row(s, row);
    if (row < 0) {
      s.start += row;
      s.judged = s.judged > 0 ? s.judged - row : 0;
      std::memset(record(block), 0, tracked_.record_bytes());
    } else if (first == 0) {
      tracked_.restart(record(block));
    } else {
      std::memcpy(record(block), anchor(block, first), tracked_.record_bytes());
    }
    s.rows = first;
  }

  void replay(void* block, const std::vector<double>& values, int64_t wanted, double* verdict, void* workspace) const {
    const SeriesHead& s = head(block);
    std::vector<double> other(tracked_.verdict_doubles());
    for (const double y : values) take(block, y, s.rows == wanted ? verdict : other.data(), workspace);
  }

  Tracked tracked_;
  int64_t lateness_;
  std::string fields_;
};

}  // namespace loopcast::live
