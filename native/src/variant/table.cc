// What one instruction set offers. The files of this folder are compiled once for each, LOOPCAST_INSTRUCTIONS naming it.
#include "loopcast/passes.hpp"
#include "loopcast/step_decoder.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

#define LOOPCAST_TEXT_OF(name) #name
#define LOOPCAST_TEXT(name) LOOPCAST_TEXT_OF(name)

extern const Kernels kernels;
const Kernels kernels = {LOOPCAST_TEXT(LOOPCAST_INSTRUCTIONS), run_forward, run_backward, decode_rows};

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
