// The XLA FFI face of the kernels: checks everything that comes in, then calls them.
//
// Three targets run recurrent layers. Arguments and results, in order; [..] once for each layer, (..) if there is such a thing:
//   infer, train  inputs, (observed), [kernel, recurrent_kernel, bias], (head kernel, head bias), [states]
//                 -> outputs, [final states], workspace
//   backward      residuals (train's workspace), gradient by outputs, [kernel, recurrent_kernel, bias],
//                 (head kernel, head bias), [gradient by final states]
//                 -> [kernel, recurrent_kernel, bias], (head kernel, head bias), [states], (inputs), residuals,
//                    workspace
// Attributes: cell, masked, last_only, head; for backward also time, inputs, with_inputs.
#include <cstring>

#include "call.hpp"
#include "loopcast/windows.hpp"
#include "pool.hpp"

namespace loopcast {
namespace {

Runner runner_of(ffi::ThreadPool& pool) { return {&pool, run_in_pool, threads_for}; }

ffi::Error forward(ffi::ThreadPool pool, const Flags& flags, bool training, ffi::RemainingArgs args,
                   ffi::RemainingRets rets) {
  Call call;
  Problem& problem = call.problem;
  Arguments arguments("argument", args, problem);
  Results results("result", rets, problem);
  Stack& stack = call.stack;
  begin(call, flags, depth_of(args.size(), flags.masked ? 2 : 1, flags));
  const auto shape = arguments.peek(3);
  if (problem.found()) return problem.error();
  const int64_t batch = shape[0], time = shape[1], inputs = shape[2];
  stack.batch = batch;
  stack.time = time;
  Forward work = {};
  work.training = training;
  work.inputs = arguments.floats({batch, time, inputs});
  if (flags.masked) work.observed = arguments.take<uint8_t>(ffi::PRED, {batch, time});
  read_weights(arguments, call, inputs);
  for (size_t l = 0; l < stack.depth; ++l)
    for (size_t i = 0; i < states_of(stack.cell); ++i)
      call.layers[l].state[i] = arguments.floats({batch, call.units(l)});
  arguments.finish();
  if (problem.found() || too_large(stack, problem)) return problem.error();
  work.outputs = results.floats({batch, call.steps(), static_cast<int64_t>(outputs_of(stack))});
  for (size_t l = 0; l < stack.depth; ++l)
    for (size_t i = 0; i < states_of(stack.cell); ++i)
      call.layers[l].final_state[i] = results.floats({batch, call.units(l)});
  work.workspace = results.floats({static_cast<int64_t>(forward_workspace(stack, training))});
  results.finish();
  if (problem.found()) return problem.error();
  work.stack = stack;
  kernels().forward(work, runner_of(pool));
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

// Where the gradients by weights and initial states go: shaped as these.
void take_gradients(Results& results, const Call& call, LayerGradient* gradients, HeadGradient& head) {
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
  for (size_t l = 0; l < stack.depth; ++l)
    for (size_t i = 0; i < states_of(stack.cell); ++i)
      gradients[l].state[i] = results.floats({call.batch(), call.units(l)});
}

ffi::Error backward(ffi::ThreadPool pool, int32_t cell, bool masked, bool last_only, bool head, int64_t time,
                    int64_t inputs, bool with_inputs, ffi::RemainingArgs args, ffi::RemainingRets rets) {
  Call call;
  Problem& problem = call.problem;
  Arguments arguments("argument", args, problem);
  Results results("result", rets, problem);
  Stack& stack = call.stack;
  const Flags flags = {cell, masked, last_only, head};
  begin(call, flags, depth_of(args.size(), 2, flags));
  if (time < 0 || inputs < 0)
    problem.report("time and inputs should not be negative, got " + shown({time, inputs}));
  const auto residual_shape = arguments.peek(1);
  if (problem.found()) return problem.error();
  const float* const residuals = arguments.floats({residual_shape[0]});
  const auto shape = arguments.peek(3);
  if (problem.found()) return problem.error();
  stack.batch = shape[0];
  stack.time = time;
  LayerGradient gradients[kMaxDepth] = {};
  Backward work = {};
  work.layers = gradients;
  work.outputs = arguments.floats({shape[0], call.steps(), shape[2]});
  read_weights(arguments, call, inputs);
  if (!problem.found() && shape[2] != static_cast<int64_t>(outputs_of(stack)))
    problem.report("the outputs should have " + std::to_string(outputs_of(stack)) + " units, got " +
                   std::to_string(shape[2]));
  for (size_t l = 0; l < stack.depth; ++l)
    for (size_t i = 0; i < states_of(stack.cell); ++i)
      gradients[l].final_state[i] = arguments.floats({call.batch(), call.units(l)});
  arguments.finish();
  if (problem.found() || too_large(stack, problem)) return problem.error();
  const int64_t kept = forward_workspace(stack, true);
  if (residual_shape[0] != kept)
    problem.report("residuals should have " + std::to_string(kept) + " floats, got " +
                   std::to_string(residual_shape[0]));
  take_gradients(results, call, gradients, work.head);
  if (with_inputs) work.inputs = results.floats({call.batch(), time, inputs});
  work.residuals = results.floats({kept});
  work.workspace = results.floats({static_cast<int64_t>(backward_workspace(stack))});
  results.finish();
  if (problem.found()) return problem.error();
  if (work.residuals != residuals) std::memcpy(work.residuals, residuals, kept * sizeof(float));
  work.stack = stack;
  kernels().backward(work, runner_of(pool));
  return ffi::Error::Success();
}

// Values [row] and index [window, 5] -> past [window, context, reach], ahead [window, context or 1, horizon].
ffi::Error windows(bool last_only, ffi::RemainingArgs args, ffi::RemainingRets rets) {
  Problem problem;
  Arguments arguments("argument", args, problem);
  Results results("result", rets, problem);
  const auto rows = arguments.peek(1);
  const float* const values = problem.found() ? nullptr : arguments.floats({rows[0]});
  const auto index_shape = arguments.peek(2);
  if (problem.found()) return problem.error();
  const int64_t count = index_shape[0];
  const int32_t* const index = arguments.take<int32_t>(ffi::S32, {count, 5});
  arguments.finish();
  const auto past_shape = results.peek(3);
  if (problem.found()) return problem.error();
  const int64_t context = past_shape[1], reach = past_shape[2], steps = last_only && context > 0 ? 1 : context;
  float* const past = results.floats({count, context, reach});
  const auto ahead_shape = results.peek(3);
  if (problem.found()) return problem.error();
  const int64_t horizon = ahead_shape[2];
  float* const ahead = results.floats({count, steps, horizon});
  results.finish();
  if (problem.found()) return problem.error();
  const auto size = [](int64_t n) { return static_cast<size_t>(n); };
  copy_windows({size(rows[0]), size(count), size(context), size(reach), size(horizon), last_only, values, index, past, ahead});
  return ffi::Error::Success();
}

// Mixed [batch, time, kMixed], known [batch, time + horizon - 1, kMixed] and readout [outputs, kMixed].
Decoder decoder_of(Arguments& arguments, Problem& problem) {
  const auto shape = arguments.peek(3);
  if (problem.found()) return {};
  const int64_t batch = shape[0], time = shape[1], width = kMixed;
  Decoder decoder = {};
  decoder.mixed = arguments.floats({batch, time, width});
  const auto known_shape = arguments.peek(3);
  if (problem.found()) return {};
  const int64_t rows = known_shape[1];
  if (rows < time) problem.report("known should have " + std::to_string(time) + " rows or more, got " + std::to_string(rows));
  decoder.known = arguments.floats({batch, rows, width});
  const auto readout_shape = arguments.peek(2);
  if (problem.found()) return {};
  decoder.readout = arguments.floats({readout_shape[0], width});
  decoder.batch = batch;
  decoder.time = time;
  decoder.horizon = rows - time + 1;
  decoder.outputs = readout_shape[0];
  return decoder;
}

// The workspace is the last result, of a size that only this knows.
void take_workspace(Decoder& decoder, bool backward, Results& results) {
  decoder.workspace = results.floats({static_cast<int64_t>(decoder_workspace(decoder, backward))});
  results.finish();
}

// Mixed, known, readout -> outputs [batch, time, horizon * outputs], workspace.
ffi::Error decode(ffi::ThreadPool pool, ffi::RemainingArgs args, ffi::RemainingRets rets) {
  Problem problem;
  Arguments arguments("argument", args, problem);
  Results results("result", rets, problem);
  Decoder decoder = decoder_of(arguments, problem);
  arguments.finish();
  if (problem.found()) return problem.error();
  const auto size = [](size_t n) { return static_cast<int64_t>(n); };
  float* const outputs = results.floats({size(decoder.batch), size(decoder.time), size(decoder.horizon * decoder.outputs)});
  take_workspace(decoder, false, results);
  if (problem.found()) return problem.error();
  kernels().decode(decoder, outputs, runner_of(pool));
  return ffi::Error::Success();
}

// Mixed, known, readout, gradient by outputs -> gradients by mixed, known and readout [batch, outputs, kMixed], workspace.
ffi::Error decode_backward(ffi::ThreadPool pool, ffi::RemainingArgs args, ffi::RemainingRets rets) {
  Problem problem;
  Arguments arguments("argument", args, problem);
  Results results("result", rets, problem);
  Decoder decoder = decoder_of(arguments, problem);
  if (problem.found()) return problem.error();
  const int64_t batch = decoder.batch, time = decoder.time, outputs = decoder.outputs, horizon = decoder.horizon;
  DecoderGradient gradient = {};
  gradient.by_outputs = arguments.floats({batch, time, horizon * outputs});
  arguments.finish();
  gradient.by_mixed = results.floats({batch, time, kMixed});
  gradient.by_known = results.floats({batch, time + horizon - 1, kMixed});
  gradient.by_readout = results.floats({batch, outputs, kMixed});
  take_workspace(decoder, true, results);
  if (problem.found()) return problem.error();
  kernels().decode_backward(decoder, gradient, runner_of(pool));
  return ffi::Error::Success();
}

// Reads a stack of which only the sizes are known: batch, time, inputs, then each layer's units.
bool read_sizes(Call& call, const int64_t* numbers) {
  for (size_t i = 0; i < 3 + call.stack.depth; ++i)
    if (numbers[i] < 0 || numbers[i] > std::numeric_limits<int32_t>::max()) return false;
  call.stack.batch = numbers[0];
  call.stack.time = numbers[1];
  for (size_t l = 0; l < call.stack.depth; ++l) {
    call.layers[l].inputs = numbers[2 + l];
    call.layers[l].units = numbers[3 + l];
  }
  return !too_large(call.stack, call.problem);
}

}  // namespace
}  // namespace loopcast

// For ctypes. sizes: batch, time, inputs, then each layer's units. outputs: the head's; negative for none.
// -1 where they are not sizes or too large.
enum class Workspace : int32_t { infer = 0, train = 1, backward = 2 };

extern "C" int64_t loopcast_workspace(int32_t kind, int32_t cell, bool masked, bool last_only, int64_t outputs,
                                      const int64_t* sizes, int32_t depth) {
  loopcast::Call call;
  begin(call, {cell, masked, last_only, outputs >= 0}, depth < 0 ? 0 : depth);
  if (call.problem.found() || outputs > std::numeric_limits<int32_t>::max()) return -1;
  call.head.outputs = outputs;
  if (!loopcast::read_sizes(call, sizes)) return -1;
  if (kind == static_cast<int32_t>(Workspace::backward)) return backward_workspace(call.stack);
  return forward_workspace(call.stack, kind == static_cast<int32_t>(Workspace::train));
}

// For ctypes: the floats of a decoder's workspace.
extern "C" int64_t loopcast_decoder_workspace(int64_t batch, int64_t time, int64_t horizon, int64_t outputs, bool backward) {
  loopcast::Decoder decoder = {};
  decoder.batch = batch;
  decoder.time = time;
  decoder.horizon = horizon;
  decoder.outputs = outputs;
  return loopcast::decoder_workspace(decoder, backward);
}

// For ctypes: a forward pass in the calling thread. Nothing is checked; src/loopcast/layers/direct.py makes the call.
extern "C" void loopcast_step(const loopcast::Forward* call) {
  loopcast::FlushDenormals flush;
  loopcast::kernels().forward(*call, loopcast::kHere);
}

// The instruction set in use: "avx512", "avx2" or "plain".
extern "C" const char* loopcast_instructions() { return loopcast::kernels().name; }

namespace {

auto binding() {
  return xla::ffi::Ffi::Bind()
      .Ctx<xla::ffi::ThreadPool>()
      .Attr<int32_t>("cell")
      .Attr<bool>("masked")
      .Attr<bool>("last_only")
      .Attr<bool>("head");
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_infer, loopcast::infer, binding().RemainingArgs().RemainingRets());
XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_train, loopcast::train, binding().RemainingArgs().RemainingRets());
XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_backward, loopcast::backward,
                              binding()
                                  .Attr<int64_t>("time")
                                  .Attr<int64_t>("inputs")
                                  .Attr<bool>("with_inputs")
                                  .RemainingArgs()
                                  .RemainingRets());
XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_decode, loopcast::decode,
                              xla::ffi::Ffi::Bind().Ctx<xla::ffi::ThreadPool>().RemainingArgs().RemainingRets());
XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_decode_backward, loopcast::decode_backward,
                              xla::ffi::Ffi::Bind().Ctx<xla::ffi::ThreadPool>().RemainingArgs().RemainingRets());
XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_windows, loopcast::windows,
                              xla::ffi::Ffi::Bind().Attr<bool>("last_only").RemainingArgs().RemainingRets());
