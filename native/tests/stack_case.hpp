// A stack of layers of random sizes, its inputs and weights, and everything that the kernels compute from them.
#pragma once

#include <cmath>
#include <cstring>
#include <vector>

#include "guarded.hpp"
#include "loopcast/kernels.hpp"

namespace loopcast {

struct Case {
  CellKind cell;
  size_t batch, time, inputs;
  std::vector<size_t> units;
  bool masked, last_only, with_inputs, with_head;
  size_t outputs;  // of the head

  size_t width_below(size_t l) const { return l == 0 ? inputs : units[l - 1]; }
  size_t outputs_width() const { return with_head ? outputs : units.back(); }
  size_t steps_with_outputs() const { return last_only && time > 1 ? 1 : time; }
  size_t output_floats() const { return batch * steps_with_outputs() * outputs_width(); }
};

inline Case random_case(int number) {
  Case c = {static_cast<CellKind>(number % kCells), one_of({0, 1, 3, 5, 16, 17, 33}), one_of({0, 1, 3, 16, 17, 65}),
            one_of({0, 1, 3, 17}), {}, random_bits() % 2 == 0, random_bits() % 2 == 0, random_bits() % 2 == 0,
            random_bits() % 2 == 0, one_of({0, 1, 3, 10, 17, 40, 70})};
  for (size_t l = 0, depth = 1 + random_bits() % 3; l < depth; ++l)
    c.units.push_back(one_of({1, 3, 8, 17, 20, 41, 70}));
  return c;
}

// saturating: gates far from zero, whose gradients become denormal. moderate: weights that do not amplify errors, so
// that floats can be compared with doubles.
enum class WeightScale { saturating, moderate };

inline Guarded draw_weights(size_t rows, size_t columns, WeightScale scale) {
  const bool moderate = scale == WeightScale::moderate && rows > 0;
  return normal(rows * columns, moderate ? 0.8f / std::sqrt(static_cast<float>(rows)) : 0.5f);
}

struct LayerArrays {
  Guarded kernel, recurrent_kernel, bias;
  std::vector<Guarded> state, d_final_state;  // one for each array of the state; d_: gradient
};

// What a case's kernels read.
struct CaseArrays {
  explicit CaseArrays(const Case& c, WeightScale scale = WeightScale::saturating)
      : inputs(normal(c.batch * c.time * c.inputs)), d_outputs(normal(c.output_floats())),
        head_kernel(draw_weights(c.units.back(), c.outputs, scale)), head_bias(normal(c.outputs)) {
    for (size_t l = 0; l < c.units.size(); ++l) {
      const size_t units = c.units[l], columns = gates_of(c.cell) * units;
      layers.push_back({draw_weights(c.width_below(l), columns, scale), draw_weights(units, columns, scale),
                        normal(bias_rows_of(c.cell) * columns), {}, {}});
      for (size_t i = 0; i < states_of(c.cell); ++i) {
        layers[l].state.push_back(normal(c.batch * units));
        layers[l].d_final_state.push_back(normal(c.batch * units));
      }
    }
    for (size_t i = 0; i < c.batch * c.time; ++i) observed.push_back(!c.masked || random_bits() % 3 != 0);
    for (size_t i = 0; i < c.batch * c.time; ++i)  // the kernels must not use masked inputs
      for (size_t j = 0; j < c.inputs; ++j)
        if (observed[i] == 0) inputs.floats[i * c.inputs + j] = NAN;
  }

  Guarded inputs, d_outputs, head_kernel, head_bias;
  std::vector<LayerArrays> layers;
  std::vector<uint8_t> observed;
};

// What a case's kernels write, every float NaN at first.
struct CaseResults {
  explicit CaseResults(const Case& c)
      : outputs(c.output_floats()), training_outputs(c.output_floats()),
        d_inputs(c.with_inputs ? c.batch * c.time * c.inputs : 0),
        d_head_kernel(c.with_head ? c.units.back() * c.outputs : 0), d_head_bias(c.with_head ? c.outputs : 0) {
    for (size_t l = 0; l < c.units.size(); ++l) {
      const size_t units = c.units[l], columns = gates_of(c.cell) * units;
      layers.push_back({Guarded(c.width_below(l) * columns), Guarded(units * columns),
                        Guarded(bias_rows_of(c.cell) * columns), {}, {}});
      for (size_t i = 0; i < states_of(c.cell); ++i) {
        layers[l].final_state.emplace_back(c.batch * units);
        layers[l].d_state.emplace_back(c.batch * units);
      }
    }
  }

