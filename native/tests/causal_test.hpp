// The causal encoder: series of random sizes, encoded all at once in threads, against the same taken in row by row,
// with a copy of the record that goes on where the first one stops. Every bit has to agree. Numbers are held against
// the NumPy specification by tests/features/test_native_encode.py.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

#include "encode.hpp"
#include "guarded.hpp"

namespace loopcast::causal {

// One call with all of its arrays. Floats lie between guard pages.
struct EncodeCase {
  EncodeCase()
      : series(one_of({1, 3, 20})), time(one_of({1, 2, 13, 60, 150})), origins(one_of({1, 3})),
        steps(one_of({1, 2, 25})), season(one_of({1, 2, 3, 7, 12, 40})),
        second(pick({size_t{0}, season + 1, 3 * season})), values(series * time), lengths(series),
        begin(series + 1), at(series * origins), ahead(series * origins * steps),
        inputs(series * time * kInputs), candidates(ahead.size() * kCandidates), codes(ahead.size() * kCodes),
        base(ahead.size()), scale(at.size()), unit(at.size()), first(at.size()), usual(at.size()), curved(at.size()) {
    for (size_t i = 0; i < series; ++i) draw(i);
    for (int64_t& step : ahead) step = 1 + static_cast<int64_t>(random_bits() % 400);
  }

  // A series of some kind: growing, high, tiny, of zeros, negative from somewhere on; with holes.
  void draw(size_t i) {
    const double level = pick({50.0, 1e9, 1e-9, 0.0}), holes = pick({0.0, 0.3, 0.95}), low = pick({0.5, 0.5, -3.0});
    std::uniform_real_distribution<double> draw_share(0, 1);
    for (size_t t = 0; t < time; ++t) {
      const double share = draw_share(random_bits), sign = share < 0.1 && t > time / 2 ? low : 1.0;
      values[i * time + t] = t > 0 && draw_share(random_bits) < holes ? NAN : level * (1 + share) * sign;
    }
    lengths[i] = 1 + static_cast<int64_t>(random_bits() % time);
    for (size_t o = 0; o < origins; ++o)
      at[i * origins + o] = static_cast<int64_t>(random_bits() % static_cast<size_t>(lengths[i]));
    std::sort(at.begin() + i * origins, at.begin() + (i + 1) * origins);
    begin[i + 1] = static_cast<int64_t>((i + 1) * origins);
  }

  EncodeCall call() {
    return {series, time, at.size(), steps, season, second, 3, values.data(), lengths.data(), begin.data(), at.data(),
            ahead.data(), inputs.floats, base.data(), scale.data(), candidates.floats, codes.floats, curved.data(), unit.data(),
            first.data(), usual.data()};
  }

  size_t series, time, origins, steps, season, second;
  std::vector<double> values;
  std::vector<int64_t> lengths, begin, at, ahead;
  Guarded inputs, candidates, codes;
  std::vector<double> base, scale, unit, first, usual;
  std::vector<uint8_t> curved;
};

template <class T>
bool same_bits(const T* a, const T* b, size_t count) {
  return count == 0 || std::memcmp(a, b, count * sizeof(T)) == 0;
}

// What a record says of the steps of one origin, against what the call says of it.
inline bool ahead_agrees(const EncodeCase& c, const Shape& shape, const void* record, size_t place) {
  const size_t first = place * c.steps;
  std::vector<double> base(c.steps);
  const Guarded candidates(c.steps * kCandidates), codes(c.steps * kCodes);
  const double scale =
      look_ahead(shape, record, {c.steps, c.ahead.data() + first, base.data(), candidates.floats, codes.floats});
  const Written way = written(record);
  return scale == c.scale[place] && way.curved == (c.curved[place] != 0) && way.unit == c.unit[place] &&
         way.first == c.first[place] && same_bits(base.data(), c.base.data() + first, c.steps) &&
         same_bits(candidates.floats, c.candidates.floats + first * kCandidates, candidates.size) &&
         same_bits(codes.floats, c.codes.floats + first * kCodes, codes.size);
}

// One series row by row; half way it goes on in a copy of its record, and the first record is spoilt.
inline bool stream_agrees(const EncodeCase& c, const Shape& shape, size_t i) {
  auto record = new_record(shape), copy = new_record(shape);
  const Guarded seen(kInputs);
  for (size_t t = 0; t < static_cast<size_t>(c.lengths[i]); ++t) {
    if (t == static_cast<size_t>(c.lengths[i]) / 2) {
      std::memcpy(copy.get(), record.get(), shape.bytes);
      update(shape, record.get(), 1e6, true);
      std::swap(record, copy);
    }
    update(shape, record.get(), c.values[i * c.time + t], true);
    inputs(shape, record.get(), seen.floats);
    if (!same_bits(seen.floats, c.inputs.floats + (i * c.time + t) * kInputs, kInputs)) return false;
    for (size_t place = i * c.origins; place < (i + 1) * c.origins; ++place)
      if (c.at[place] == static_cast<int64_t>(t) && !ahead_agrees(c, shape, record.get(), place)) return false;
  }
  return true;
}

inline bool all_finite(const Guarded& numbers) {
  for (size_t i = 0; i < numbers.size; ++i)
    if (!std::isfinite(numbers.floats[i])) return false;
  return true;
}

inline bool encoder_is_right(int number) {
  EncodeCase c;
  const EncodeCall call = c.call();
  const FlushDenormals flush;  // as the threads of a call do
  const Shape shape = shape_of(c.season, c.second);
  bool right = check_encode(&call) == OriginStatus::ok && encode(call) == OriginStatus::ok && all_finite(c.inputs) &&
               all_finite(c.candidates) && all_finite(c.codes);
  for (size_t i = 0; right && i < c.series; ++i) right = stream_agrees(c, shape, i);
  if (!right)
    std::printf("case %d: the encoder is wrong (%zu series of %zu rows, seasons %zu and %zu)\n", number, c.series,
                c.time, c.season, c.second);
  return right;
}

}  // namespace loopcast::causal
