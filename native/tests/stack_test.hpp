// The recurrent kernels against reference.hpp: outputs and final states against its values, gradients against central
// finite differences of it.
#pragma once

#include <algorithm>
#include <cstdio>

#include "reference.hpp"

namespace loopcast {

// A few sizes on each side of what the kernels treat differently: 4 series, 16 lanes, 16 steps, 40 columns.
inline Case small_case(int number) {
  Case c = {static_cast<CellKind>(number % kCells), one_of({0, 1, 3, 5, 17, 33}), one_of({0, 1, 2, 3, 7, 18}),
            one_of({0, 1, 3}), {}, random_bits() % 2 == 0, random_bits() % 2 == 0, random_bits() % 2 == 0,
            random_bits() % 2 == 0, one_of({1, 3, 17})};
  for (size_t l = 0, depth = 1 + random_bits() % 2; l < depth; ++l) c.units.push_back(one_of({1, 3, 8, 17}));
  return c;
}

// Sizes at which the kernels pack weights, sum gradients block by block or in pieces of time (many series), or stream
// weights (few series).
inline std::vector<Case> large_cases() {
  std::vector<Case> cases;
  for (int cell = 0; cell < kCells; ++cell) {
    cases.push_back({static_cast<CellKind>(cell), 5, 2, 3, {100, 90}, true, false, true, true, 45});
    cases.push_back({static_cast<CellKind>(cell), 18, 5, 2, {47}, false, true, true, true, 70});
    cases.push_back({static_cast<CellKind>(cell), 17, 70, 2, {6}, true, false, true, true, 3});
    cases.push_back({static_cast<CellKind>(cell), 1, 2, 3, {530}, false, false, true, false, 1});
  }
  return cases;
}

inline bool report(const Case& c, const char* what, double actual, double expected) {
  std::printf("%s: got %.9g, expected %.9g (cell %d, batch %zu, time %zu, inputs %zu, %zu layers, the first of %zu)\n",
              what, actual, expected, static_cast<int>(c.cell), c.batch, c.time, c.inputs, c.units.size(), c.units[0]);
  return false;
}

inline bool values_match(const Case& c, const char* what, const Guarded& actual, const Doubles& expected) {
  for (size_t i = 0; i < actual.size; ++i)
    if (!(std::abs(actual.floats[i] - expected[i]) <= 1e-5 * (1 + std::abs(expected[i]))))
      return report(c, what, actual.floats[i], expected[i]);
  return true;
}

inline bool values_are_right(const Case& c, const CaseResults& actual, const ReferenceResults& expected) {
  if (!values_match(c, "outputs", actual.outputs, expected.outputs)) return false;
  if (!values_match(c, "outputs of training", actual.training_outputs, expected.outputs)) return false;
  for (size_t l = 0; l < c.units.size(); ++l) {
    const std::vector<Guarded>& final_state = actual.layers[l].final_state;
    if (!values_match(c, "final state h", final_state[0], expected.final_state.h[l])) return false;
    if (final_state.size() == 2 && !values_match(c, "final state c", final_state[1], expected.final_state.c[l]))
      return false;
  }
  return true;
}

// The loss whose gradients by outputs and final states backward is given.
inline double loss(const Reference& reference, const CaseArrays& arrays) {
  const ReferenceResults results = run_reference(reference);
  double sum = 0;
  const auto add = [&sum](const Doubles& values, const Guarded& gradient) {
    for (size_t i = 0; i < values.size(); ++i) sum += values[i] * gradient.floats[i];
  };
  add(results.outputs, arrays.d_outputs);
  for (size_t l = 0; l < arrays.layers.size(); ++l) {
    const std::vector<Guarded>& gradients = arrays.layers[l].d_final_state;
    add(results.final_state.h[l], gradients[0]);
    if (gradients.size() == 2) add(results.final_state.c[l], gradients[1]);
  }
  return sum;
}

// An array that the loss depends on, and what the kernels say is the gradient by it.
struct Derived {
  const char* name;
  Doubles* values;
  const Guarded* gradient;
};

inline std::vector<Derived> derived_arrays(const Case& c, Reference& reference, const CaseResults& results) {
  std::vector<Derived> arrays;
  if (c.with_inputs) arrays.push_back({"gradient by inputs", &reference.inputs, &results.d_inputs});
  if (c.with_head) {
    arrays.push_back({"gradient by the head's kernel", &reference.head_kernel, &results.d_head_kernel});
    arrays.push_back({"gradient by the head's bias", &reference.head_bias, &results.d_head_bias});
  }
  for (size_t l = 0; l < c.units.size(); ++l) {
    ReferenceLayer& layer = reference.layers[l];
    const CaseResults::Layer& d = results.layers[l];
    arrays.push_back({"gradient by a kernel", &layer.kernel, &d.d_kernel});
    arrays.push_back({"gradient by a recurrent kernel", &layer.recurrent_kernel, &d.d_recurrent_kernel});
    arrays.push_back({"gradient by a bias", &layer.bias, &d.d_bias});
    arrays.push_back({"gradient by a state h", &layer.h, &d.d_state[0]});
    if (states_of(c.cell) == 2) arrays.push_back({"gradient by a state c", &layer.c, &d.d_state[1]});
  }
  return arrays;
}

// How fast the loss grows as `values` move along `direction`.
inline double finite_difference(const Reference& reference, const CaseArrays& arrays, Doubles& values,
                                const Doubles& direction) {
  const double step = 1e-5;
  const Doubles before = values;
  const auto at = [&](double distance) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = before[i] + distance * direction[i];
    return loss(reference, arrays);
  };
  const double slope = (at(step) - at(-step)) / (2 * step);
  values = before;
  return slope;
}

inline bool slope_matches(const Case& c, const Reference& reference, const CaseArrays& arrays, const Derived& derived,
                          const Doubles& direction) {
  double slope = 0, size = 0;
  for (size_t i = 0; i < direction.size(); ++i) {
    slope += direction[i] * derived.gradient->floats[i];
    size += std::abs(direction[i] * derived.gradient->floats[i]);
  }
  const double expected = finite_difference(reference, arrays, *derived.values, direction);
  return std::abs(slope - expected) <= 2e-5 * (1 + size) || report(c, derived.name, slope, expected);
}

// Each array's gradient along a random direction, which no wrong entry passes unseen, and at `entries` single entries,
// which say more where sums are large.
inline bool gradients_are_right(const Case& c, const CaseArrays& arrays, const CaseResults& results, int entries) {
  Reference reference(c, arrays);
  for (const Derived& derived : derived_arrays(c, reference, results)) {
    const size_t size = derived.values->size();
    if (size == 0) continue;
    if (!slope_matches(c, reference, arrays, derived, to_doubles(normal(size, 1.0f)))) return false;
    for (int i = 0; i < entries; ++i) {
      Doubles direction(size);
      direction[random_bits() % size] = 1;
      if (!slope_matches(c, reference, arrays, derived, direction)) return false;
    }
  }
  return true;
}

// Whether one case's values and gradients are right; says what is wrong.
inline bool stack_is_right(const Case& c, int entries, Runner runner) {
  const CaseArrays arrays(c, WeightScale::moderate);
  const CaseResults results = compute(c, arrays, runner);
  const Reference reference(c, arrays);
  return values_are_right(c, results, run_reference(reference)) && gradients_are_right(c, arrays, results, entries);
}

}  // namespace loopcast
