// The products of weights with lanes, which both passes call.
#include "loopcast/product.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

template void product<1>(StridedPtr, size_t, Blocks, Start, const Matrix&, StridedPtr, const Matrix&, StridedPtr);
#if defined(__AVX512F__)
template void product<2>(StridedPtr, size_t, Blocks, Start, const Matrix&, StridedPtr, const Matrix&, StridedPtr);
#endif

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
