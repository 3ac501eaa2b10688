// Recurrent layers by their definition: plain loops in double precision, one series, one step, one unit at a time.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "stack_case.hpp"

namespace loopcast {

using Doubles = std::vector<double>;

inline Doubles to_doubles(const Guarded& array) { return Doubles(array.floats, array.floats + array.size); }

struct ReferenceLayer {
  size_t inputs, units;
  Doubles kernel, recurrent_kernel, bias, h, c;  // h and c: [series][unit], before the first step
};

// A case in doubles.
struct Reference {
  Reference(const Case& shape, const CaseArrays& from)
      : shape(shape), observed(from.observed), inputs(to_doubles(from.inputs)),
        head_kernel(to_doubles(from.head_kernel)), head_bias(to_doubles(from.head_bias)) {
    for (size_t l = 0; l < shape.units.size(); ++l) {
      const LayerArrays& layer = from.layers[l];
      layers.push_back({shape.width_below(l), shape.units[l], to_doubles(layer.kernel),
                        to_doubles(layer.recurrent_kernel), to_doubles(layer.bias), to_doubles(layer.state[0]),
                        layer.state.size() == 2 ? to_doubles(layer.state[1]) : Doubles()});
    }
  }

  Case shape;
  std::vector<uint8_t> observed;
  Doubles inputs, head_kernel, head_bias;
  std::vector<ReferenceLayer> layers;
};

inline double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

// Entry `column` of x times a matrix of so many columns.
inline double times(const Doubles& x, const Doubles& matrix, size_t columns, size_t column) {
  double sum = 0;
  for (size_t k = 0; k < x.size(); ++k) sum += x[k] * matrix[k * columns + column];
  return sum;
}

// x kernel + h recurrent kernel + bias, one entry of it; the bias has one row.
inline double sum_at(const ReferenceLayer& layer, const Doubles& x, const Doubles& h, size_t columns, size_t column) {
  return times(x, layer.kernel, columns, column) + times(h, layer.recurrent_kernel, columns, column) +
         layer.bias[column];
}

inline Doubles simple_step(const ReferenceLayer& layer, const Doubles& x, const Doubles& h) {
  Doubles next(layer.units);
  for (size_t u = 0; u < layer.units; ++u) next[u] = std::tanh(sum_at(layer, x, h, layer.units, u));
  return next;
}

// Gates: input, forget, candidate, output. Changes c.
inline Doubles lstm_step(const ReferenceLayer& layer, const Doubles& x, const Doubles& h, Doubles& c) {
  const size_t units = layer.units, columns = 4 * units;
  Doubles next(units);
  for (size_t u = 0; u < units; ++u) {
    double gates[4];
    for (size_t g = 0; g < 4; ++g) gates[g] = sum_at(layer, x, h, columns, g * units + u);
    c[u] = sigmoid(gates[1]) * c[u] + sigmoid(gates[0]) * std::tanh(gates[2]);
    next[u] = sigmoid(gates[3]) * std::tanh(c[u]);
  }
  return next;
}

// Gates: update, reset, candidate. Two rows of biases: the input's and the recurrent product's, which is reset.
inline Doubles gru_step(const ReferenceLayer& layer, const Doubles& x, const Doubles& h) {
  const size_t units = layer.units, columns = 3 * units;
  Doubles next(units);
  for (size_t u = 0; u < units; ++u) {
    double from_input[3], from_state[3];
    for (size_t g = 0; g < 3; ++g) {
      from_input[g] = times(x, layer.kernel, columns, g * units + u) + layer.bias[g * units + u];
      from_state[g] = times(h, layer.recurrent_kernel, columns, g * units + u) + layer.bias[columns + g * units + u];
    }
    const double z = sigmoid(from_input[0] + from_state[0]), r = sigmoid(from_input[1] + from_state[1]);
    next[u] = z * h[u] + (1 - z) * std::tanh(from_input[2] + r * from_state[2]);
  }
  return next;
}

// Gates: update, reset, candidate. The state is reset before the candidate's product.
inline Doubles gru_reset_before_step(const ReferenceLayer& layer, const Doubles& x, const Doubles& h) {
  const size_t units = layer.units;
  const auto gate = [&](size_t g, size_t u, const Doubles& state) {
    return sum_at(layer, x, state, 3 * units, g * units + u);
  };
  Doubles reset(units), next(units);
  for (size_t u = 0; u < units; ++u) reset[u] = sigmoid(gate(1, u, h)) * h[u];
  for (size_t u = 0; u < units; ++u) {
    const double z = sigmoid(gate(0, u, h));
    next[u] = z * h[u] + (1 - z) * std::tanh(gate(2, u, reset));
  }
  return next;
}

inline Doubles cell_step(CellKind cell, const ReferenceLayer& layer, const Doubles& x, const Doubles& h, Doubles& c) {
  switch (cell) {
    case CellKind::simple: return simple_step(layer, x, h);
    case CellKind::gru: return gru_step(layer, x, h);
    case CellKind::lstm: return lstm_step(layer, x, h, c);
    case CellKind::gru_reset_before: return gru_reset_before_step(layer, x, h);
  }
  return {};
}

struct ReferenceState {
  std::vector<Doubles> h, c;  // each layer's, [series][unit]; c of no size where the cell has none
};

struct ReferenceResults {
  Doubles outputs;  // [series][step][number]
  ReferenceState final_state;
};

inline Doubles slice(const Doubles& all, size_t number, size_t count) {
  if (all.empty()) return {};
  return Doubles(all.begin() + number * count, all.begin() + (number + 1) * count);
}

inline void set_slice(Doubles& all, size_t number, const Doubles& part) {
  std::copy(part.begin(), part.end(), all.begin() + (part.empty() ? 0 : number * part.size()));
}

// One step of one series through all layers, from and to `state`. Returns the last layer's outputs.
inline Doubles stack_step(const Reference& r, ReferenceState& state, size_t series, size_t t) {
  const size_t row = series * r.shape.time + t;
  Doubles x = slice(r.inputs, row, r.shape.inputs);
  for (size_t l = 0; l < r.layers.size(); ++l) {
    const size_t units = r.layers[l].units;
    Doubles h = slice(state.h[l], series, units), c = slice(state.c[l], series, units);
    if (r.observed[row] != 0) h = cell_step(r.shape.cell, r.layers[l], x, h, c);
    set_slice(state.h[l], series, h);
    set_slice(state.c[l], series, c);
    x = h;
  }
  return x;
}

inline ReferenceResults run_reference(const Reference& r) {
  const Case& shape = r.shape;
  ReferenceResults results;
  for (const ReferenceLayer& layer : r.layers) {
    results.final_state.h.push_back(layer.h);
    results.final_state.c.push_back(layer.c);
  }
  for (size_t b = 0; b < shape.batch; ++b)
    for (size_t t = 0; t < shape.time; ++t) {
      const Doubles h = stack_step(r, results.final_state, b, t);
      if (shape.last_only && t + 1 < shape.time) continue;
      for (size_t k = 0; k < shape.outputs_width(); ++k)
        results.outputs.push_back(shape.with_head ? times(h, r.head_kernel, shape.outputs, k) + r.head_bias[k] : h[k]);
    }
  return results;
}

}  // namespace loopcast
