// The XLA FFI target that copies windows of a panel: it checks all arguments and results.
//
// Values [row], index [window, 5] -> past [window, context, lookback], future [window, context or 1, horizon].
#include "loopcast/windows.hpp"
#include "reader.hpp"

namespace loopcast {
namespace {

ffi::Error windows(bool last_only, ffi::RemainingArgs args, ffi::RemainingRets rets) {
  Status status;
  Arguments arguments("argument", args, status);
  Results results("result", rets, status);
  const auto rows = arguments.peek(1);
  const float* const values = status.failed() ? nullptr : arguments.floats({rows[0]});
  const auto index_shape = arguments.peek(2);
  if (status.failed()) return status.error();
  const int64_t count = index_shape[0];
  const int32_t* const index = arguments.take<int32_t>(ffi::S32, {count, 5});
  arguments.finish();
  const auto past_shape = results.peek(3);
  if (status.failed()) return status.error();
  const int64_t context = past_shape[1], lookback = past_shape[2], steps = last_only && context > 0 ? 1 : context;
  float* const past = results.floats({count, context, lookback});
  const auto future_shape = results.peek(3);
  if (status.failed()) return status.error();
  const int64_t horizon = future_shape[2];
  float* const future = results.floats({count, steps, horizon});
  results.finish();
  if (status.failed()) return status.error();
  const auto size = [](int64_t n) { return static_cast<size_t>(n); };
  copy_windows({size(rows[0]), size(count), size(context), size(lookback), size(horizon), last_only, values, index,
                past, future});
  return ffi::Error::Success();
}

}  // namespace
}  // namespace loopcast

XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_windows, loopcast::windows,
                              xla::ffi::Ffi::Bind().Attr<bool>("last_only").RemainingArgs().RemainingRets());
