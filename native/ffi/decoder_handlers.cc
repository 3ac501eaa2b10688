// The XLA FFI targets of the decoder: they check all arguments and results, then call the kernels.
//
// Arguments -> results, in order:
//   decode           from_state, from_future, readout -> outputs, workspace
//   decode_backward  from_state, from_future, readout, gradient by outputs
//                    -> gradients by from_state, from_future and readout, workspace
#include "loopcast/kernels.hpp"
#include "pool.hpp"
#include "reader.hpp"

namespace loopcast {
namespace {

// from_state [batch, time, kDecoderUnits], from_future [batch, time + horizon - 1, kDecoderUnits] and
// readout [outputs, kDecoderUnits].
Decoder read_decoder(Arguments& arguments, Status& status) {
  const auto shape = arguments.peek(3);
  if (status.failed()) return {};
  const int64_t batch = shape[0], time = shape[1], units = kDecoderUnits;
  Decoder decoder = {};
  decoder.from_state = arguments.floats({batch, time, units});
  const auto future_shape = arguments.peek(3);
  if (status.failed()) return {};
  const int64_t steps = future_shape[1];
  if (steps < time)
    status.fail("from_future should have " + std::to_string(time) + " steps or more, got " + std::to_string(steps));
  decoder.from_future = arguments.floats({batch, steps, units});
  const auto readout_shape = arguments.peek(2);
  if (status.failed()) return {};
  decoder.readout = arguments.floats({readout_shape[0], units});
  decoder.batch = batch;
  decoder.time = time;
  decoder.horizon = steps - time + 1;
  decoder.outputs = readout_shape[0];
  return decoder;
}

// The workspace is the last result.
void read_workspace(Decoder& decoder, bool backward, Results& results) {
  decoder.workspace = results.floats({static_cast<int64_t>(decoder_workspace(decoder, backward))});
  results.finish();
}

ffi::Error decode(ffi::ThreadPool pool, ffi::RemainingArgs args, ffi::RemainingRets rets) {
  Status status;
  Arguments arguments("argument", args, status);
  Results results("result", rets, status);
  Decoder decoder = read_decoder(arguments, status);
  arguments.finish();
  if (status.failed()) return status.error();
  const int64_t batch = decoder.batch, time = decoder.time, numbers = decoder.horizon * decoder.outputs;
  float* const outputs = results.floats({batch, time, numbers});
  read_workspace(decoder, false, results);
  if (status.failed()) return status.error();
  kernels().decode(decoder, outputs, pool_runner(pool));
  return ffi::Error::Success();
}

ffi::Error decode_backward(ffi::ThreadPool pool, ffi::RemainingArgs args, ffi::RemainingRets rets) {
  Status status;
  Arguments arguments("argument", args, status);
  Results results("result", rets, status);
  Decoder decoder = read_decoder(arguments, status);
  if (status.failed()) return status.error();
  const int64_t batch = decoder.batch, time = decoder.time, outputs = decoder.outputs, horizon = decoder.horizon;
  DecoderGradient gradient = {};
  gradient.outputs = arguments.floats({batch, time, horizon * outputs});
  arguments.finish();
  gradient.from_state = results.floats({batch, time, kDecoderUnits});
  gradient.from_future = results.floats({batch, time + horizon - 1, kDecoderUnits});
  gradient.readout = results.floats({batch, outputs, kDecoderUnits});
  read_workspace(decoder, true, results);
  if (status.failed()) return status.error();
  kernels().decode_backward(decoder, gradient, pool_runner(pool));
  return ffi::Error::Success();
}

auto binding() { return ffi::Ffi::Bind().Ctx<ffi::ThreadPool>().RemainingArgs().RemainingRets(); }

}  // namespace
}  // namespace loopcast

XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_decode, loopcast::decode, loopcast::binding());
XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_decode_backward, loopcast::decode_backward, loopcast::binding());
