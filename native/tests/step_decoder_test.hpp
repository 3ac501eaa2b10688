// A decoder that steps share, of random sizes: its quantiles against its equations in double precision, and many rows
// in threads against each by itself, to the bit.
#pragma once

#include <cstdio>
#include <cstring>
#include <vector>

#include "decode_steps.hpp"
#include "guarded.hpp"

namespace loopcast {

inline size_t whole_lanes(size_t units) { return (units + plain::kLanes - 1) / plain::kLanes * plain::kLanes; }

// Random weights. Padded columns of the readout have numbers too: nobody may look at them.
struct StepWeights {
  explicit StepWeights(size_t state, size_t inputs, size_t candidates, size_t codes, size_t units)
      : shares(whole_lanes(1 + candidates)), columns(shares + whole_lanes(2 * kSide)),
        known(normal((state + inputs) * units, 0.2f)), step(normal((candidates + codes) * units, 0.2f)),
        bias(normal(units)), second(normal(units * units, 0.2f)), second_bias(normal(units)),
        readout(normal(units * columns, 0.2f)), readout_bias(normal(columns)),
        decoder{state, inputs, candidates, codes, units, known.floats, step.floats, bias.floats, second.floats,
                second_bias.floats, readout.floats, readout_bias.floats} {}
  size_t shares, columns;
  Guarded known, step, bias, second, second_bias, readout, readout_bias;
  StepDecoder decoder;
};

// start + x weights, one number.
inline double weighed(double start, const std::vector<double>& x, const float* weights, size_t columns, size_t column) {
  for (size_t k = 0; k < x.size(); ++k) start += x[k] * weights[k * columns + column];
  return start;
}

// The quantiles of one step, by the equations, and the size of all that is summed, in which they round; known: [state, inputs], ahead: [asinh(candidates), codes].
inline std::vector<double> quantiles_of(const StepWeights& w, const std::vector<double>& known,
                                        const std::vector<double>& ahead, const float* candidates) {
  const StepDecoder& d = w.decoder;
  std::vector<double> first(d.units), hidden(d.units), out(w.columns), quantiles(2 * kSide + 1);
  for (size_t j = 0; j < d.units; ++j)
    first[j] = std::tanh(weighed(weighed(d.bias[j], known, d.known, d.units, j), ahead, d.step, d.units, j));
  for (size_t j = 0; j < d.units; ++j)
    hidden[j] = first[j] + std::tanh(weighed(d.second_bias[j], first, d.second, d.units, j));
  for (size_t j = 0; j < w.columns; ++j) out[j] = weighed(d.readout_bias[j], hidden, d.readout, w.columns, j);
  quantiles[kSide] = 3 * out[0];
  double size = std::abs(quantiles[kSide]);
  for (size_t k = 0; k < d.candidates; ++k) {
    quantiles[kSide] += out[1 + k] * candidates[k];
    size += std::abs(out[1 + k] * candidates[k]);
  }
  const auto gap = [&](size_t i) { return std::log1p(std::exp(out[w.shares + i])); };
  for (size_t i = 0; i < kSide; ++i) {
    quantiles[kSide - 1 - i] = quantiles[kSide - i] - gap(i);
    quantiles[kSide + 1 + i] = quantiles[kSide + i] + gap(kSide + i);
    size += gap(i) + gap(kSide + i);
  }
  quantiles.push_back(size);
  return quantiles;
}

inline bool quantiles_are_right(const StepDecode& c, const StepWeights& w) {
  const StepDecoder& d = c.decoder;
  for (size_t at = 0; at < c.rows * c.steps; ++at) {
    const size_t row = at / c.steps;
    std::vector<double> known(c.state + row * d.state, c.state + (row + 1) * d.state), ahead;
    known.insert(known.end(), c.inputs + row * d.inputs, c.inputs + (row + 1) * d.inputs);
    const float* const candidates = c.candidates + at * d.candidates;
    for (size_t k = 0; k < d.candidates; ++k) ahead.push_back(std::asinh(candidates[k]));
    ahead.insert(ahead.end(), c.codes + at * d.codes, c.codes + (at + 1) * d.codes);
    const std::vector<double> expected = quantiles_of(w, known, ahead, candidates);
    const size_t count = expected.size() - 1;
    for (size_t i = 0; i < count; ++i)
      if (!(std::abs(c.quantiles[at * count + i] - expected[i]) <= 5e-6 * (1 + expected[count]))) return false;
  }
  return true;
}

// Whether a row alone has the bits that it has among others.
inline bool rows_stand_alone(const StepDecode& c) {
  const StepDecoder& d = c.decoder;
  const size_t numbers = c.steps * (2 * kSide + 1);
  for (size_t row = 0; row < c.rows; ++row) {
    const Guarded alone(numbers);
    StepDecode one = c;
    one.rows = 1;
    one.state += row * d.state;
    one.inputs += row * d.inputs;
    one.candidates += row * c.steps * d.candidates;
    one.codes += row * c.steps * d.codes;
    one.quantiles = alone.floats;
    if (decode_steps(one) != OriginStatus::ok) return false;
    if (numbers > 0 && std::memcmp(alone.floats, c.quantiles + row * numbers, numbers * sizeof(float)) != 0)
      return false;
  }
  return true;
}

inline bool step_decoder_is_right(int number) {
  const size_t rows = one_of({0, 1, 2, 40}), steps = one_of({0, 1, 5, 12, 24, 25, 60}), state = one_of({1, 20, 64}),
               inputs = one_of({1, 41}), candidates = one_of({1, 10, 17}), codes = one_of({1, 8});
  const StepWeights weights(state, inputs, candidates, codes, one_of({16, 32, 64}));
  const Guarded states = normal(rows * state), seen = normal(rows * inputs),
                each = normal(rows * steps * candidates, 3.0f), coded = normal(rows * steps * codes),
                quantiles(rows * steps * (2 * kSide + 1));
  const StepDecode call = {weights.decoder, rows, steps, 3, states.floats, seen.floats, each.floats, coded.floats,
                           quantiles.floats};
  if (check_decode(&call) == OriginStatus::ok && decode_steps(call) == OriginStatus::ok &&
      quantiles_are_right(call, weights) && rows_stand_alone(call))
    return true;
  std::printf("case %d: a shared decoder is wrong (rows %zu, steps %zu, state %zu, units %zu)\n", number, rows, steps,
              state, weights.decoder.units);
  return false;
}

}  // namespace loopcast
