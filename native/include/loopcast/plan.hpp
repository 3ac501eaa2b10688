// What all groups share in a call: where each product finds its weights.
#pragma once

#include "loopcast/cells.hpp"
#include "loopcast/product.hpp"
#include "loopcast/workspace.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

// A row-major matrix seen as gates side by side, `units` columns each.
struct Gates {
  const float* at;
  size_t rows, gates, units;

  size_t row() const { return gates * units; }
  const float* gate(int g) const { return at + g * units; }
};

LOOPCAST_INLINE Matrix view(const Gates& all, int gate, Blocks blocks) {
  return {all.gate(gate), all.rows, all.row(), blocks.width};
}

// Copies one gate into column blocks that lie in a row each, in the order they are read. `to` moves past them.
inline Matrix pack(const Gates& all, int gate, Blocks blocks, float*& to) {
  const Matrix packed = {to, all.rows, blocks.width, all.rows * blocks.width};
  for (size_t first = 0; first < all.units; first += blocks.width) {
    const size_t width = smaller(blocks.width, all.units - first);
    for (size_t k = 0; k < all.rows; ++k, to += blocks.width)
      for (size_t c = 0; c < width; ++c) to[c] = all.gate(gate)[k * all.row() + first + c];
  }
  return packed;
}

// Packs the transpose of `count` gates: row (s, unit) of the result is gate `gates[s]`'s column `unit`, its columns are
// `all`'s rows.
inline Matrix pack_transposed(const Gates& all, const int* gates, size_t count, Blocks blocks, float*& to) {
  const size_t rows = count * all.units;
  const Matrix packed = {to, rows, blocks.width, rows * blocks.width};
  for (size_t first = 0; first < all.rows; first += blocks.width) {
    const size_t width = smaller(blocks.width, all.rows - first);
    for (size_t s = 0; s < count; ++s)
      for (size_t unit = 0; unit < all.units; ++unit, to += blocks.width)
        for (size_t c = 0; c < width; ++c) to[c] = all.gate(gates[s])[(first + c) * all.row() + unit];
  }
  return packed;
}

// Strided reads of a large matrix miss the caches; copying it once pays when the steps are many.
LOOPCAST_INLINE bool worth_packing(const Gates& all, size_t steps) { return all.rows * all.row() > 8192 && steps > 3; }

template <class Cell>
struct ForwardPlan {
  Blocks blocks;  // how all matrices are cut
  Matrix input[Cell::kProducts], recurrent[Cell::kProducts];
  const float* bias;  // [slot][unit]
};

// What a slot's product starts from: the input's bias, the recurrent product's, or both.
template <class Cell>
LOOPCAST_INLINE float slot_bias(const Layer& layer, int slot, size_t unit) {
  const int in = Cell::input_gate[slot], rec = Cell::recurrent_gate[slot];
  float sum = in == kNone ? 0.0f : layer.bias[in * layer.units + unit];
  if (Cell::kBiasRows == 2 && rec != kNone) sum += layer.bias[(Cell::kGates + rec) * layer.units + unit];
  return sum;
}

template <class Cell>
void plan_forward(ForwardPlan<Cell>& plan, const Layer& layer, size_t steps, int together, float*& to) {
  plan.blocks = product_blocks(layer.units, together);
  const Gates kernel = {layer.kernel, layer.inputs, Cell::kGates, layer.units};
  const Gates recurrent = {layer.recurrent_kernel, layer.units, Cell::kGates, layer.units};
  const auto matrix = [&](const Gates& all, int gate) -> Matrix {
    if (gate == kNone) return {nullptr, 0, 0, 0};
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

// The head's matrix, forward as it is, back transposed.
struct HeadPlan {
  Blocks blocks;
  Matrix matrix;
};

inline HeadPlan plan_head_forward(const Stack& s, int together, float*& to) {
  if (s.head == nullptr) return {};
  const Gates kernel = {s.head->kernel, s.layers[s.depth - 1].units, 1, s.head->outputs};
  const Blocks blocks = product_blocks(s.head->outputs, together);
  return {blocks, worth_packing(kernel, s.time * groups_of(s)) ? pack(kernel, 0, blocks, to) : view(kernel, 0, blocks)};
}

inline HeadPlan plan_head_backward(const Stack& s, int together, float*& to) {
  if (s.head == nullptr) return {};
  const int only[] = {0};
  const size_t units = s.layers[s.depth - 1].units;
  const Blocks blocks = product_blocks(units, together);
  return {blocks, pack_transposed({s.head->kernel, units, 1, s.head->outputs}, only, 1, blocks, to)};
}

template <class Cell>
struct BackwardPlan {
  Blocks input_blocks, recurrent_blocks;
  Matrix input, recurrent, late;  // transposed: rows in the order of the slots; late: recurrent of the late ones
};

template <class Cell>
void plan_backward(BackwardPlan<Cell>& plan, const Layer& layer, int together, float*& to) {
  plan.input_blocks = product_blocks(layer.inputs, together);
  plan.recurrent_blocks = product_blocks(layer.units, together);
  const Gates kernel = {layer.kernel, layer.inputs, Cell::kGates, layer.units};
  const Gates recurrent = {layer.recurrent_kernel, layer.units, Cell::kGates, layer.units};
  plan.input = pack_transposed(kernel, Cell::input_gate + Cell::kFirstInput, Cell::kGates, plan.input_blocks, to);
  plan.recurrent = pack_transposed(recurrent, Cell::recurrent_gate + Cell::kFirstRecurrent, Cell::kGates - Cell::kLate,
                                   plan.recurrent_blocks, to);
  plan.late = kNothing;
  if (Cell::kLate > 0)
    plan.late = pack_transposed(recurrent, Cell::recurrent_gate, Cell::kLate, plan.recurrent_blocks, to);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
