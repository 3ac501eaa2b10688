// Models without a network, followed row by row: what src/loopcast/models has in NumPy, to the bit.
//
// A record holds what the forecast needs (a last value, a ring of a season, a line), and how much the series usually
// changes, in which the intervals of these models are measured (src/loopcast/intervals/scale.py). Contraction is off, as
// in causal.cc.
#pragma once

#include "loopcast/live/follower.hpp"
#include "loopcast/tracking.hpp"

namespace loopcast::live {

enum class SimpleKind : int32_t { naive, seasonal_naive, drift, window_average, linear, theta };
constexpr int32_t kSimpleKinds = 6;

// length: how many of the latest values it looks at (a lag, a window, a context); 1 where it has no such number. least:
// rows before there is a forecast. usual: as of `naive_scale`.
struct SimplePlan {
  SimpleKind kind;
  size_t season, length, least;
  size_t reach;          // of a linear model: steps that it gives at once; its weights are [length + 1, reach]
  const double* weights;
  bool relative;         // whether it sees differences from its last value
  double usual[2];
  tracking::Bounds bounds;
};

// What every one of these records begins with.
struct Past {
  int64_t rows, known, first, last;  // how many rows and values; which rows the first and the last value are
  int64_t negative;
  double first_value, last_value, lowest, highest, size;  // size: the sum of all values' sizes
};

// The sums of changes up to some of the latest pairs of rows, by the number of pairs, in a ring; a pair of which one is
// missing counts for none.
struct Changes {
  double *sums, *counts;
  size_t ring;

  void put(int64_t pairs, double change) const;
  // The mean change of the latest pairs, or of all where these are all missing; and of how many.
  struct Mean {
    double change, count;
  };
  Mean mean(int64_t pairs) const;
};

// A series' record, as views.
struct SimpleRecord {
  Past& past;
  double* season;   // [season]: the latest values, by row
  Changes steps, seasons;
  double* own;      // of the kind
};

// Past, scale and rows of one series; a model's own part follows, and is what `Kind` says.
class PastRecord {
 public:
  explicit PastRecord(size_t season);
  size_t doubles() const { return doubles_; }
  SimpleRecord of(const void* record) const;
  // All but the model's own part.
  void take(const SimpleRecord&, double y) const;
  double scale(const SimpleRecord&, const double* usual) const;
  double season_before(const SimpleRecord&) const;
  bool intact(const SimpleRecord&) const;
  void list(Fields& fields) const;

 private:
  size_t season_, ring_, doubles_;
};

// values [3]: the forecast and half the distance of the outer quantiles of a normal distribution to either side, so that
// they lie `scale` from the middle; places, or null: the same about the forecast.
void put_scaled(double forecast, double scale, double* values, double* places);

// A follower whose record begins with the past of its series, in whose changes its intervals are measured.
class PastFollower : public Follower {
 public:
  PastFollower(size_t season, size_t least) : past_(season), least_(static_cast<int64_t>(least)) {}
  bool ready(const void* record) const final;
  bool was_negative(const void* record) const final;
  double season_before(const void* record) const final;

 protected:
  // Of the past, in a record of which more follows.
  size_t past_bytes() const { return whole_lines(past_.doubles() * sizeof(double)); }

  PastRecord past_;

 private:
  int64_t least_;  // rows before there is a forecast
};

class SimpleFollower final : public PastFollower {
 public:
  explicit SimpleFollower(const SimplePlan&);
  size_t record_bytes() const override;
  size_t columns() const override { return 3; }
  size_t workspace_bytes(size_t most_steps, size_t most_series) const override;
  void take(void* record, double y, const KnownAt&, void* workspace) const override;
  void restart(void* record) const override;
  void read(const void* record, const Asked&, void* workspace) const override;
  bool intact(const void* record) const override;
  void list(Fields& fields, const std::string& prefix) const override;
  size_t fitted_at() const override { return past_.doubles() * sizeof(double); }

 private:
  size_t own_doubles() const;
  void take_own(const SimpleRecord&, int64_t row, double y) const;
  // The forecasts of the steps from 1 to `steps`.
  void forecast(const SimpleRecord&, size_t steps, double* out, double* workspace) const;
  void linear(const SimpleRecord&, size_t steps, double* out, double* workspace) const;

  SimplePlan plan_;
};

}  // namespace loopcast::live
