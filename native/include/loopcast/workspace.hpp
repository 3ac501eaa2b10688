// The layout of workspaces. All sizes are in floats; kLanes series make a group.
#pragma once

#include "loopcast/kernels.hpp"
#include "loopcast/vector.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

constexpr size_t kChunk = 16;       // inference computes so many steps in all layers before the next ones
constexpr size_t kPanelSlack = 24;  // a packed matrix may end in a block that is not full
constexpr size_t kStepChunk = 24;   // steps ahead that go through a whole decoder before the next ones
constexpr size_t kRowChunk = 8;     // steps of a series whose products with the inputs are computed at once
constexpr size_t kFewSeries = 4;    // up to so many, the units are the lanes (rows.hpp), else the series (groups.hpp)

inline bool few_series(const Stack& s) { return s.batch <= kFewSeries; }
inline size_t padded(size_t units) { return divide_up(units, kLanes) * kLanes; }
inline size_t groups_of(const Stack& s) { return (s.batch + kLanes - 1) / kLanes; }
inline size_t slots_of(CellKind cell) { return cell == CellKind::simple ? 1 : cell == CellKind::lstm ? 5 : 4; }
// Slots that are products: all but the last of the cells that have one more slot.
inline size_t products_of(CellKind cell) {
  return slots_of(cell) - (cell == CellKind::lstm || cell == CellKind::gru_reset_before ? 1 : 0);
}
inline size_t chunk_of(const Stack& s, bool training) { return training || s.time < kChunk ? s.time : kChunk; }

// The head's outputs in a chunk of so many steps; without a head, the last layer's h are the outputs.
inline size_t head_floats(const Stack& s, size_t steps) {
  return s.head ? (s.last_only ? smaller(steps, 1) : steps) * s.head->outputs : 0;
}

// One group's part: inputs, mask, then for each layer h, c and slots, then the head's outputs.
inline size_t forward_layer_floats(const Stack& s, const Layer& layer, size_t steps, bool training) {
  const size_t rows = (steps + 1) + (states_of(s.cell) == 2 ? (training ? steps + 1 : 1) : 0) +
                      slots_of(s.cell) * (training ? steps : 1);
  return rows * layer.units * kLanes;
}

inline size_t forward_group_floats(const Stack& s, bool training) {
  const size_t steps = chunk_of(s, training);
  size_t floats = steps * (s.layers[0].inputs + (s.masked ? 1 : 0)) * kLanes;
  for (size_t l = 0; l < s.depth; ++l) floats += forward_layer_floats(s, s.layers[l], steps, training);
  return floats + head_floats(s, steps) * kLanes;
}

// The head's matrix [rows][columns], packed.
inline size_t head_plan_floats(size_t rows, size_t columns) { return rows * (columns + kPanelSlack); }

// Shared by all groups: each slot's bias, and the weights packed into column blocks.
inline size_t forward_plan_floats(const Stack& s) {
  size_t floats = s.head ? head_plan_floats(s.layers[s.depth - 1].units, s.head->outputs) : 0;
  for (size_t l = 0; l < s.depth; ++l) {
    const Layer& layer = s.layers[l];
    floats += products_of(s.cell) * (layer.units + (layer.inputs + layer.units) * (layer.units + kPanelSlack));
  }
  return floats;
}

// Shared by all groups: the weights transposed.
inline size_t backward_plan_floats(const Stack& s) {
  size_t floats = s.head ? head_plan_floats(s.head->outputs, s.layers[s.depth - 1].units) : 0;
  for (size_t l = 0; l < s.depth; ++l) {
    const Layer& layer = s.layers[l];
    floats += gates_of(s.cell) * layer.units * (layer.inputs + layer.units + 2 * kPanelSlack);
  }
  return floats;
}

inline size_t widest(const Stack& s) {
  size_t width = s.layers[0].inputs;
  for (size_t l = 0; l < s.depth; ++l) width = s.layers[l].units > width ? s.layers[l].units : width;
  return width;
}

// One group's part: gradients by a layer's outputs and inputs, by its state, and by the head's outputs.
inline size_t backward_group_floats(const Stack& s) {
  return ((2 * s.time + 2) * widest(s) + head_floats(s, s.time)) * kLanes;
}

// Every weight of the stack.
inline size_t weights_of(const Stack& s) {
  size_t floats = s.head ? (s.layers[s.depth - 1].units + 1) * s.head->outputs : 0;
  for (size_t l = 0; l < s.depth; ++l) {
    const Layer& layer = s.layers[l];
    floats += gates_of(s.cell) * layer.units * (layer.inputs + layer.units + bias_rows_of(s.cell));
  }
  return floats;
}

// Whether each group sums its own gradients by the weights: they must fit its core's cache beside the rest.
inline bool sums_per_group(const Stack& s) { return weights_of(s) <= 32768; }

inline size_t group_gradient_floats(const Stack& s) { return sums_per_group(s) ? groups_of(s) * weights_of(s) : 0; }

// Where the units are the lanes (rows.hpp): of how many steps there are slots, and one series' part.
inline size_t row_slot_steps(const Stack& s, bool training) { return training ? s.time : smaller(s.time, kRowChunk); }

inline size_t row_series_floats(const Stack& s, bool training) {
  size_t floats = s.time * (s.layers[0].inputs + (s.masked ? 1 : 0)) + (s.head ? padded(s.head->outputs) : 0);
  for (size_t l = 0; l < s.depth; ++l) {
    const size_t rows = (s.time + 1) + (states_of(s.cell) == 2 ? (training ? s.time + 1 : 1) : 0) +
                        slots_of(s.cell) * row_slot_steps(s, training);
    floats += rows * padded(s.layers[l].units);
  }
  return floats;
}

inline size_t backward_row_floats(const Stack& s) {
  return (2 * s.time + 2) * padded(widest(s)) + (s.head ? steps_out(s) * padded(s.head->outputs) : 0);
}

// Shared by all series: the weights, padded unless they are whole vectors, and each slot's bias.
inline size_t row_plan_floats(const Stack& s) {
  size_t floats = s.head ? (s.layers[s.depth - 1].units + 1) * padded(s.head->outputs) : 0;
  for (size_t l = 0; l < s.depth; ++l) {
    const Layer& layer = s.layers[l];
    const size_t columns = padded(layer.units), rows = columns == layer.units ? 0 : layer.inputs + layer.units;
    floats += (gates_of(s.cell) * rows + products_of(s.cell)) * columns;
  }
  return floats;
}

// A decoder that steps share: its readout's columns before the gaps, and those of the gaps; then one task's part.
inline size_t shares_of(const StepDecoder& d) { return padded(1 + d.candidates); }
inline size_t gaps_of() { return padded(2 * kSide); }

inline size_t step_decoder_floats(const StepDecoder& d) {
  return d.units + padded(kStepChunk * d.candidates) + kStepChunk * (2 * d.units + shares_of(d) + gaps_of());
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
