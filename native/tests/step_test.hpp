// Single steps as Python takes them: the checks before a step, and the table of layouts.
#pragma once

#include <cstdio>
#include <functional>
#include <set>
#include <sstream>
#include <string>

#include "inline_runner.hpp"
#include "layout.hpp"
#include "reference.hpp"
#include "step.hpp"

namespace loopcast {

// A step of two layers of an LSTM and a head, and the memory that it points to.
struct StepExample {
  static constexpr size_t kInputs = 3, kUnits[] = {5, 4}, kOutputs = 2;

  StepExample() {
    for (size_t l = 0; l < 2; ++l) {
      const size_t inputs = l == 0 ? kInputs : kUnits[l - 1], units = kUnits[l];
      layers[l] = {inputs, units, array(4 * inputs * units), array(4 * units * units), array(4 * units),
                   {array(units), array(units)}, {array(units), array(units)}};
    }
    head = {kOutputs, array(kUnits[1] * kOutputs), array(kOutputs)};
    const Stack stack = {CellKind::lstm, 1, 1, 2, layers, &head, false, true};
    const size_t floats = forward_workspace(stack, false);
    call = {{stack, array(kInputs), nullptr, array(kOutputs), false, array(floats)}, floats};
  }
  StepExample(const StepExample&) = delete;

  float* array(size_t count) {
    arrays.push_back(normal(count));
    return arrays.back().floats;
  }

  std::vector<Guarded> arrays;
  Layer layers[2];
  Head head;
  StepCall call;
};

struct StepMistake {
  StepStatus status;
  std::function<void(StepExample&)> make;
};

inline std::vector<StepMistake> step_mistakes() {
  using S = StepStatus;
  using E = StepExample;
  constexpr size_t kHuge = size_t{1} << 40;
  return {
      {S::unknown_cell, [](E& e) { e.call.forward.stack.cell = static_cast<CellKind>(-1); }},
      {S::unknown_cell, [](E& e) { e.call.forward.stack.cell = static_cast<CellKind>(kCells); }},
      {S::bad_depth, [](E& e) { e.call.forward.stack.depth = 0; }},
      {S::bad_depth, [](E& e) { e.call.forward.stack.depth = kMaxDepth + 1; }},
      {S::no_layers, [](E& e) { e.call.forward.stack.layers = nullptr; }},
      {S::widths_differ, [](E& e) { e.layers[1].inputs += 1; }},
      {S::widths_differ, [](E& e) { e.layers[0].units -= 1; }},
      {S::too_large, [](E& e) { e.layers[0].inputs = SIZE_MAX; }},
      {S::too_large, [](E& e) { e.layers[0].units = e.layers[1].inputs = kHuge; }},
      {S::too_large, [](E& e) { e.call.forward.stack.time = SIZE_MAX; }},
      {S::too_large, [](E& e) { e.call.forward.stack.batch = kHuge * 1024, e.call.forward.stack.time = kHuge; }},
      {S::too_large, [](E& e) { e.head.outputs = SIZE_MAX; }},
      {S::no_weights, [](E& e) { e.layers[0].kernel = nullptr; }},
      {S::no_weights, [](E& e) { e.layers[1].recurrent_kernel = nullptr; }},
      {S::no_weights, [](E& e) { e.layers[1].bias = nullptr; }},
      {S::no_states, [](E& e) { e.layers[0].state[0] = nullptr; }},
      {S::no_states, [](E& e) { e.layers[1].final_state[1] = nullptr; }},
      {S::no_head_weights, [](E& e) { e.head.kernel = nullptr; }},
      {S::no_head_weights, [](E& e) { e.head.bias = nullptr; }},
      {S::no_inputs, [](E& e) { e.call.forward.inputs = nullptr; }},
      {S::no_mask, [](E& e) { e.call.forward.stack.masked = true; }},
      {S::no_outputs, [](E& e) { e.call.forward.outputs = nullptr; }},
      {S::workspace_too_small, [](E& e) { e.call.forward.workspace = nullptr; }},
      {S::workspace_too_small, [](E& e) { e.call.workspace_floats -= 1; }},
      {S::workspace_too_small, [](E& e) { e.call.forward.training = true, e.call.forward.stack.time = 100; }},
  };
}

// Every mistake has its status, and every status has a mistake and a message.
inline bool steps_are_checked() {
  std::set<int32_t> found = {static_cast<int32_t>(check_step(nullptr))};
  for (const StepMistake& mistake : step_mistakes()) {
    StepExample example;
    if (check_step(&example.call) != StepStatus::ok) return std::printf("a valid step is refused\n"), false;
    mistake.make(example);
    const int32_t actual = static_cast<int32_t>(check_step(&example.call));
    if (actual != static_cast<int32_t>(mistake.status))
      return std::printf("a step's status is %d, expected %d\n", actual, static_cast<int>(mistake.status)), false;
    found.insert(actual);
  }
  for (int32_t status = 1; step_message(status) != nullptr; ++status)
    if (found.erase(status) == 0) return std::printf("no mistake has the status %d\n", status), false;
  return found.empty() || (std::printf("a status has no message\n"), false);
}

// Where a line of the table says that a field lies.
inline bool layout_says(const std::string& field, size_t offset, size_t size) {
  std::istringstream lines(layout_text());
  const std::string expected = field + " " + std::to_string(offset) + " " + std::to_string(size);
  for (std::string line; std::getline(lines, line);)
    if (line == expected) return true;
  return std::printf("the table of layouts lacks: %s\n", expected.c_str()), false;
}

// The table says where fields lie in an object that is there.
inline bool layout_is_right() {
  const StepCall call = {};
  const auto offset = [&call](const void* field) {
    return static_cast<size_t>(static_cast<const char*>(field) - reinterpret_cast<const char*>(&call));
  };
  return layout_says("Stack.depth", offset(&call.forward.stack.depth), sizeof(size_t)) &&
         layout_says("Stack.last_only", offset(&call.forward.stack.last_only), 1) &&
         layout_says("Forward.workspace", offset(&call.forward.workspace), sizeof(void*)) &&
         layout_says("StepCall.workspace_floats", offset(&call.workspace_floats), sizeof(size_t));
}

// A stack of one series and one step, whose state is changed in place.
class Stepper {
 public:
  Stepper(const Case& c, const CaseArrays& arrays)
      : head_{c.outputs, arrays.head_kernel.floats, arrays.head_bias.floats} {
    for (size_t l = 0; l < c.units.size(); ++l) {
      const LayerArrays& from = arrays.layers[l];
      layers_.push_back({c.width_below(l), c.units[l], from.kernel.floats, from.recurrent_kernel.floats,
                         from.bias.floats, {}, {}});
      for (size_t i = 0; i < from.state.size(); ++i) {
        states_.push_back(std::vector<float>(from.state[i].floats, from.state[i].floats + from.state[i].size));
        layers_[l].state[i] = layers_[l].final_state[i] = states_.back().data();
      }
    }
    stack_ = {c.cell, 1, 1, layers_.size(), layers_.data(), &head_, false, true};
    workspace_.resize(forward_workspace(stack_, false));
  }

