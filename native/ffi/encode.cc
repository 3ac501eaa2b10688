// What src/loopcast/features/causal/native_encode.py calls with ctypes: the causal encoder over many series.
#include "encode.hpp"

#include "pages.hpp"

// Returns an EncodeStatus; anything but 0, and nothing was computed.
extern "C" int32_t loopcast_encode(const loopcast::causal::EncodeCall* call) {
  using namespace loopcast::causal;
  EncodeStatus status = check_encode(call);
  if (status == EncodeStatus::ok) {
    loopcast::prefer_large_pages(call->inputs, call->series * call->time * kInputs * sizeof(float));
    status = encode(*call);
  }
  return static_cast<int32_t>(status);
}

// What is wrong where loopcast_encode returns this status; null if it returns no such status.
extern "C" const char* loopcast_encode_message(int32_t status) { return loopcast::causal::encode_message(status); }
