// Converts between JAX's layout, one row per series, and the kernels' layout, one vector of lanes per number.
#pragma once

#include "loopcast/vector.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

typedef float Quad __attribute__((vector_size(16)));
typedef float UnalignedQuad __attribute__((vector_size(16), aligned(4), may_alias));

struct Tile {
  Quad row[4];
};

LOOPCAST_INLINE Tile transposed(const Tile& t) {
  const Quad a = __builtin_shufflevector(t.row[0], t.row[1], 0, 4, 1, 5);
  const Quad b = __builtin_shufflevector(t.row[2], t.row[3], 0, 4, 1, 5);
  const Quad c = __builtin_shufflevector(t.row[0], t.row[1], 2, 6, 3, 7);
  const Quad d = __builtin_shufflevector(t.row[2], t.row[3], 2, 6, 3, 7);
  return {{__builtin_shufflevector(a, b, 0, 1, 4, 5), __builtin_shufflevector(a, b, 2, 3, 6, 7),
           __builtin_shufflevector(c, d, 0, 1, 4, 5), __builtin_shufflevector(c, d, 2, 3, 6, 7)}};
}

LOOPCAST_INLINE Tile load_tile(const float* from, size_t stride) {
  Tile tile;
  for (int r = 0; r < 4; ++r) tile.row[r] = *reinterpret_cast<const UnalignedQuad*>(from + r * stride);
  return tile;
}

LOOPCAST_INLINE void store_tile(float* to, size_t stride, const Tile& tile) {
  for (int r = 0; r < 4; ++r) *reinterpret_cast<UnalignedQuad*>(to + r * stride) = tile.row[r];
}

// to[r * to_stride + c] = from[c * from_stride + r] for r < rows, c < columns; to and from do not overlap.
inline void transpose(float* to, size_t to_stride, const float* from, size_t from_stride, size_t rows,
                      size_t columns) {
  const size_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  for (size_t r = 0; r < whole_rows; r += 4)
    for (size_t c = 0; c < whole_columns; c += 4)
      store_tile(to + r * to_stride + c, to_stride, transposed(load_tile(from + c * from_stride + r, from_stride)));
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = r < whole_rows ? whole_columns : 0; c < columns; ++c)
      to[r * to_stride + c] = from[c * from_stride + r];
}

// to[i][lane] = from[lane * stride + i] for i < count; lanes without a series are zero.
inline void to_lanes(float* to, const float* from, size_t stride, size_t lanes, size_t count) {
  if (lanes < static_cast<size_t>(kLanes))
    for (size_t i = 0; i < count * kLanes; ++i) to[i] = 0.0f;
  transpose(to, kLanes, from, stride, count, lanes);
}

// to[lane * stride + i] = from[i][lane] for i < count; lanes without a series are left out.
inline void from_lanes(float* to, size_t stride, const float* from, size_t lanes, size_t count) {
  transpose(to, stride, from, kLanes, lanes, count);
}

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
