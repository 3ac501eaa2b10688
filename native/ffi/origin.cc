// What Python calls with ctypes for networks with a shared decoder: the causal encoder, the decoder, the reading of
// values, and live series. loopcast_origin_message says what a status means; anything but 0, and nothing was computed.
#include "live.hpp"
#include "pages.hpp"

using loopcast::OriginStatus;

namespace {

int32_t number(OriginStatus status) { return static_cast<int32_t>(status); }

}  // namespace

extern "C" int32_t loopcast_encode(const loopcast::causal::EncodeCall* call) {
  using namespace loopcast::causal;
  const OriginStatus status = check_encode(call);
  if (status != OriginStatus::ok) return number(status);
  loopcast::prefer_large_pages(call->inputs, call->series * call->time * kInputs * sizeof(float));
  return number(encode(*call));
}

extern "C" int32_t loopcast_decode_steps(const loopcast::StepDecode* call) {
  const OriginStatus status = loopcast::check_decode(call);
  return number(status == OriginStatus::ok ? loopcast::decode_steps(*call) : status);
}

extern "C" int32_t loopcast_read(const loopcast::ReadCall* call) {
  const OriginStatus status = loopcast::check_read(call);
  if (status == OriginStatus::ok) loopcast::read(*call);
  return number(status);
}

extern "C" const char* loopcast_origin_message(int32_t status) { return loopcast::origin_message(status); }

// Bytes of a record, at which byte of it the tracked state begins, and bytes of the workspace of one call at a time; the
// weights must outlive the plan.
extern "C" int32_t loopcast_live_plan(const loopcast::LivePlan* plan, loopcast::Live** live, size_t* record_bytes,
                                      size_t* tracked_at, size_t* workspace_bytes) {
  const OriginStatus status = loopcast::check_plan(plan);
  if (status != OriginStatus::ok) return number(status);
  *live = new (std::nothrow) loopcast::Live(*plan);
  if (*live == nullptr) return number(OriginStatus::no_memory);
  *record_bytes = (*live)->record_bytes();
  *tracked_at = (*live)->tracked_at();
  *workspace_bytes = (*live)->workspace_bytes();
  return number(OriginStatus::ok);
}

extern "C" void loopcast_live_end(loopcast::Live* live) { delete live; }

// record: zeroed before its first row, and aligned to a double, as the workspace.
extern "C" void loopcast_live_take(const loopcast::Live* live, void* record, double y, void* workspace) {
  const loopcast::FlushDenormals flush;
  live->take(record, y, workspace);
}

extern "C" int32_t loopcast_live_read(const loopcast::Live* live, const void* record, size_t steps, double* values,
                                      void* workspace) {
  if (steps > live->most_steps()) return number(OriginStatus::bad_step);
  const loopcast::FlushDenormals flush;
  live->read(record, steps, values, workspace);
  return number(OriginStatus::ok);
}

// verdict: [3 + 2 * levels], as of loopcast::tracking::judge.
extern "C" void loopcast_live_follow(const loopcast::Live* live, void* record, double y, int32_t issue,
                                     double* verdict, void* workspace) {
  const loopcast::FlushDenormals flush;
  live->follow(record, y, issue != 0, verdict, workspace);
}

extern "C" int32_t loopcast_live_deliver(const loopcast::Live* live, const void* record, size_t steps, double* out,
                                         void* workspace) {
  if (steps > live->most_steps()) return number(OriginStatus::bad_step);
  const loopcast::FlushDenormals flush;
  live->deliver(record, steps, out, workspace);
  return number(OriginStatus::ok);
}

// 1 where bytes that were read from a file may be a record.
extern "C" int32_t loopcast_live_intact(const loopcast::Live* live, const void* record) {
  return live->intact(record) ? 1 : 0;
}
