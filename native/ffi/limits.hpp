// Sizes that are refused because a workspace for them cannot be counted in 64 bits.
#pragma once

#include <limits>

#include "loopcast/kernels.hpp"

namespace loopcast {

constexpr double kMaxFloats = static_cast<double>(std::numeric_limits<int64_t>::max() / 64);

// Whether a stack's workspaces might have too many floats. The count is an upper bound and a double, which grows where
// an integer would overflow.
inline bool too_large(const Stack& s) {
  const auto size = [](size_t n) { return static_cast<double>(n); };
  const auto matrix = [](double rows, double columns) { return 8 * (rows + 64) * (columns + 64); };
  double widths = size(s.layers[0].inputs), weights = 0;
  for (size_t l = 0; l < s.depth; ++l) {
    const double inputs = size(s.layers[l].inputs), units = size(s.layers[l].units);
    widths += 8 * units;
    weights += matrix(inputs + units, units);
  }
  if (s.head != nullptr) {
    widths += size(s.head->outputs);
    weights += matrix(size(s.layers[s.depth - 1].units), size(s.head->outputs));
  }
  const double steps = (size(s.time) + 2) * (size(s.batch) + 16) * 4 * (widths + 1);
  return steps >= kMaxFloats || weights >= kMaxFloats;
}

}  // namespace loopcast
