// The kernels on their own, for the sanitizers: every buffer begins or ends at a guard page, every output is NaN first.
// Of recurrent stacks a finite answer that does not depend on the order or number of tasks' threads is all that is asked
// here; whether it is right, the Python tests say. Of windows it is asked whether they are right.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "thread_team.hpp"
#include "guarded.hpp"
#include "loopcast/kernels.hpp"
#include "decode_test.hpp"
#include "windows_test.hpp"

namespace loopcast {
namespace {

void run_inline(void*, size_t tasks, size_t, void (*task)(void*, size_t), void* context) {
  const FlushDenormals flush;  // as a team's threads do: gradients through saturated units become denormal
  for (size_t i = 0; i < tasks; ++i) task(context, i);
}

// Two threads of a team, which stay from call to call.
void run_threads(void*, size_t tasks, size_t, void (*task)(void*, size_t), void* context) {
  static ThreadTeam& team = *new ThreadTeam;
  team.run(tasks, 2, task, context, [](auto job) { std::thread(std::move(job)).detach(); });
}

size_t one_thread(void*, size_t) { return 1; }
size_t many_threads(void*, size_t) { return 64; }

struct Case {
  CellKind cell;
  size_t batch, time, inputs;
  std::vector<size_t> units;
  bool masked, last_only, with_inputs, with_head;
  size_t outputs;  // of the head
};

// Everything that one case writes, end to end: what to compare.
class Outputs {
 public:
  float* add(size_t count) {
    arrays_.emplace_back(count);
    return arrays_.back().floats;
  }
  bool finite() const {
    for (const auto& part : arrays_)
      for (size_t i = 0; i < part.size; ++i)
        if (!std::isfinite(part.floats[i])) return false;
    return true;
  }
  bool same_bits(const Outputs& other) const {
    for (size_t p = 0; p < arrays_.size(); ++p)
      if (arrays_[p].size > 0 && std::memcmp(arrays_[p].floats, other.arrays_[p].floats, arrays_[p].size * 4) != 0) return false;
    return true;
  }

 private:
  std::vector<Guarded> arrays_;
};

struct CaseInputs {
  explicit CaseInputs(const Case& c) : inputs(normal(c.batch * c.time * c.inputs)), by_outputs(normal(out_floats(c))) {
    size_t width = c.inputs;
    for (const size_t units : c.units) {
      const size_t columns = gates_of(c.cell) * units;
      parts.push_back(normal(width * columns));
      parts.push_back(normal(units * columns));
      parts.push_back(normal(bias_rows_of(c.cell) * columns));
      for (int i = 0; i < 4; ++i) parts.push_back(normal(c.batch * units));
      width = units;
    }
    head.push_back(normal(width * c.outputs));
    head.push_back(normal(c.outputs));
    for (size_t i = 0; i < c.batch * c.time; ++i) observed.push_back(random_bits() % 3 != 0);
    for (size_t i = 0; i < c.batch * c.time && c.masked; ++i)  // what is masked may be anything
      for (size_t j = 0; j < c.inputs; ++j)
        if (observed[i] == 0) inputs.floats[i * c.inputs + j] = NAN;
  }
  static size_t out_floats(const Case& c) {
    return c.batch * (c.last_only ? (c.time > 0 ? 1 : 0) : c.time) * (c.with_head ? c.outputs : c.units.back());
  }

  Guarded inputs, by_outputs;
  std::vector<Guarded> parts;  // each layer's kernel, recurrent kernel, bias, two states, two gradients
  std::vector<Guarded> head;   // kernel, bias
  std::vector<uint8_t> observed;
};

Outputs compute(const Case& c, const CaseInputs& in, Runner runner) {
  Outputs out;
  std::vector<Layer> layers;
  std::vector<LayerGradient> gradients;
  size_t width = c.inputs;
  for (size_t l = 0; l < c.units.size(); ++l) {
    const size_t units = c.units[l], columns = gates_of(c.cell) * units, state = c.batch * units;
    const auto part = [&](size_t i) { return in.parts[7 * l + i].floats; };
    const bool two = states_of(c.cell) == 2;
    layers.push_back({width, units, part(0), part(1), part(2), {part(3), two ? part(4) : nullptr},
                      {out.add(state), two ? out.add(state) : nullptr}});
    gradients.push_back({{part(5), two ? part(6) : nullptr}, out.add(width * columns), out.add(units * columns),
                         out.add(bias_rows_of(c.cell) * columns), {out.add(state), two ? out.add(state) : nullptr}});
    width = units;
  }
  const Head head = {c.outputs, in.head[0].floats, in.head[1].floats};
  const Stack stack = {c.cell, c.batch, c.time, c.units.size(), layers.data(), c.with_head ? &head : nullptr, c.masked,
                       c.last_only};
  Guarded scratch(forward_workspace(stack, false)), residuals(forward_workspace(stack, true)),
      workspace(backward_workspace(stack));
  const uint8_t* const observed = c.masked ? in.observed.data() : nullptr;
  kernels().forward({stack, in.inputs.floats, observed, out.add(CaseInputs::out_floats(c)), false, scratch.floats}, runner);
  kernels().forward({stack, in.inputs.floats, observed, out.add(CaseInputs::out_floats(c)), true, residuals.floats}, runner);
  float* const by_inputs = c.with_inputs ? out.add(c.batch * c.time * c.inputs) : nullptr;
  const HeadGradient by_head = c.with_head ? HeadGradient{out.add(width * c.outputs), out.add(c.outputs)} : HeadGradient{};
  kernels().backward({stack, gradients.data(), by_head, in.by_outputs.floats, by_inputs, residuals.floats, workspace.floats},
                     runner);
  return out;
}

Case random_case(int number) {
  Case c = {static_cast<CellKind>(number % kCells), one_of({0, 1, 3, 5, 16, 17, 33}), one_of({0, 1, 3, 16, 17, 65}),
            one_of({0, 1, 3, 17}), {}, random_bits() % 2 == 0, random_bits() % 2 == 0, random_bits() % 2 == 0, random_bits() % 2 == 0,
            one_of({0, 1, 3, 10, 17, 40, 70})};
  for (size_t l = 0, depth = 1 + random_bits() % 3; l < depth; ++l) c.units.push_back(one_of({1, 3, 8, 17, 20, 41, 70}));
  return c;
}

// Whether the case has the same finite answer on one thread and on several; says what is wrong.
bool threads_agree(int number) {
  const Case c = random_case(number);
  const CaseInputs in(c);
  const Outputs one = compute(c, in, {nullptr, run_inline, one_thread});
  const Outputs threads = compute(c, in, {nullptr, run_threads, many_threads});
  if (one.finite() && one.same_bits(threads)) return true;
  std::printf("case %d: %s (cell %d, batch %zu, time %zu, inputs %zu, %zu layers)\n", number,
              one.finite() ? "threads change the bits" : "not finite", static_cast<int>(c.cell), c.batch, c.time,
              c.inputs, c.units.size());
  return false;
}

}  // namespace
}  // namespace loopcast

int main(int count, char** arguments) {
  const int cases = count > 1 ? std::atoi(arguments[1]) : 200;
  for (int number = 0; number < cases; ++number) {
    loopcast::Guarded::first_at_guard = number % 2 == 1;
    if (!loopcast::threads_agree(number) || !loopcast::windows_are_right(number)) return 1;
    if (!loopcast::decoder_is_right(number, {nullptr, loopcast::run_threads, loopcast::many_threads})) return 1;
  }
  std::printf("%d cases with the %s kernels\n", cases, loopcast::kernels().name);
  return 0;
}