  // Returns the check's status; anything but ok, and the step is not taken.
  StepStatus step(const float* inputs, float* outputs) {
    const StepCall call = {{stack_, inputs, nullptr, outputs, false, workspace_.data()}, workspace_.size()};
    const StepStatus status = check_step(&call);
    if (status == StepStatus::ok) kernels().forward(call.forward, kInlineRunner);
    return status;
  }

 private:
  Head head_;
  std::vector<Layer> layers_;
  std::vector<std::vector<float>> states_;
  Stack stack_;
  std::vector<float> workspace_;
};

// Steps one by one, each from the state of the one before, give what the definition gives for the whole sequence, and
// the same bits as a scan.
inline bool steps_follow_one_another(CellKind cell) {
  const Case c = {cell, 1, 9, 3, {8, 17}, false, false, false, true, 2};
  const CaseArrays arrays(c, WeightScale::moderate);
  const CaseResults scan = compute(c, arrays, kInlineRunner);
  const ReferenceResults expected = run_reference(Reference(c, arrays));
  Stepper stepper(c, arrays);
  const Guarded outputs(c.outputs);
  for (size_t t = 0; t < c.time; ++t) {
    if (stepper.step(arrays.inputs.floats + t * c.inputs, outputs.floats) != StepStatus::ok)
      return std::printf("a valid step is refused\n"), false;
    for (size_t k = 0; k < c.outputs; ++k) {
      const size_t at = t * c.outputs + k;
      if (outputs.floats[k] != scan.outputs.floats[at] || !(std::abs(outputs.floats[k] - expected.outputs[at]) <= 1e-5))
        return std::printf("step %zu of cell %d is not the scan's\n", t, static_cast<int>(cell)), false;
    }
  }
  return true;
}

}  // namespace loopcast
