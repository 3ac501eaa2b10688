// What the kernels compute and on which buffers: the only header that callers need. Plain structs, C++17.
//
// All arrays are float32, row-major, dense, and aligned to a float at least. No array that is written overlaps
// any other, unless said so. No pointer is kept after the call; nothing is allocated, thrown or printed.
// Any of the sizes may be zero.
//
// Python mirrors Layer, Head, Stack, Forward and StepCall with ctypes; ffi/layout.hpp lists their fields.
#pragma once

#include <cstddef>
#include <cstdint>

namespace loopcast {

constexpr size_t kMaxDepth = 16;

// gru is Keras's with `reset_after=True`, gru_reset_before with `reset_after=False`.
enum class CellKind : int32_t { simple = 0, gru = 1, lstm = 2, gru_reset_before = 3 };
constexpr int32_t kCells = 4;

// Gates of the kernels, arrays in the state and rows of the bias, cell by cell.
static constexpr size_t gates_of(CellKind cell) {
  return cell == CellKind::simple ? 1 : cell == CellKind::lstm ? 4 : 3;
}
static constexpr size_t states_of(CellKind cell) { return cell == CellKind::lstm ? 2 : 1; }
static constexpr size_t bias_rows_of(CellKind cell) { return cell == CellKind::gru ? 2 : 1; }

// One recurrent layer, with Keras's names, shapes and gate order.
struct Layer {
  size_t inputs, units;
  const float* kernel;            // [inputs, gates * units]
  const float* recurrent_kernel;  // [units, gates * units]
  const float* bias;              // [bias_rows, gates * units]; not read by backward
  const float* state[2];          // each [batch, units], before the first step; not read by backward
  float* final_state[2];          // each [batch, units], after the last step; not written by backward
};

// A linear layer on the last recurrent layer's outputs: h kernel + bias.
struct Head {
  size_t outputs;
  const float* kernel;  // [units of the last layer, outputs]
  const float* bias;    // [outputs]; not read by backward
};

// A stack of layers, each but the first on the outputs of the one before, and perhaps a head on the last.
struct Stack {
  CellKind cell;
  size_t batch, time, depth;  // depth from 1 to kMaxDepth
  const Layer* layers;        // [depth]
  const Head* head;           // null: the last layer's outputs are the stack's
  bool masked;                // some steps are not observed: the state is held, the output repeated
  bool last_only;             // outputs are the last step's alone, [batch, min(time, 1), width]
};

// Number of steps that have outputs, and number of outputs at each.
static inline size_t steps_out(const Stack& s) { return s.last_only && s.time > 1 ? 1 : s.time; }
static inline size_t outputs_of(const Stack& s) { return s.head ? s.head->outputs : s.layers[s.depth - 1].units; }

struct Forward {
  Stack stack;
  const float* inputs;      // [batch, time, inputs of the first layer]; not used where `observed` is 0
  const uint8_t* observed;  // [batch, time], 0 where a step is masked; null unless masked
  float* outputs;           // [batch, steps_out, outputs_of]
  bool training;            // workspace becomes the residuals that backward needs
  float* workspace;         // forward_workspace(stack, training) floats; opaque
};

// A forward pass that a caller outside XLA asks for; ffi/step.hpp checks it.
struct StepCall {
  Forward forward;
  size_t workspace_floats;  // how many floats forward.workspace has
};

// The gradients by one layer's weights and initial state: each shaped as what it is the gradient by.
struct LayerGradient {
  const float* final_state[2];  // in: gradient by the final state, each [batch, units]
  float *kernel, *recurrent_kernel, *bias;
  float* state[2];
};

struct HeadGradient {
  float *kernel, *bias;
};

struct Backward {
  Stack stack;
  const LayerGradient* layers;  // [depth]
  HeadGradient head;            // nulls without a head
  const float* outputs;         // gradient by the outputs
  float* inputs;                // gradient by the inputs, [batch, time, inputs]; null to leave it out
  float* residuals;             // forward's workspace, forward_workspace(stack, true) floats; overwritten
  float* workspace;             // backward_workspace(stack) floats; opaque
};

// A decoder that all steps ahead share: src/loopcast/nn/step_decoder.py has its equations. Units, and both parts of the
// readout, the shares and the gaps, are padded with zeros to whole lanes.
constexpr size_t kSide = 5;  // quantiles on each side of the median

struct StepDecoder {
  size_t state, inputs, candidates, codes, units;  // units: a multiple of the lanes
  const float* known;                              // [state + inputs, units]
  const float* step;                               // [candidates + codes, units]
  const float* bias;                               // [units]
  const float* second;                             // [units, units]
  const float* second_bias;                        // [units]
  const float* readout;                            // [units, padded 1 + candidates, then padded 2 * kSide]
  const float* readout_bias;
};

// Several rows, each with several steps ahead.
struct StepDecode {
  StepDecoder decoder;
  size_t rows, steps, threads;
  const float* state;       // [rows, state]
  const float* inputs;      // [rows, inputs]
  const float* candidates;  // [rows, steps, candidates], each at most 1e18
  const float* codes;       // [rows, steps, codes]
  float* quantiles;         // [rows, steps, 2 * kSide + 1]
};

// How tasks are spread over threads. work: about how many multiply-adds they take together.
struct Runner {
  void* self;
  // Calls task(context, index) for every index < tasks, on any threads and in any order. Returns when all are done.
  void (*run)(void* self, size_t tasks, size_t work, void (*task)(void* context, size_t index), void* context);
  // How many threads would share so much work.
  size_t (*threads)(void* self, size_t work);
};

struct Kernels {
  const char* name;  // "avx512", "avx2" or "plain"
  void (*forward)(const Forward&, Runner);
  void (*backward)(const Backward&, Runner);
  // Rows from `first` on, before `last`; workspace: step_decoder_workspace floats.
  void (*decode_steps)(const StepDecode&, size_t first, size_t last, float* workspace);
};

// The fastest kernels that this processor can run, or those named by LOOPCAST_INSTRUCTIONS where it can run them.
const Kernels& kernels();

// Sizes in floats; the layers need only their sizes. The same for every instruction set.
size_t forward_workspace(const Stack&, bool training);
size_t backward_workspace(const Stack&);
size_t step_decoder_workspace(const StepDecoder&);

}  // namespace loopcast
