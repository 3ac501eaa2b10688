// Live series of random sizes: taken in row by row, each row's forecast against that of one call for the whole series,
// to the bit; a copy of a record is a fork.
#pragma once

#include "causal_test.hpp"
#include "live/batch.hpp"
#include "live/mean.hpp"
#include "live/network.hpp"
#include "live/trees.hpp"
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
        plan{{one_of({1, 4, 12}), 0, 0, 0, 0, 0, nullptr}, {CellKind::lstm, 1, 1, 2, layers, nullptr, false, false}, weights.decoder,
             {3, left, share}, {12, place_left, place_share}} {
    plan.shown.second = pick({size_t{0}, 3 * plan.shown.season});
  }

  // Of a follower of this plan, or of another.
  LivePlan live(live::Follower* follower, size_t lateness = 0) const {
    return {follower, steps, lateness,
            {2, 1, &first, misses, ends, 0.02, 0, columns, none, zeros, none, none, none, 3, wider,
             {-INFINITY, INFINITY, false, false}}};
  }

  Layer layer(size_t l) const {
    return {l == 0 ? causal::kInputs : units, units, kernel[l].floats, recurrent[l].floats, bias[l].floats, {}, {}};
  }

  static constexpr int64_t left[3] = {5, 3, 7};
  static constexpr double share[3] = {0, 0.25, 0.5};
  static constexpr int64_t place_left[12] = {5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9};
  static constexpr double place_share[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  static constexpr int64_t first = 1, columns[6] = {1, 2, 1, 2, 1, 2}, zeros[30] = {};
  static constexpr double none[120] = {}, misses[2] = {0.2, 0.05}, ends[2] = {1.3, 2.0}, wider[3] = {3, 2, 1.5};
  size_t units, steps;
  StepWeights weights;
  Guarded kernel[2], recurrent[2], bias[2];
  Layer layers[2];
  NetworkPlan plan;
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
  encode({1, rows, rows, c.steps, c.plan.shown.season, c.plan.shown.second, 1, values.data(), lengths.data(), begin.data(),
          at.data(), ahead.data(), seen.data(), base.data(), scale.data(), candidates.data(), codes.data(),
          curved.data(), unit.data(), first.data(), usual.data()});
  const std::vector<float> hidden = pass(c, seen, rows);
  decode_steps({c.weights.decoder, rows, c.steps, 2, hidden.data(), seen.data(), candidates.data(), codes.data(),
                quantiles.data()});
  const size_t season = c.plan.shown.second != 0 ? c.plan.shown.second : c.plan.shown.season;
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

constexpr live::KnownAt kUnknown = {nullptr, 0, 0};

// Judged and issued, a row is taken in as without; what is delivered has the medians that are read.
inline bool follow_agrees(const LiveCase& c, const live::Tracked& live, double* record, double y, bool issue,
                          const double* wanted, double* workspace) {
  std::vector<double> told(c.steps * 3), verdicts(7), out(5 * c.steps);
  void* const records[1] = {record};
  double* const told_of[1] = {verdicts.data()};
  live.follow(1, records, &y, &kUnknown, &issue, told_of, workspace);
  live.read(record, kUnknown, c.steps, told.data(), workspace);
  live.deliver(record, kUnknown, c.steps, out.data(), workspace);
  for (size_t h = 0; h < c.steps; ++h)
    if (out[h] != wanted[3 * h]) return false;
  return live.intact(record) && causal::same_bits(told.data(), wanted, c.steps * 3);
}

// A record, or a workspace, that begins at a cache line.
struct Lines {
  explicit Lines(size_t bytes) : room(bytes + live::kLine) {}
  double* at() {
    const uintptr_t begin = reinterpret_cast<uintptr_t>(room.data());
    return reinterpret_cast<double*>(room.data() + live::whole_lines(begin) - begin);
  }
  std::vector<char> room;
};

inline bool stream_agrees(const LiveCase& c, const live::Tracked& live, const std::vector<double>& values) {
  const std::vector<double> wanted = at_once(c, values);
  const size_t numbers = c.steps * 3, bytes = live.record_bytes();
  Lines record(bytes), workspace(live.workspace_bytes(1)), followed(bytes), fork(bytes);
  const live::Follower& follower = live.follower();
  std::vector<double> told(numbers);
  live.read(record.at(), kUnknown, c.steps, told.data(), workspace.at());
  for (const double value : told)
    if (value != 0) return false;
  for (size_t t = 0; t < values.size(); ++t) {
    std::memcpy(fork.at(), record.at(), bytes);
    follower.take(fork.at(), 1e3, kUnknown, workspace.at());
    follower.take(record.at(), values[t], kUnknown, workspace.at());
    live.read(record.at(), kUnknown, c.steps, told.data(), workspace.at());
    if (!causal::same_bits(told.data(), wanted.data() + t * numbers, numbers)) return false;
    if (!follow_agrees(c, live, followed.at(), values[t], t % 3 != 1, wanted.data() + t * numbers, workspace.at()))
      return false;
  }
  return true;
}

// Rows of several series, some late, some again, some after a gap: in one call, in several threads, and one by one.
inline bool batch_agrees(const LivePlan& plan) {
  using namespace live;
  const Series series(plan);
  const size_t count = one_of({1, 3, 40}), rows = count * 12, width = series.tracked().verdict_doubles();
  Lines one(count * series.block_bytes()), many(count * series.block_bytes()),
      workspace(series.tracked().workspace_bytes(1));
  std::vector<int64_t> order(rows), begin(count + 1), steps(rows);
  std::vector<double> values(rows), told(rows * width), verdict(width);
  std::vector<void*> blocks(count);
  std::vector<uint8_t> statuses(rows);
  for (size_t i = 0; i < count; ++i) {
    blocks[i] = reinterpret_cast<char*>(many.at()) + i * series.block_bytes();
    begin[i + 1] = static_cast<int64_t>((i + 1) * 12);
    for (size_t k = 0; k < 12; ++k) {
      const size_t row = k * count + i;
      order[i * 12 + k] = static_cast<int64_t>(row);
      steps[row] = std::max<int64_t>(static_cast<int64_t>(k) + pick<int64_t>({0, 0, 0, -1, -2, 1}), 0);
      values[row] = pick<double>({1.0, 2.5, 7.0, NAN});
    }
  }
  const RowsCall call = {rows, count, 3, order.data(), begin.data(), blocks.data(), steps.data(), values.data(),
                         statuses.data(), told.data()};
  if (!rows_are_there(call) || take_rows(series, call) != OriginStatus::ok) return false;
  for (size_t row = 0; row < rows; ++row) {
    void* const block = reinterpret_cast<char*>(one.at()) + row % count * series.block_bytes();
    const RowStatus status = series.place(block, steps[row], values[row], verdict.data(), workspace.at());
    const bool judged = status == RowStatus::taken || status == RowStatus::revised;
    if (static_cast<uint8_t>(status) != statuses[row]) return false;
    if (judged && !causal::same_bits(told.data() + row * width, verdict.data(), width)) return false;
    if (!series.intact(block)) return false;
  }
  return std::memcmp(one.at(), many.at(), count * series.block_bytes()) == 0;
}

// Simple models of random kinds, and their mean with a network.
inline bool simple_ones_agree(const LiveCase& c, live::Follower* network) {
  using namespace live;
  const size_t season = one_of({1, 4}), length = one_of({1, 3, 5}), reach = one_of({1, 4});
  const tracking::Bounds bounds = {0, INFINITY, true, pick({false, true})};
  const std::vector<double> weights((length + 1) * reach, 0.1);
  for (int32_t kind = 0; kind < kSimpleKinds; ++kind) {
    const SimplePlan plan = {static_cast<SimpleKind>(kind), season, length, length, reach, weights.data(), true,
                             {0.1, 0.2}, bounds};
    SimpleFollower follower(plan);
    Follower* const members[2] = {&follower, network};
    const double shares[2] = {0.25, 0.75};
    const tracking::Bounds both[2] = {bounds, bounds};
    MeanFollower mean({2, season, length, members, shares, both, {0, 0}, bounds});
    for (Follower* each : {static_cast<Follower*>(&follower), static_cast<Follower*>(&mean)})
      if (!batch_agrees(c.live(each, one_of({0, 3})))) return false;
  }
  return true;
}

// Trees at random, of one to five nodes each, on what is shown of a series without covariates.
inline bool trees_agree(const LiveCase& c) {
  constexpr size_t kFeatures = causal::kCandidates + causal::kCodes + live::kTreesShown;
  std::vector<int64_t> feature, left, right, roots;
  std::vector<double> number;
  std::normal_distribution<double> draw;
  for (size_t tree = 0; tree < 3; ++tree) {
    const int64_t root = static_cast<int64_t>(feature.size()), inner = one_of({0, 1, 2});
    roots.push_back(root);
    for (int64_t i = 0; i <= 2 * inner; ++i) {
      const bool leaf = i >= inner;
      feature.push_back(leaf ? -1 : static_cast<int64_t>(random_bits() % kFeatures));
      left.push_back(leaf ? 0 : root + 2 * i + 1);
      right.push_back(leaf ? 0 : root + 2 * i + 2);
      number.push_back(draw(random_bits));
    }
  }
  const Trees trees = {kFeatures, feature.size(), roots.size(), 0.1, feature.data(), number.data(), left.data(),
                       right.data(), number.data(), roots.data()};
  const TreesPlan plan = {c.plan.shown, trees, 2, {0.1, 0.2}, {0, INFINITY, true, false}};
  if (live::check_trees(&plan) != OriginStatus::ok) return false;
  live::TreesFollower follower(plan);
  return batch_agrees(c.live(&follower, one_of({0, 3})));
}

inline bool live_is_right(int number) {
  const LiveCase c;
  const FlushDenormals flush;  // as a call of the library does
  if (live::check_network(&c.plan) == OriginStatus::ok) {
    live::NetworkFollower network(c.plan);
    const LivePlan plan = c.live(&network);
    if (live::check_live(&plan) == OriginStatus::ok &&
        stream_agrees(c, live::Tracked(plan), live_values(c.plan.shown.season)) &&
        batch_agrees(c.live(&network, one_of({0, 2}))) && simple_ones_agree(c, &network) && trees_agree(c))
      return true;
  }
  std::printf("case %d: a live series is wrong (seasons %zu and %zu, units %zu, steps %zu)\n", number, c.plan.shown.season,
              c.plan.shown.second, c.units, c.steps);
  return false;
}

}  // namespace loopcast
