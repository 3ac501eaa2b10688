// Contraction is off, as in causal.cc.
#include "loopcast/live/theta.hpp"

namespace loopcast::live {
namespace {

constexpr double kClassicalAlpha = 0.5, kClassicalW = 0.5;

// Which way the line draws the level, from what it was `decay` ago.
double direction(const ThetaState& s, const ThetaLine& line, double decay, double further) {
  return decay * line.intercept() + (1 - further) / s.alpha * line.slope();
}

double part(const double* season, size_t length, int64_t row, double origin) {
  const int64_t m = static_cast<int64_t>(length), since = (row - static_cast<int64_t>(origin)) % m;
  return season[since < 0 ? since + m : since];
}

void start(ThetaState& s, int64_t row, double y) {
  if (s.fitted == 0) {
    s.first = y;
    s.unit = 1;
    s.alpha = kClassicalAlpha;
    s.w = kClassicalW;
    s.origin = static_cast<double>(row);
  }
  s.level = s.level_at_start;
  s.decay = 1;
}

void take_missing(ThetaState& s) {
  const double further = s.decay * (1 - s.alpha);
  const double guess = s.level + s.w * direction(s, s.line, s.decay, further);
  s.level = s.level + s.alpha * (guess - s.level);
  s.decay = further;
  s.seen += 1;
}

}  // namespace

void ThetaLine::take(double at, double y) {
  const double more = count + 1, share = 1 / (more > 1 ? more : 1), since = at - time, above = y - value;
  times = times + share * count * since * since;
  products = products + share * count * since * above;
  time = time + share * since;
  value = value + share * above;
  count = more;
}

void theta_take(ThetaState& s, const double* season, size_t length, int64_t row, int64_t missing_before, double y) {
  if (s.seen == 0) start(s, row, y);
  for (int64_t i = 0; i < missing_before; ++i) take_missing(s);
  const double here = part(season, length, row, s.origin), flat = s.multiplies != 0 ? y / here : y - here;
  const double value = (flat - s.first) / s.unit;
  s.level = s.level + s.alpha * (value - s.level);
  s.decay = s.decay * (1 - s.alpha);
  s.seen += 1;
  s.line.take(s.seen, value);
}

void theta_forecast(const ThetaState& s, const double* season, size_t length, int64_t row, int64_t gap, size_t steps,
                    double* out) {
  ThetaLine line = s.line;
  double level = s.level, decay = s.decay;
  for (size_t i = 0; i < static_cast<size_t>(gap) + steps; ++i) {
    const double further = decay * (1 - s.alpha), next = level + s.w * direction(s, line, decay, further);
    level = level + s.alpha * (next - level);
    line.take(s.seen + static_cast<double>(i) + 1, next);
    decay = further;
    if (i < static_cast<size_t>(gap)) continue;
    const size_t h = i - static_cast<size_t>(gap);
    const double here = part(season, length, row + 1 + static_cast<int64_t>(h), s.origin);
    const double flat = s.first + s.unit * next;
    out[h] = s.multiplies != 0 ? flat * here : flat + here;
  }
}

}  // namespace loopcast::live