  struct Layer {
    Guarded d_kernel, d_recurrent_kernel, d_bias;
    std::vector<Guarded> final_state, d_state;
  };

  std::vector<const Guarded*> all() const {
    std::vector<const Guarded*> arrays = {&outputs, &training_outputs, &d_inputs, &d_head_kernel, &d_head_bias};
    for (const Layer& layer : layers) {
      for (const Guarded* array : {&layer.d_kernel, &layer.d_recurrent_kernel, &layer.d_bias}) arrays.push_back(array);
      for (size_t i = 0; i < layer.d_state.size(); ++i) {
        arrays.push_back(&layer.final_state[i]);
        arrays.push_back(&layer.d_state[i]);
      }
    }
    return arrays;
  }
  bool finite() const {
    for (const Guarded* array : all())
      for (size_t i = 0; i < array->size; ++i)
        if (!std::isfinite(array->floats[i])) return false;
    return true;
  }
  bool same_bits(const CaseResults& other) const {
    const auto arrays = all(), others = other.all();
    for (size_t a = 0; a < arrays.size(); ++a)
      if (arrays[a]->size > 0 && std::memcmp(arrays[a]->floats, others[a]->floats, 4 * arrays[a]->size) != 0)
        return false;
    return true;
  }

  Guarded outputs, training_outputs, d_inputs, d_head_kernel, d_head_bias;
  std::vector<Layer> layers;
};

// Runs forward without and with residuals, then backward.
inline CaseResults compute(const Case& c, const CaseArrays& in, Runner runner) {
  CaseResults out(c);
  std::vector<Layer> layers;
  std::vector<LayerGradient> gradients;
  const bool two = states_of(c.cell) == 2;
  for (size_t l = 0; l < c.units.size(); ++l) {
    const LayerArrays& from = in.layers[l];
    const CaseResults::Layer& to = out.layers[l];
    const auto floats = [two](const std::vector<Guarded>& arrays, size_t i) {
      return i == 0 || two ? arrays[i].floats : nullptr;
    };
    layers.push_back({c.width_below(l), c.units[l], from.kernel.floats, from.recurrent_kernel.floats, from.bias.floats,
                      {floats(from.state, 0), floats(from.state, 1)},
                      {floats(to.final_state, 0), floats(to.final_state, 1)}});
    gradients.push_back({{floats(from.d_final_state, 0), floats(from.d_final_state, 1)}, to.d_kernel.floats,
                         to.d_recurrent_kernel.floats, to.d_bias.floats,
                         {floats(to.d_state, 0), floats(to.d_state, 1)}});
  }
  const Head head = {c.outputs, in.head_kernel.floats, in.head_bias.floats};
  const Stack stack = {c.cell, c.batch, c.time, c.units.size(), layers.data(), c.with_head ? &head : nullptr, c.masked,
                       c.last_only};
  const Guarded scratch(forward_workspace(stack, false)), residuals(forward_workspace(stack, true)),
      workspace(backward_workspace(stack));
  const uint8_t* const observed = c.masked ? in.observed.data() : nullptr;
  kernels().forward({stack, in.inputs.floats, observed, out.outputs.floats, false, scratch.floats}, runner);
  kernels().forward({stack, in.inputs.floats, observed, out.training_outputs.floats, true, residuals.floats}, runner);
  HeadGradient d_head = {};
  if (c.with_head) d_head = {out.d_head_kernel.floats, out.d_head_bias.floats};
  float* const d_inputs = c.with_inputs ? out.d_inputs.floats : nullptr;
  kernels().backward({stack, gradients.data(), d_head, in.d_outputs.floats, d_inputs, residuals.floats,
                      workspace.floats},
                     runner);
  return out;
}

}  // namespace loopcast
