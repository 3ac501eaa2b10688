// Cuts a call into tasks: groups of series, or single series where there are few, then blocks of the weights.
#pragma once

#include "loopcast/rows.hpp"
#include "loopcast/stack.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// About how many multiply-adds one product of every layer takes over the whole sequence.
inline size_t work_of(const Stack& s) {
  size_t weights = 0;
  for (size_t l = 0; l < s.depth; ++l)
    weights += gates_of(s.cell) * s.layers[l].units * (s.layers[l].inputs + s.layers[l].units);
  return weights * s.time * groups_of(s) * kLanes;
}

// Runs f(index) for every index < tasks.
template <class F>
void run(Runner runner, size_t tasks, size_t work, const F& f) {
  runner.run(
      runner.self, tasks, work, [](void* at, size_t index) { (*static_cast<const F*>(at))(index); },
      const_cast<F*>(&f));
}

template <class Cell>
void forward_groups(const Forward& call, Runner runner) {
  const Stack& s = call.stack;
  ForwardPlan<Cell> plans[kMaxDepth];
  float* to = call.workspace + groups_of(s) * forward_group_floats(s, call.training);
  for (size_t l = 0; l < s.depth; ++l) plan_forward(plans[l], s.layers[l], s.time * groups_of(s), to);
  run(runner, groups_of(s), work_of(s), [&](size_t group) { forward_group<Cell>(call, plans, group); });
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
  run(runner, s.batch, work_of(s), [&](size_t series) { forward_series<Cell>(call, plans, series); });
}

template <class Cell>
void forward(const Forward& call, Runner runner) {
  return few_series(call.stack) ? forward_rows<Cell>(call, runner) : forward_groups<Cell>(call, runner);
}

// The tasks of `backward_weights`: blocks of columns, slot by slot, layer by layer. Few units make small blocks, so
// that there are tasks for every thread; many make large ones, which read the inputs less often.
LOOPCAST_INLINE Blocks weight_blocks(const Layer& layer) { return cut(layer.units, layer.units > 64 ? kTileColumns : 10); }

template <class Cell>
size_t weight_tasks(const Layer& layer) {
  return Cell::kProducts * weight_blocks(layer).count;
}

template <class Cell>
void weight_task(const Backward& call, size_t task) {
  size_t l = 0;
  for (; task >= weight_tasks<Cell>(call.stack.layers[l]); ++l) task -= weight_tasks<Cell>(call.stack.layers[l]);
  const size_t units = call.stack.layers[l].units;
  const Blocks blocks = weight_blocks(call.stack.layers[l]);
  const size_t first = task % blocks.count * blocks.width;
  if (first >= units) return;  // the blocks before already reach the end
  backward_weights<Cell>(call, l, static_cast<int>(task / blocks.count), first, smaller(blocks.width, units - first));
}

template <class Cell>
void backward_groups(const Backward& call, Runner runner) {
  const Stack& s = call.stack;
  BackwardPlan<Cell> plans[kMaxDepth];
  float* to = call.workspace + groups_of(s) * backward_group_floats(s);
  size_t tasks = 0;
  for (size_t l = 0; l < s.depth; ++l) {
    plan_backward(plans[l], s.layers[l], to);
    tasks += weight_tasks<Cell>(s.layers[l]);
  }
  run(runner, groups_of(s), work_of(s), [&](size_t group) { backward_group<Cell>(call, plans, group); });
  run(runner, tasks, work_of(s), [&](size_t task) { weight_task<Cell>(call, task); });
}

template <class Cell>
void backward_rows(const Backward& call, Runner runner) {
  const Stack& s = call.stack;
  RowPlan<Cell> plans[kMaxDepth];
  float* to = call.workspace + s.batch * backward_row_floats(s);
  for (size_t l = 0; l < s.depth; ++l) plan_rows(plans[l], s.layers[l], to);
  run(runner, s.batch, work_of(s), [&](size_t series) { backward_series<Cell>(call, plans, series); });
  run(runner, s.depth * Cell::kProducts, work_of(s), [&](size_t task) {
    row_weights<Cell>(call, task / Cell::kProducts, static_cast<int>(task % Cell::kProducts));
  });
}

template <class Cell>
void backward(const Backward& call, Runner runner) {
  return few_series(call.stack) ? backward_rows<Cell>(call, runner) : backward_groups<Cell>(call, runner);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
