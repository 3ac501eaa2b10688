// The outputs of a stack of layers.
#include "loopcast/groups.hpp"
#include "loopcast/passes.hpp"
#include "loopcast/rows.hpp"
#include "loopcast/run.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {
namespace {

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

}  // namespace

void run_forward(const Forward& call, Runner runner) {
  switch (call.stack.cell) {
    case CellKind::simple: return forward<Simple>(call, runner);
    case CellKind::gru: return forward<Gru>(call, runner);
    case CellKind::lstm: return forward<Lstm>(call, runner);
    case CellKind::gru_reset_before: return forward<GruResetBefore>(call, runner);
  }
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
