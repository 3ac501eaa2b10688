// Checks a call of trees, and spreads its rows over threads.
#pragma once

#include <algorithm>

#include "loopcast/trees.hpp"
#include "origin_status.hpp"
#include "own_threads.hpp"

namespace loopcast {

constexpr size_t kRowsOfTrees = 256;  // with fewer, starting a thread costs more than it brings

inline OriginStatus check_trees(const Trees& t) {
  if (!all_there({t.feature, t.threshold, t.left, t.right, t.value, t.roots})) return OriginStatus::no_call;
  const int64_t nodes = static_cast<int64_t>(t.nodes);
  if (t.nodes >= size_t{1} << 31 || t.features >= size_t{1} << 31) return OriginStatus::bad_network;
  for (size_t i = 0; i < t.trees; ++i)
    if (t.roots[i] < 0 || t.roots[i] >= nodes) return OriginStatus::bad_network;
  for (int64_t i = 0; i < nodes; ++i) {
    if (t.feature[i] < 0) continue;
    const bool onward = t.left[i] > i && t.left[i] < nodes && t.right[i] > i && t.right[i] < nodes;
    if (!onward || t.feature[i] >= static_cast<int64_t>(t.features)) return OriginStatus::bad_network;
  }
  return OriginStatus::ok;
}

inline void say(const TreesCall& call) {
  const Forest forest(call.trees);
  const size_t tasks = std::max<size_t>(std::min(call.threads, call.rows / kRowsOfTrees), 1);
  run_in_threads(tasks, tasks, [&](size_t task) {
    for (size_t row = call.rows * task / tasks; row < call.rows * (task + 1) / tasks; ++row)
      call.said[row] = forest.said(call.numbers + row * call.trees.features);
  });
}

}  // namespace loopcast
