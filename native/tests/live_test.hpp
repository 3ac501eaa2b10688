// Live series of random sizes: taken in row by row, each row's forecast against that of one call for the whole series,
// to the bit; a copy of a record is a fork.
#pragma once

#include "causal_test.hpp"
#include "live.hpp"
#include "step_decoder_test.hpp"

namespace loopcast {

// Two layers and a decoder with random weights, whose median, 10 and 90 % are read.
struct LiveCase {
  LiveCase()
      : units(one_of({16, 32})), steps(one_of({1, 7, 30})),
        weights(units, causal::kInputs, causal::kCandidates, causal::kCodes, units),
        kernel{normal(causal::kInputs * 4 * units, 0.2f), normal(units * 4 * units, 0.2f)},
        recurrent{normal(units * 4 * units, 0.2f), normal(units * 4 * units, 0.2f)},
        bias{normal(4 * units), normal(4 * units)}, layers{layer(0), layer(1)},
        plan{one_of({1, 4, 12}), 0, steps, {CellKind::lstm, 1, 1, 2, layers, nullptr, false, false}, weights.decoder,
             {3, left, share}, {12, place_left, place_share},
             {2, 1, &first, misses, ends, 0.02, 0, columns, none, zeros, none, none, none,
              {-INFINITY, INFINITY, false, false}}} {
    plan.second = pick({size_t{0}, 3 * plan.season});
  }

  Layer layer(size_t l) const {
    return {l == 0 ? causal::kInputs : units, units, kernel[l].floats, recurrent[l].floats, bias[l].floats, {}, {}};
  }

