// The XLA FFI targets that run recurrent layers: they check all arguments and results, then call the kernels.
//
// Arguments -> results, in order; [..] once for each layer, (..) if there is such a thing:
//   infer, train  inputs, (observed), [kernel, recurrent_kernel, bias], (head kernel, head bias), [states]
//                 -> outputs, [final states], workspace
//   backward      residuals (train's workspace), gradient by outputs, [kernel, recurrent_kernel, bias],
//                 (head kernel, head bias), [gradient by final states]
//                 -> [kernel, recurrent_kernel, bias], (head kernel, head bias), [states], (inputs), residuals,
//                    workspace
// Attributes: cell, masked, last_only, head; for backward also time, inputs, with_inputs.
#include <cstring>

#include "call.hpp"
#include "pool.hpp"

namespace loopcast {
namespace {

// Reads one buffer for each array of each layer's state, `[batch, units]`; set(l, i, buffer) stores it.
template <class Buffers, class F>
void read_states(Buffers& buffers, const Call& call, F set) {
  for (size_t l = 0; l < call.stack.depth; ++l)
    for (size_t i = 0; i < states_of(call.stack.cell); ++i) set(l, i, buffers.floats({call.batch(), call.units(l)}));
}

ffi::Error forward(ffi::ThreadPool pool, const Flags& flags, bool training, ffi::RemainingArgs args,
                   ffi::RemainingRets rets) {
  Call call;
  Status& status = call.status;
  Arguments arguments("argument", args, status);
  Results results("result", rets, status);
  Stack& stack = call.stack;
  init_stack(call, flags, depth_of(args.size(), flags.masked ? 2 : 1, flags));
  const auto shape = arguments.peek(3);
  if (status.failed()) return status.error();
  const int64_t batch = shape[0], time = shape[1], inputs = shape[2];
  stack.batch = batch;
  stack.time = time;
  Forward pass = {};
  pass.training = training;
  pass.inputs = arguments.floats({batch, time, inputs});
  if (flags.masked) pass.observed = arguments.take<uint8_t>(ffi::PRED, {batch, time});
  read_weights(arguments, call, inputs);
  read_states(arguments, call, [&](size_t l, size_t i, float* state) { call.layers[l].state[i] = state; });
  arguments.finish();
  if (failed_or_too_large(call)) return status.error();
  pass.outputs = results.floats({batch, call.steps(), static_cast<int64_t>(outputs_of(stack))});
  read_states(results, call, [&](size_t l, size_t i, float* state) { call.layers[l].final_state[i] = state; });
  pass.workspace = results.floats({static_cast<int64_t>(forward_workspace(stack, training))});
  results.finish();
  if (status.failed()) return status.error();
  pass.stack = stack;
  kernels().forward(pass, pool_runner(pool));
  return ffi::Error::Success();
}

ffi::Error infer(ffi::ThreadPool pool, int32_t cell, bool masked, bool last_only, bool head, ffi::RemainingArgs args,
                 ffi::RemainingRets rets) {
  return forward(pool, {cell, masked, last_only, head}, false, args, rets);
}

ffi::Error train(ffi::ThreadPool pool, int32_t cell, bool masked, bool last_only, bool head, ffi::RemainingArgs args,
                 ffi::RemainingRets rets) {
  return forward(pool, {cell, masked, last_only, head}, true, args, rets);
}

// Reads backward's arguments into `pass` and `gradients`; returns the residuals, which are the first.
const float* read_backward(Arguments& arguments, Call& call, size_t inputs, Backward& pass, LayerGradient* gradients) {
  Status& status = call.status;
  const auto residuals_shape = arguments.peek(1);
  if (status.failed()) return nullptr;
  const int64_t residual_floats = residuals_shape[0];
  const float* const residuals = arguments.floats({residual_floats});
  const auto shape = arguments.peek(3);
  if (status.failed()) return nullptr;
  call.stack.batch = shape[0];
  pass.outputs = arguments.floats({shape[0], call.steps(), shape[2]});
  read_weights(arguments, call, inputs);
  if (!status.failed() && shape[2] != static_cast<int64_t>(outputs_of(call.stack)))
    status.fail("the outputs should have " + std::to_string(outputs_of(call.stack)) + " units, got " +
                std::to_string(shape[2]));
  read_states(arguments, call, [&](size_t l, size_t i, float* state) { gradients[l].final_state[i] = state; });
  arguments.finish();
  if (failed_or_too_large(call)) return nullptr;
  const int64_t expected = forward_workspace(call.stack, true);
  if (residual_floats != expected)
    status.fail("residuals should have " + std::to_string(expected) + " floats, got " +
                std::to_string(residual_floats));
  return residuals;
}

// Reads where the gradients by weights and initial states go: they are shaped as these.
void read_gradients(Results& results, const Call& call, LayerGradient* gradients, HeadGradient& head) {
  const Stack& stack = call.stack;
  for (size_t l = 0; l < stack.depth; ++l) {
    const int64_t columns = call.columns(l);
    gradients[l].kernel = results.floats({static_cast<int64_t>(call.layers[l].inputs), columns});
    gradients[l].recurrent_kernel = results.floats({call.units(l), columns});
    gradients[l].bias = bias_rows_of(stack.cell) == 1 ? results.floats({columns}) : results.floats({2, columns});
  }
  if (stack.head != nullptr) {
    const int64_t outputs = stack.head->outputs;
    head.kernel = results.floats({call.units(stack.depth - 1), outputs});
    head.bias = results.floats({outputs});
  }
  read_states(results, call, [&](size_t l, size_t i, float* state) { gradients[l].state[i] = state; });
}

ffi::Error backward(ffi::ThreadPool pool, int32_t cell, bool masked, bool last_only, bool head, int64_t time,
                    int64_t inputs, bool with_inputs, ffi::RemainingArgs args, ffi::RemainingRets rets) {
  Call call;
  Status& status = call.status;
  Arguments arguments("argument", args, status);
  Results results("result", rets, status);
  const Flags flags = {cell, masked, last_only, head};
  init_stack(call, flags, depth_of(args.size(), 2, flags));
  if (time < 0 || inputs < 0)
    status.fail("time and inputs should not be negative, got " + to_text({time, inputs}));
  if (status.failed()) return status.error();
  call.stack.time = time;
  LayerGradient gradients[kMaxDepth] = {};
  Backward pass = {};
  const float* const residuals = read_backward(arguments, call, inputs, pass, gradients);
  if (status.failed()) return status.error();
  const int64_t residual_floats = forward_workspace(call.stack, true);
  read_gradients(results, call, gradients, pass.head);
  if (with_inputs) pass.inputs = results.floats({call.batch(), time, inputs});
  pass.residuals = results.floats({residual_floats});
  pass.workspace = results.floats({static_cast<int64_t>(backward_workspace(call.stack))});
  results.finish();
  if (status.failed()) return status.error();
  if (pass.residuals != residuals) std::memcpy(pass.residuals, residuals, residual_floats * sizeof(float));
  pass.stack = call.stack;
  pass.layers = gradients;
  kernels().backward(pass, pool_runner(pool));
  return ffi::Error::Success();
}

auto binding() {
  return ffi::Ffi::Bind()
      .Ctx<ffi::ThreadPool>()
      .Attr<int32_t>("cell")
      .Attr<bool>("masked")
      .Attr<bool>("last_only")
      .Attr<bool>("head");
}

}  // namespace
}  // namespace loopcast

XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_infer, loopcast::infer, loopcast::binding().RemainingArgs().RemainingRets());
XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_train, loopcast::train, loopcast::binding().RemainingArgs().RemainingRets());
XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_backward, loopcast::backward,
                              loopcast::binding()
                                  .Attr<int64_t>("time")
                                  .Attr<int64_t>("inputs")
                                  .Attr<bool>("with_inputs")
                                  .RemainingArgs()
                                  .RemainingRets());
