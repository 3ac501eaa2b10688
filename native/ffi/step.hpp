// Checks a forward pass that a caller outside XLA asks for: a mistake there would read or write beyond its buffers.
#pragma once

#include "limits.hpp"
#include "loopcast/kernels.hpp"

namespace loopcast {

enum class StepStatus : int32_t {
  ok = 0,
  no_call,
  unknown_cell,
  bad_depth,
  no_layers,
  widths_differ,
  too_large,
  no_weights,
  no_states,
  no_head_weights,
  no_inputs,
  no_mask,
  no_outputs,
  workspace_too_small,
};

// What a status says is wrong; null for any other number.
inline const char* step_message(int32_t status) {
  switch (static_cast<StepStatus>(status)) {
    case StepStatus::ok: return "nothing is wrong";
    case StepStatus::no_call: return "there is no call: its pointer is null";
    case StepStatus::unknown_cell: return "the cell's number is out of range";
    case StepStatus::bad_depth: return "the number of layers is out of range";
    case StepStatus::no_layers: return "there are no layers: their pointer is null";
    case StepStatus::widths_differ: return "a layer should have as many inputs as the layer below has units";
    case StepStatus::too_large: return "the stack is too large";
    case StepStatus::no_weights: return "a layer has no kernel, recurrent kernel or bias: its pointer is null";
    case StepStatus::no_states: return "a layer has no state or no final state: its pointer is null";
    case StepStatus::no_head_weights: return "the head has no kernel or no bias: its pointer is null";
    case StepStatus::no_inputs: return "there are no inputs: their pointer is null";
    case StepStatus::no_mask: return "some steps are masked, and there is no mask: its pointer is null";
    case StepStatus::no_outputs: return "there are no outputs: their pointer is null";
    case StepStatus::workspace_too_small: return "the workspace is null or has too few floats";
  }
  return nullptr;
}

inline StepStatus check_layer(const Layer& layer, size_t states) {
  if (layer.kernel == nullptr || layer.recurrent_kernel == nullptr || layer.bias == nullptr)
    return StepStatus::no_weights;
  for (size_t i = 0; i < states; ++i)
    if (layer.state[i] == nullptr || layer.final_state[i] == nullptr) return StepStatus::no_states;
  return StepStatus::ok;
}

inline StepStatus check_stack(const Stack& s) {
  const int32_t cell = static_cast<int32_t>(s.cell);
  if (cell < 0 || cell >= kCells) return StepStatus::unknown_cell;
  if (s.depth < 1 || s.depth > kMaxDepth) return StepStatus::bad_depth;
  if (s.layers == nullptr) return StepStatus::no_layers;
  for (size_t l = 1; l < s.depth; ++l)
    if (s.layers[l].inputs != s.layers[l - 1].units) return StepStatus::widths_differ;
  if (too_large(s)) return StepStatus::too_large;
  for (size_t l = 0; l < s.depth; ++l)
    if (const StepStatus status = check_layer(s.layers[l], states_of(s.cell)); status != StepStatus::ok) return status;
  if (s.head != nullptr && (s.head->kernel == nullptr || s.head->bias == nullptr)) return StepStatus::no_head_weights;
  return StepStatus::ok;
}

inline StepStatus check_step(const StepCall* call) {
  if (call == nullptr) return StepStatus::no_call;
  const Forward& pass = call->forward;
  if (const StepStatus status = check_stack(pass.stack); status != StepStatus::ok) return status;
  if (pass.inputs == nullptr) return StepStatus::no_inputs;
  if (pass.stack.masked && pass.observed == nullptr) return StepStatus::no_mask;
  if (pass.outputs == nullptr) return StepStatus::no_outputs;
  if (pass.workspace == nullptr || call->workspace_floats < forward_workspace(pass.stack, pass.training))
    return StepStatus::workspace_too_small;
  return StepStatus::ok;
}

}  // namespace loopcast
