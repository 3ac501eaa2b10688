// What Python calls with ctypes for live series; loopcast_origin_message says what a status means. Blocks and workspaces
// are aligned to a cache line; a block is zeroed before its first row. Weights and arrays of a plan must outlive it.
#include "live/batch.hpp"
#include "live/mean.hpp"
#include "live/network.hpp"
#include "live/trees.hpp"

using namespace loopcast;
using namespace loopcast::live;

namespace {

int32_t number(OriginStatus status) { return static_cast<int32_t>(status); }

// Puts a new object at `to`.
template <class T, class Plan>
int32_t make(const Plan& plan, live::Follower** to) {
  *to = new (std::nothrow) T(plan);
  return number(*to == nullptr ? OriginStatus::no_memory : OriginStatus::ok);
}

}  // namespace

extern "C" int32_t loopcast_follower_network(const NetworkPlan* plan, live::Follower** to) {
  const OriginStatus status = check_network(plan);
  return status == OriginStatus::ok ? make<NetworkFollower>(*plan, to) : number(status);
}

extern "C" int32_t loopcast_follower_trees(const TreesPlan* plan, live::Follower** to) {
  const OriginStatus status = live::check_trees(plan);
  return status == OriginStatus::ok ? make<TreesFollower>(*plan, to) : number(status);
}

extern "C" int32_t loopcast_follower_simple(const SimplePlan* plan, live::Follower** to) {
  if (plan == nullptr) return number(OriginStatus::no_call);
  const bool linear = plan->kind == SimpleKind::linear;
  if (static_cast<int32_t>(plan->kind) < 0 || static_cast<int32_t>(plan->kind) >= kSimpleKinds)
    return number(OriginStatus::bad_network);
  if (linear && (plan->weights == nullptr || plan->reach == 0)) return number(OriginStatus::no_call);
  if (!causal::season_fits(plan->season, 0) || !causal::season_fits(plan->length, 0))
    return number(OriginStatus::bad_season);
  return make<SimpleFollower>(*plan, to);
}

extern "C" int32_t loopcast_follower_mean(const MeanPlan* plan, live::Follower** to) {
  if (plan == nullptr || !all_there({plan->members, plan->weights, plan->member_bounds}))
    return number(OriginStatus::no_call);
  return make<MeanFollower>(*plan, to);
}

// sizes: bytes of a record; at which byte of it the part begins that is fitted to a series, of a simple one; how many
// numbers are read of a step.
extern "C" void loopcast_follower_sizes(const live::Follower* follower, size_t* sizes) {
  sizes[0] = follower->record_bytes();
  sizes[1] = follower->fitted_at();
  sizes[2] = follower->columns();
}

extern "C" void loopcast_follower_end(live::Follower* follower) { delete follower; }

// sizes: bytes of a block, of the workspace of one call at a time, where the record begins in a block, and what is
// tracked in a record, and bytes of a record.
extern "C" int32_t loopcast_live_plan(const LivePlan* plan, Series** to, size_t* sizes) {
  const OriginStatus status = check_live(plan);
  if (status != OriginStatus::ok) return number(status);
  *to = new (std::nothrow) Series(*plan);
  if (*to == nullptr) return number(OriginStatus::no_memory);
  const Series& series = **to;
  sizes[0] = series.block_bytes();
  sizes[1] = series.tracked().workspace_bytes(1);
  sizes[2] = series.record_at();
  sizes[3] = series.tracked().tracked_at();
  sizes[4] = series.tracked().record_bytes();
  return number(OriginStatus::ok);
}

extern "C" void loopcast_live_end(Series* series) { delete series; }

// What lies where in a record: see Fields. It lives as long as the series' plan.
extern "C" const char* loopcast_live_fields(const Series* series) { return series->fields(); }

// A row at a step, as Series::place has it; verdict: [3 + 2 * levels], as of tracking::judge. Returns a RowStatus, or -1
// where it comes after more missing steps than `longest_gap`, -2 where what is known besides does not reach so far; then
// nothing was done.
extern "C" int32_t loopcast_live_place(const Series* series, void* block, int64_t step, double y, int64_t longest_gap,
                                       double* verdict, void* workspace) {
  if (step - Series::end(block) - 1 > longest_gap) return -1;
  const int64_t end = Series::end(block), from = std::max(std::min(step, end + 1), series->oldest(block));
  if (!series->is_known(block, from, std::max(step, end), series->tracked().farthest())) return -2;
  const FlushDenormals flush;
  return static_cast<int32_t>(series->place(block, step, y, verdict, workspace));
}

// Values of the next rows, none of them judged.
extern "C" int32_t loopcast_live_load(const Series* series, void* block, size_t rows, const double* values,
                                      double* verdict, void* workspace) {
  const int64_t first = Series::end(block) + 1;
  if (!series->is_known(block, first, first + static_cast<int64_t>(rows) - 1, series->tracked().farthest()))
    return number(OriginStatus::bad_step);
  const FlushDenormals flush;
  for (size_t i = 0; i < rows; ++i) series->take(block, values[i], verdict, workspace);
  return number(OriginStatus::ok);
}

// Undoes the rows from the anchor at or before a step on; returns the step of the first of them.
extern "C" int64_t loopcast_live_rewind(const Series* series, void* block, int64_t step) {
  return series->rewind(block, step);
}

extern "C" int64_t loopcast_live_first_gap(const RowsCall* call, int64_t longest_gap) {
  return rows_are_there(*call) ? first_gap(*call, longest_gap) : -2;
}

extern "C" int32_t loopcast_live_rows(const Series* series, const RowsCall* call) {
  return number(rows_are_there(*call) ? take_rows(*series, *call) : OriginStatus::no_call);
}

// Values [steps, columns] of the model itself.
extern "C" int32_t loopcast_live_read(const Series* series, const void* block, size_t steps, double* values,
                                      void* workspace) {
  if (steps > series->tracked().most_steps()) return number(OriginStatus::bad_step);
  if (!series->is_known(block, Series::end(block), Series::end(block), steps)) return number(OriginStatus::bad_step);
  const FlushDenormals flush;
  series->tracked().read(series->record(block), Series::known(block), steps, values, workspace);
  return number(OriginStatus::ok);
}

extern "C" int32_t loopcast_live_deliver(const Series* series, const void* block, size_t steps, double* out,
                                         void* workspace) {
  if (steps > series->tracked().most_steps()) return number(OriginStatus::bad_step);
  if (!series->is_known(block, Series::end(block), Series::end(block), steps)) return number(OriginStatus::bad_step);
  const FlushDenormals flush;
  series->tracked().deliver(series->record(block), Series::known(block), steps, out, workspace);
  return number(OriginStatus::ok);
}

// 1 where bytes that were read from a file may be a block.
extern "C" int32_t loopcast_live_intact(const Series* series, const void* block) {
  return series->intact(block) ? 1 : 0;
}
