// Splits a call into tasks: groups of series, or single series where there are few, then blocks of the weights.
#pragma once

#include "loopcast/groups_weights.hpp"
#include "loopcast/rows_backward.hpp"

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

template <class Cell>
void forward_groups(const Forward& call, Runner runner) {
  const Stack& s = call.stack;
  const int interleaved = groups_interleaved(s, runner);
  ForwardPlan<Cell> plans[kMaxDepth];
  float* to = call.workspace + groups_of(s) * forward_group_floats(s, call.training);
  for (size_t l = 0; l < s.depth; ++l) plan_forward(plans[l], s.layers[l], s.time * groups_of(s), interleaved, to);
  const HeadPlan head = plan_head_forward(s, interleaved, to);
  run_groups(runner, s, interleaved, [&](auto q, size_t group) { forward_group<q()>(call, plans, head, group); });
}

template <class Cell>
void forward_rows(const Forward& call, Runner runner) {
  const Stack& s = call.stack;
  RowPlan<Cell> plans[kMaxDepth];
  float* to = call.workspace + s.batch * row_series_floats(s, call.training);
  for (size_t l = 0; l < s.depth; ++l) {
    plan_rows(plans[l], s.layers[l], to);
    plan_row_bias(plans[l], s.layers[l], to);
  }
  const RowHead head = plan_row_head(s, to);
  run(runner, s.batch, work_of(s), [&](size_t series) { forward_series<Cell>(call, plans, head, series); });
}

template <class Cell>
void forward(const Forward& call, Runner runner) {
  return few_series(call.stack) ? forward_rows<Cell>(call, runner) : forward_groups<Cell>(call, runner);
}

template <class Cell>
void backward_groups(const Backward& call, Runner runner) {
  const Stack& s = call.stack;
  const int interleaved = groups_interleaved(s, runner);
  const bool per_group = sums_per_group(s);
  BackwardPlan<Cell> plans[kMaxDepth];
  float* to = call.workspace + groups_of(s) * backward_group_floats(s);
  for (size_t l = 0; l < s.depth; ++l) plan_backward(plans[l], s.layers[l], interleaved, to);
  const HeadPlan head = plan_head_backward(s, interleaved, to);
  run_groups(runner, s, interleaved, [&](auto q, size_t group) {
    backward_group<q()>(call, plans, head, group);
    for (int i = 0; per_group && i < q(); ++i) group_weights<Cell>(call, group + i);
  });
  if (per_group) return sum_groups(call);
  run(runner, weight_tasks<Cell>(s), work_of(s), [&](size_t task) { weight_task<Cell>(call, task); });
}

template <class Cell>
void backward_rows(const Backward& call, Runner runner) {
  const Stack& s = call.stack;
  RowPlan<Cell> plans[kMaxDepth];
  float* to = call.workspace + s.batch * backward_row_floats(s);
  for (size_t l = 0; l < s.depth; ++l) plan_rows(plans[l], s.layers[l], to);
  const RowHead head = plan_row_head(s, to);
  run(runner, s.batch, work_of(s), [&](size_t series) { backward_series<Cell>(call, plans, head, series); });
  const size_t tasks = s.depth * Cell::kProducts;
  run(runner, tasks + (s.head ? 1 : 0), work_of(s), [&](size_t task) {
    if (task == tasks) return row_head_weights(call);
    row_weights<Cell>(call, task / Cell::kProducts, static_cast<int>(task % Cell::kProducts));
  });
}

template <class Cell>
void backward(const Backward& call, Runner runner) {
  return few_series(call.stack) ? backward_rows<Cell>(call, runner) : backward_groups<Cell>(call, runner);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
