// Splits a call into tasks: groups of series, or single series where there are few, then blocks of the weights.
#pragma once

#include "loopcast/workspace.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// About how many multiply-adds a pass takes: one product with every weight at every step.
inline size_t work_of(const Stack& s) {
  size_t weights = 0;
  for (size_t l = 0; l < s.depth; ++l)
    weights += gates_of(s.cell) * s.layers[l].units * (s.layers[l].inputs + s.layers[l].units);
  if (s.head) weights += s.layers[s.depth - 1].units * s.head->outputs;
  return weights * s.time * groups_of(s) * kLanes;
}

// Runs f(index) for every index < tasks.
template <class F>
void run(Runner runner, size_t tasks, size_t work, const F& f) {
  runner.run(
      runner.self, tasks, work, [](void* at, size_t index) { (*static_cast<const F*>(at))(index); },
      const_cast<F*>(&f));
}

// How many groups a thread computes side by side: as many as pay, if that leaves work for every thread.
inline int groups_interleaved(const Stack& s, Runner runner) {
  const bool work_for_all = divide_up(groups_of(s), kGroupsInterleaved) >= runner.threads(runner.self, work_of(s));
  return work_for_all ? kGroupsInterleaved : 1;
}

// Runs f<Q>(group) for all groups, Q of them at a time.
template <class F>
void run_groups(Runner runner, const Stack& s, int interleaved, const F& f) {
  run(runner, divide_up(groups_of(s), interleaved), work_of(s), [&](size_t task) {
    const size_t group = task * interleaved;
    if (interleaved == 1 || group + 1 == groups_of(s))
      f(std::integral_constant<int, 1>{}, group);
    else
      f(std::integral_constant<int, kGroupsInterleaved>{}, group);
  });
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
