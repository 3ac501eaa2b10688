// The XLA FFI face of the kernels: checks everything that comes in, then calls them.
//
// Three targets. Arguments and results, in order; [..] once for each layer:
//   infer, train  inputs, observed (if masked), [kernel, recurrent_kernel, bias], [states]
//                 -> outputs, [final states], workspace
//   backward      residuals (train's workspace), gradient by outputs, [kernel, recurrent_kernel], [gradient by final
//                 states]
//                 -> [kernel, recurrent_kernel, bias], [states], inputs (if wanted), residuals, workspace
// Attributes: cell, masked, last_only; for backward also time, inputs, with_inputs.
#include <cstring>
#include <initializer_list>
#include <limits>
#include <string>

#include "loopcast/kernels.hpp"
#include "pool.hpp"

namespace ffi = xla::ffi;

namespace loopcast {
namespace {

// The first thing found wrong; later ones are not reported.
class Problem {
 public:
  bool found() const { return !text_.empty(); }
  void report(std::string text) {
    if (!found()) text_ = std::move(text);
  }
  ffi::Error error() const { return found() ? ffi::Error::InvalidArgument("loopcast: " + text_) : ffi::Error(); }

 private:
  std::string text_;
};

std::string shown(ffi::Span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::string shown(std::initializer_list<int64_t> shape) {
  return shown(ffi::Span<const int64_t>(shape.begin(), shape.size()));
}

// a * b, or the largest number where that is too large: `kMost` of anything is refused later.
constexpr size_t kMost = std::numeric_limits<int64_t>::max() / 64;

size_t times(size_t a, size_t b) { return b != 0 && a > kMost / b ? kMost : a * b; }

// Hands out arguments or results one by one, each checked.
template <class Source>
class Reader {
 public:
  Reader(const char* what, Source source, Problem& problem) : what_(what), source_(source), problem_(problem) {}

  // The next buffer's dimensions if it is of this type and rank, else nothing.
  ffi::Span<const int64_t> peek(size_t rank) {
    const auto buffer = at(next_);
    if (buffer.dimensions().size() != rank) {
      problem_.report(name(next_) + " should have " + std::to_string(rank) + " axes, got " +
                      shown(buffer.dimensions()));
      return {};
    }
    return buffer.dimensions();
  }

  template <class T>
  T* take(ffi::DataType type, std::initializer_list<int64_t> shape) {
    const auto buffer = at(next_);
    if (problem_.found()) return nullptr;
    if (buffer.element_type() != type)
      problem_.report(name(next_) + " should have type number " + std::to_string(static_cast<int>(type)) + ", got " +
                      std::to_string(static_cast<int>(buffer.element_type())));
    const auto have = buffer.dimensions();
    if (have.size() != shape.size() || !std::equal(shape.begin(), shape.end(), have.begin()))
      problem_.report(name(next_) + " should have shape " + shown(shape) + ", got " + shown(have));
    ++next_;
    return static_cast<T*>(buffer.untyped_data());
  }

  float* floats(std::initializer_list<int64_t> shape) { return take<float>(ffi::F32, shape); }

  void finish() {
    if (next_ != source_.size())
      problem_.report("expected " + std::to_string(next_) + " " + what_ + "s, got " + std::to_string(source_.size()));
  }

 private:
  ffi::AnyBuffer at(size_t index) {
    if (index < source_.size()) return buffer(index);
    problem_.report("expected more than " + std::to_string(source_.size()) + " " + what_ + "s");
    return ffi::AnyBuffer(&nothing_);
  }
  ffi::AnyBuffer buffer(size_t index) {
    if constexpr (std::is_same_v<Source, ffi::RemainingArgs>)
      return *source_.template get<ffi::AnyBuffer>(index);
    else
      return **source_.template get<ffi::AnyBuffer>(index);
  }
  std::string name(size_t index) const { return std::string(what_) + " " + std::to_string(index); }

  const char* what_;
  Source source_;
  Problem& problem_;
  size_t next_ = 0;
  XLA_FFI_Buffer nothing_ = {};
};

using Arguments = Reader<ffi::RemainingArgs>;
using Results = Reader<ffi::RemainingRets>;

bool valid(int32_t cell, size_t depth, Problem& problem) {
  if (cell < 0 || cell > 2) problem.report("cell should be 0, 1 or 2, got " + std::to_string(cell));
  if (depth < 1 || depth > kMaxDepth)
    problem.report("a stack should have 1 to " + std::to_string(kMaxDepth) + " layers, got " + std::to_string(depth));
  return !problem.found();
}

// Reads the sizes of a layer from its recurrent kernel, which `arguments` has next but one.
struct Weights {
  const float *kernel, *recurrent_kernel;
  size_t units;
};

Weights read_weights(Arguments& arguments, CellKind cell, size_t inputs, Problem& problem) {
  const auto shape = arguments.peek(2);
  if (problem.found()) return {};
  const int64_t gates = gates_of(cell), columns = shape[1], units = columns / gates;
  if (columns % gates != 0)
    problem.report("a kernel should have a multiple of " + std::to_string(gates) + " columns, got " +
                   std::to_string(columns));
  const float* const kernel = arguments.floats({static_cast<int64_t>(inputs), columns});
  return {kernel, arguments.floats({units, columns}), static_cast<size_t>(units)};
}

// Floats that a stack's workspaces take at most, without overflow; kMost and more is refused.
bool too_large(const Stack& s, Problem& problem) {
  size_t widths = s.layers[0].inputs, weights = 0;
  for (size_t l = 0; l < s.depth; ++l) {
    const size_t units = s.layers[l].units, rows = s.layers[l].inputs + units + 64;
    widths += 8 * units;
    weights += times(8, times(units + 64, rows));
  }
  const size_t steps = times(s.time + 2, times(s.batch + 16, 4 * (widths + 1)));
  if (steps >= kMost || weights >= kMost)
    problem.report("the stack is too large: batch " + std::to_string(s.batch) + ", time " + std::to_string(s.time) +
                   ", input " + std::to_string(s.layers[0].inputs));
  return problem.found();
}

Runner runner_of(ffi::ThreadPool& pool) { return {&pool, run_in_pool, threads_for}; }

ffi::Error forward(ffi::ThreadPool pool, int32_t cell_number, bool masked, bool last_only, bool training,
                   ffi::RemainingArgs args, ffi::RemainingRets rets) {
  Problem problem;
  Arguments arguments("argument", args, problem);
  Results results("result", rets, problem);
  const size_t states = cell_number == 2 ? 2 : 1, fixed = masked ? 2 : 1;
  const size_t depth = args.size() < fixed ? 0 : (args.size() - fixed) / (3 + states);
  if (!valid(cell_number, depth, problem)) return problem.error();
  const CellKind cell = static_cast<CellKind>(cell_number);
  const auto shape = arguments.peek(3);
  if (problem.found()) return problem.error();
  const int64_t batch = shape[0], time = shape[1], inputs = shape[2];
  Layer layers[kMaxDepth] = {};
  Forward call = {};
  call.stack = {cell, static_cast<size_t>(batch), static_cast<size_t>(time), depth, layers, masked, last_only};
  call.training = training;
  call.inputs = arguments.floats({batch, time, inputs});
  if (masked) call.observed = arguments.take<uint8_t>(ffi::PRED, {batch, time});
  for (size_t l = 0, width = inputs; l < depth && !problem.found(); ++l) {
    const Weights weights = read_weights(arguments, cell, width, problem);
    const int64_t units = weights.units, columns = gates_of(cell) * units;
    const float* const bias =
        bias_rows_of(cell) == 1 ? arguments.floats({columns}) : arguments.floats({2, columns});
    layers[l].inputs = width;
    layers[l].units = width = units;
    layers[l].kernel = weights.kernel;
    layers[l].recurrent_kernel = weights.recurrent_kernel;
    layers[l].bias = bias;
  }
  const auto units = [&](size_t l) { return static_cast<int64_t>(layers[l].units); };
  for (size_t l = 0; l < depth; ++l)
    for (size_t i = 0; i < states; ++i) layers[l].state[i] = arguments.floats({batch, units(l)});
  arguments.finish();
  if (problem.found() || too_large(call.stack, problem)) return problem.error();
  call.outputs = results.floats({batch, last_only ? std::min<int64_t>(time, 1) : time, units(depth - 1)});
  for (size_t l = 0; l < depth; ++l)
    for (size_t i = 0; i < states; ++i) layers[l].final_state[i] = results.floats({batch, units(l)});
  call.workspace = results.floats({static_cast<int64_t>(forward_workspace(call.stack, training))});
  results.finish();
  if (problem.found()) return problem.error();
  kernels().forward(call, runner_of(pool));
  return ffi::Error::Success();
}

ffi::Error infer(ffi::ThreadPool pool, int32_t cell, bool masked, bool last_only, ffi::RemainingArgs args,
                 ffi::RemainingRets rets) {
  return forward(pool, cell, masked, last_only, false, args, rets);
}

ffi::Error train(ffi::ThreadPool pool, int32_t cell, bool masked, bool last_only, ffi::RemainingArgs args,
                 ffi::RemainingRets rets) {
  return forward(pool, cell, masked, last_only, true, args, rets);
}

ffi::Error backward(ffi::ThreadPool pool, int32_t cell_number, bool masked, bool last_only, int64_t time,
                    int64_t inputs, bool with_inputs, ffi::RemainingArgs args, ffi::RemainingRets rets) {
  Problem problem;
  Arguments arguments("argument", args, problem);
  Results results("result", rets, problem);
  const size_t states = cell_number == 2 ? 2 : 1;
  const size_t depth = args.size() < 2 ? 0 : (args.size() - 2) / (2 + states);
  if (!valid(cell_number, depth, problem)) return problem.error();
  if (time < 0 || inputs < 0)
    problem.report("time and inputs should not be negative, got " + shown({time, inputs}));
  const CellKind cell = static_cast<CellKind>(cell_number);
  const auto residual_shape = arguments.peek(1);
  if (problem.found()) return problem.error();
  const float* const residuals = arguments.floats({residual_shape[0]});
  const auto shape = arguments.peek(3);
  if (problem.found()) return problem.error();
  const int64_t batch = shape[0];
  Layer layers[kMaxDepth] = {};
  LayerGradient gradients[kMaxDepth] = {};
  Backward call = {};
  call.stack = {cell, static_cast<size_t>(batch), static_cast<size_t>(time), depth, layers, masked, last_only};
  call.layers = gradients;
  call.outputs = arguments.floats({batch, last_only ? std::min<int64_t>(time, 1) : time, shape[2]});
  for (size_t l = 0, width = inputs; l < depth && !problem.found(); ++l) {
    const Weights weights = read_weights(arguments, cell, width, problem);
    layers[l].inputs = width;
    layers[l].units = width = weights.units;
    layers[l].kernel = weights.kernel;
    layers[l].recurrent_kernel = weights.recurrent_kernel;
  }
  const auto units = [&](size_t l) { return static_cast<int64_t>(layers[l].units); };
  if (!problem.found() && shape[2] != units(depth - 1))
    problem.report("the outputs should have " + std::to_string(units(depth - 1)) + " units, got " +
                   std::to_string(shape[2]));
  for (size_t l = 0; l < depth; ++l)
    for (size_t i = 0; i < states; ++i) gradients[l].final_state[i] = arguments.floats({batch, units(l)});
  arguments.finish();
  if (problem.found() || too_large(call.stack, problem)) return problem.error();
  const int64_t kept = forward_workspace(call.stack, true);
  if (residual_shape[0] != kept)
    problem.report("residuals should have " + std::to_string(kept) + " floats, got " +
                   std::to_string(residual_shape[0]));
  for (size_t l = 0; l < depth; ++l) {
    const int64_t columns = gates_of(cell) * units(l);
    gradients[l].kernel = results.floats({static_cast<int64_t>(layers[l].inputs), columns});
    gradients[l].recurrent_kernel = results.floats({units(l), columns});
    gradients[l].bias = bias_rows_of(cell) == 1 ? results.floats({columns}) : results.floats({2, columns});
  }
  for (size_t l = 0; l < depth; ++l)
    for (size_t i = 0; i < states; ++i) gradients[l].state[i] = results.floats({batch, units(l)});
  if (with_inputs) call.inputs = results.floats({batch, time, inputs});
  call.residuals = results.floats({kept});
  call.workspace = results.floats({static_cast<int64_t>(backward_workspace(call.stack))});
  results.finish();
  if (problem.found()) return problem.error();
  if (call.residuals != residuals) std::memcpy(call.residuals, residuals, kept * sizeof(float));
  kernels().backward(call, runner_of(pool));
  return ffi::Error::Success();
}

// A stack of which only the sizes are known; false if these are none.
bool sizes(Stack& s, Layer* layers, int32_t cell, const int64_t* numbers, int32_t depth) {
  Problem problem;
  if (!valid(cell, depth < 0 ? 0 : depth, problem)) return false;
  for (int32_t i = 0; i < 3 + depth; ++i)
    if (numbers[i] < 0 || numbers[i] > std::numeric_limits<int32_t>::max()) return false;
  for (int32_t l = 0; l < depth; ++l) {
    layers[l].inputs = numbers[2 + l];
    layers[l].units = numbers[3 + l];
  }
  s = {static_cast<CellKind>(cell), static_cast<size_t>(numbers[0]), static_cast<size_t>(numbers[1]),
       static_cast<size_t>(depth), layers, s.masked, s.last_only};
  return !too_large(s, problem);
}

}  // namespace
}  // namespace loopcast

// For ctypes. sizes: batch, time, inputs, then each layer's units. -1 where they are not sizes or too large.
enum class Workspace : int32_t { infer = 0, train = 1, backward = 2 };

extern "C" int64_t loopcast_workspace(int32_t kind, int32_t cell, bool masked, const int64_t* sizes, int32_t depth) {
  loopcast::Layer layers[loopcast::kMaxDepth] = {};
  loopcast::Stack stack = {};
  stack.masked = masked;
  if (!loopcast::sizes(stack, layers, cell, sizes, depth)) return -1;
  if (kind == static_cast<int32_t>(Workspace::backward)) return loopcast::backward_workspace(stack);
  return loopcast::forward_workspace(stack, kind == static_cast<int32_t>(Workspace::train));
}

// The instruction set in use: "avx512", "avx2" or "plain".
extern "C" const char* loopcast_instructions() { return loopcast::kernels().name; }

XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_infer, loopcast::infer,
                              ffi::Ffi::Bind()
                                  .Ctx<ffi::ThreadPool>()
                                  .Attr<int32_t>("cell")
                                  .Attr<bool>("masked")
                                  .Attr<bool>("last_only")
                                  .RemainingArgs()
                                  .RemainingRets());

XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_train, loopcast::train,
                              ffi::Ffi::Bind()
                                  .Ctx<ffi::ThreadPool>()
                                  .Attr<int32_t>("cell")
                                  .Attr<bool>("masked")
                                  .Attr<bool>("last_only")
                                  .RemainingArgs()
                                  .RemainingRets());

XLA_FFI_DEFINE_HANDLER_SYMBOL(loopcast_backward, loopcast::backward,
                              ffi::Ffi::Bind()
                                  .Ctx<ffi::ThreadPool>()
                                  .Attr<int32_t>("cell")
                                  .Attr<bool>("masked")
                                  .Attr<bool>("last_only")
                                  .Attr<int64_t>("time")
                                  .Attr<int64_t>("inputs")
                                  .Attr<bool>("with_inputs")
                                  .RemainingArgs()
                                  .RemainingRets());