  static constexpr int64_t left[3] = {5, 3, 7};
  static constexpr double share[3] = {0, 0.25, 0.5};
  static constexpr int64_t place_left[12] = {5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9};
  static constexpr double place_share[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  static constexpr int64_t first = 1, columns[6] = {1, 2, 1, 2, 1, 2}, zeros[30] = {};
  static constexpr double none[120] = {}, misses[2] = {0.2, 0.05}, ends[2] = {1.3, 2.0};
  size_t units, steps;
  StepWeights weights;
  Guarded kernel[2], recurrent[2], bias[2];
  Layer layers[2];
  LivePlan plan;
};

// Values that begin with something, have holes and zeros, and are negative or repeat themselves at times.
inline std::vector<double> live_values(size_t season) {
  std::vector<double> values(one_of({1, 5, 90}));
  std::uniform_real_distribution<double> draw(0, 1);
  const double holes = pick({0.0, 0.2}), low = pick({-0.05, -1.0});
  const bool repeats = random_bits() % 4 == 0;
  for (size_t t = 0; t < values.size(); ++t) {
    const double y = draw(random_bits);
    values[t] = repeats && t >= season ? values[t - season] : t > 0 && draw(random_bits) < holes ? NAN : 9 * y + low;
  }
  if (values[0] == 0) values[0] = 1;
  return values;
}

// The last layer's outputs at all rows, by one pass, [row, unit].
inline std::vector<float> pass(const LiveCase& c, const std::vector<float>& inputs, size_t rows) {
  std::vector<float> zeros(c.units), after(c.units), outputs(rows * c.units);
  Layer layers[2] = {c.layers[0], c.layers[1]};
  for (Layer& layer : layers)
    for (size_t i = 0; i < 2; ++i) {
      layer.state[i] = zeros.data();
      layer.final_state[i] = after.data();
    }
  const Stack stack = {CellKind::lstm, 1, rows, 2, layers, nullptr, false, false};
  std::vector<float> workspace(forward_workspace(stack, false));
  kernels().forward({stack, inputs.data(), nullptr, outputs.data(), false, workspace.data()}, kInlineRunner);
  return outputs;
}

// Values [row, step, probability], by one call of each kind for the whole series.
inline std::vector<double> at_once(const LiveCase& c, const std::vector<double>& values) {
  using namespace causal;
  const size_t rows = values.size(), steps = rows * c.steps;
  std::vector<int64_t> lengths = {static_cast<int64_t>(rows)}, begin = {0, lengths[0]}, at(rows), ahead(steps);
  for (size_t i = 0; i < steps; ++i) ahead[i] = static_cast<int64_t>(i % c.steps) + 1;
  for (size_t t = 0; t < rows; ++t) at[t] = static_cast<int64_t>(t);
  std::vector<float> seen(rows * kInputs), candidates(steps * kCandidates), codes(steps * kCodes),
      quantiles(steps * (2 * kSide + 1));
  std::vector<double> base(steps), scale(rows), unit(rows), first(rows), usual(rows), told(steps * 3),
      highest(rows), again(steps, NAN);
  std::vector<uint8_t> curved(rows);
  encode({1, rows, rows, c.steps, c.plan.season, c.plan.second, 1, values.data(), lengths.data(), begin.data(),
          at.data(), ahead.data(), seen.data(), base.data(), scale.data(), candidates.data(), codes.data(),
          curved.data(), unit.data(), first.data(), usual.data()});
  const std::vector<float> hidden = pass(c, seen, rows);
  decode_steps({c.weights.decoder, rows, c.steps, 2, hidden.data(), seen.data(), candidates.data(), codes.data(),
                quantiles.data()});
  const size_t season = c.plan.second != 0 ? c.plan.second : c.plan.season;
  double most = 0;
  for (size_t t = 0, same = 0; t < rows; ++t) {
    most = values[t] > most ? values[t] : most;
    highest[t] = curved[t] != 0 ? 20 * most : INFINITY;
    same = t >= season && values[t] == values[t - season] ? same + 1 : 0;
    for (size_t h = 1; same >= std::max<size_t>(season, 8) && h <= c.steps; ++h)
      again[t * c.steps + h - 1] = values[t + h - (h + season - 1) / season * season];
  }
  read({rows, c.steps, c.plan.reading, quantiles.data(), base.data(), scale.data(), unit.data(), first.data(),
        highest.data(), curved.data(), again.data(), told.data()});
  return told;
}

// Judged and issued, a row is taken in as without; what is delivered has the medians that are read.
inline bool follow_agrees(const LiveCase& c, const Live& live, double* record, double y, bool issue,
                          const double* wanted, double* workspace) {
  std::vector<double> told(c.steps * 3), verdicts(7), out(5 * c.steps);
  live.follow(record, y, issue, verdicts.data(), workspace);
  live.read(record, c.steps, told.data(), workspace);
  live.deliver(record, c.steps, out.data(), workspace);
  for (size_t h = 0; h < c.steps; ++h)
    if (out[h] != wanted[3 * h]) return false;
  return live.intact(record) && causal::same_bits(told.data(), wanted, c.steps * 3);
}

inline bool stream_agrees(const LiveCase& c, const Live& live, const std::vector<double>& values) {
  const std::vector<double> wanted = at_once(c, values);
  const size_t numbers = c.steps * 3;
  std::vector<double> record(live.record_bytes() / 8), workspace((live.workspace_bytes() + 7) / 8), told(numbers);
  std::vector<double> followed = record;
  live.read(record.data(), c.steps, told.data(), workspace.data());
  for (const double value : told)
    if (value != 0) return false;
  for (size_t t = 0; t < values.size(); ++t) {
    std::vector<double> fork = record;
    live.take(fork.data(), values[t], workspace.data());
    live.take(record.data(), 1e3, workspace.data());
    record.swap(fork);
    live.read(record.data(), c.steps, told.data(), workspace.data());
    if (!causal::same_bits(told.data(), wanted.data() + t * numbers, numbers)) return false;
    if (!follow_agrees(c, live, followed.data(), values[t], t % 3 != 1, wanted.data() + t * numbers, workspace.data()))
      return false;
  }
  return true;
}

inline bool live_is_right(int number) {
  const LiveCase c;
  const FlushDenormals flush;  // as a call of the library does
  if (check_plan(&c.plan) == OriginStatus::ok) {
    const Live live(c.plan);
    if (stream_agrees(c, live, live_values(c.plan.season))) return true;
  }
  std::printf("case %d: a live series is wrong (seasons %zu and %zu, units %zu, steps %zu)\n", number, c.plan.season,
              c.plan.second, c.units, c.steps);
  return false;
}

}  // namespace loopcast
