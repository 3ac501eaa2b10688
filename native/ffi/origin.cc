// What Python calls with ctypes for models that read encoded series: the causal encoder, the decoder, trees, and the
// reading of values. loopcast_origin_message says what a status means; anything but 0, and nothing was computed.
#include "decode_steps.hpp"
#include "encode.hpp"
#include "grown.hpp"
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

extern "C" int32_t loopcast_trees(const loopcast::TreesCall* call) {
  if (call == nullptr || !loopcast::all_there({call->numbers, call->said})) return number(OriginStatus::no_call);
  const OriginStatus status = loopcast::check_trees(call->trees);
  if (status == OriginStatus::ok) loopcast::say(*call);
  return number(status);
}

extern "C" const char* loopcast_origin_message(int32_t status) { return loopcast::origin_message(status); }
