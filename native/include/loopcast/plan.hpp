// What all groups of a call share: the matrices of their products, packed where that pays.
#pragma once

#include "loopcast/cells.hpp"
#include "loopcast/product.hpp"
#include "loopcast/workspace.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// A row-major matrix of gates side by side, `units` columns each.
struct GateMatrix {
  const float* data;
  size_t rows, gates, units;

  size_t row_stride() const { return gates * units; }
  const float* gate(int g) const { return data + g * units; }
};

LOOPCAST_INLINE Matrix view(const GateMatrix& all, int gate, Blocks blocks) {
  return {all.gate(gate), all.rows, all.row_stride(), blocks.width};
}

// Copies one gate into column blocks, one behind the other in the order in which they are read. Moves `to` past them.
inline Matrix pack(const GateMatrix& all, int gate, Blocks blocks, float*& to) {
  const Matrix packed = {to, all.rows, blocks.width, all.rows * blocks.width};
  for (size_t first = 0; first < all.units; first += blocks.width) {
    const size_t width = smaller(blocks.width, all.units - first);
    for (size_t k = 0; k < all.rows; ++k, to += blocks.width)
      for (size_t c = 0; c < width; ++c) to[c] = all.gate(gate)[k * all.row_stride() + first + c];
  }
  return packed;
}

// Packs the transpose of `count` gates: row (s, unit) of the result is column `unit` of gate `gates[s]`.
inline Matrix pack_transposed(const GateMatrix& all, const int* gates, size_t count, Blocks blocks, float*& to) {
  const size_t rows = count * all.units;
  const Matrix packed = {to, rows, blocks.width, rows * blocks.width};
  for (size_t first = 0; first < all.rows; first += blocks.width) {
    const size_t width = smaller(blocks.width, all.rows - first);
    for (size_t s = 0; s < count; ++s)
      for (size_t unit = 0; unit < all.units; ++unit, to += blocks.width)
        for (size_t c = 0; c < width; ++c) to[c] = all.gate(gates[s])[(first + c) * all.row_stride() + unit];
  }
  return packed;
}

// Strided reads of a large matrix miss the caches: one copy pays where there are many steps.
LOOPCAST_INLINE bool worth_packing(const GateMatrix& all, size_t steps) {
  return all.rows * all.row_stride() > 8192 && steps > 3;
}

template <class Cell>
struct ForwardPlan {
  Blocks blocks;  // of all matrices
  Matrix input[Cell::kProducts], recurrent[Cell::kProducts];
  const float* bias;  // [slot][unit]
};

// The start of a slot's product: the bias of the input's product, of the recurrent one, or their sum.
template <class Cell>
LOOPCAST_INLINE float slot_bias(const Layer& layer, int slot, size_t unit) {
  const int in = Cell::input_gate[slot], rec = Cell::recurrent_gate[slot];
  float sum = in == kNoGate ? 0.0f : layer.bias[in * layer.units + unit];
  if (Cell::kBiasRows == 2 && rec != kNoGate) sum += layer.bias[(Cell::kGates + rec) * layer.units + unit];
  return sum;
}

template <class Cell>
void plan_forward(ForwardPlan<Cell>& plan, const Layer& layer, size_t steps, int interleaved, float*& to) {
  plan.blocks = product_blocks(layer.units, interleaved);
  const GateMatrix kernel = {layer.kernel, layer.inputs, Cell::kGates, layer.units};
  const GateMatrix recurrent = {layer.recurrent_kernel, layer.units, Cell::kGates, layer.units};
  const auto matrix = [&](const GateMatrix& all, int gate) -> Matrix {
    if (gate == kNoGate) return {nullptr, 0, 0, 0};
    return worth_packing(all, steps) ? pack(all, gate, plan.blocks, to) : view(all, gate, plan.blocks);
  };
  plan.bias = to;
  float* const sums = to;
  to += Cell::kProducts * layer.units;
  for (int s = 0; s < Cell::kProducts; ++s) {
    for (size_t unit = 0; unit < layer.units; ++unit) sums[s * layer.units + unit] = slot_bias<Cell>(layer, s, unit);
    plan.input[s] = matrix(kernel, Cell::input_gate[s]);
    plan.recurrent[s] = matrix(recurrent, Cell::recurrent_gate[s]);
  }
}

// The head's matrix; backward has it transposed.
struct HeadPlan {
  Blocks blocks;
  Matrix matrix;
};

inline HeadPlan plan_head_forward(const Stack& s, int interleaved, float*& to) {
  if (s.head == nullptr) return {};
  const GateMatrix kernel = {s.head->kernel, s.layers[s.depth - 1].units, 1, s.head->outputs};
  const Blocks blocks = product_blocks(s.head->outputs, interleaved);
  return {blocks, worth_packing(kernel, s.time * groups_of(s)) ? pack(kernel, 0, blocks, to) : view(kernel, 0, blocks)};
}

inline HeadPlan plan_head_backward(const Stack& s, int interleaved, float*& to) {
  if (s.head == nullptr) return {};
  const int only_gate[] = {0};
  const size_t units = s.layers[s.depth - 1].units;
  const Blocks blocks = product_blocks(units, interleaved);
  return {blocks, pack_transposed({s.head->kernel, units, 1, s.head->outputs}, only_gate, 1, blocks, to)};
}

template <class Cell>
struct BackwardPlan {
  Blocks input_blocks, recurrent_blocks;
  Matrix input, recurrent, reset;  // transposed, rows in the order of the slots; reset: of the products with r h
};

template <class Cell>
void plan_backward(BackwardPlan<Cell>& plan, const Layer& layer, int interleaved, float*& to) {
  plan.input_blocks = product_blocks(layer.inputs, interleaved);
  plan.recurrent_blocks = product_blocks(layer.units, interleaved);
  const GateMatrix kernel = {layer.kernel, layer.inputs, Cell::kGates, layer.units};
  const GateMatrix recurrent = {layer.recurrent_kernel, layer.units, Cell::kGates, layer.units};
  plan.input = pack_transposed(kernel, Cell::input_gate + Cell::kFirstInput, Cell::kGates, plan.input_blocks, to);
  plan.recurrent = pack_transposed(recurrent, Cell::recurrent_gate + Cell::kFirstRecurrent,
                                   Cell::kGates - Cell::kResetProducts, plan.recurrent_blocks, to);
  plan.reset = kNoMatrix;
  if (Cell::kResetProducts > 0)
    plan.reset = pack_transposed(recurrent, Cell::recurrent_gate, Cell::kResetProducts, plan.recurrent_blocks, to);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
