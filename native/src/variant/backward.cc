// The gradient of a stack of layers.
#include "loopcast/groups_weights.hpp"
#include "loopcast/passes.hpp"
#include "loopcast/rows_backward.hpp"
#include "loopcast/run.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {
namespace {

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

}  // namespace

void run_backward(const Backward& call, Runner runner) {
  switch (call.stack.cell) {
    case CellKind::simple: return backward<Simple>(call, runner);
    case CellKind::gru: return backward<Gru>(call, runner);
    case CellKind::lstm: return backward<Lstm>(call, runner);
    case CellKind::gru_reset_before: return backward<GruResetBefore>(call, runner);
  }
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
