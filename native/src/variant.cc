// The kernels for one instruction set. Compiled once for each, with LOOPCAST_INSTRUCTIONS naming it.
#include "loopcast/run.hpp"
#include "loopcast/step_decoder.hpp"

namespace loopcast::LOOPCAST_INSTRUCTIONS {

#define LOOPCAST_TEXT_OF(name) #name
#define LOOPCAST_TEXT(name) LOOPCAST_TEXT_OF(name)

namespace {

void run_forward(const Forward& call, Runner runner) {
  switch (call.stack.cell) {
    case CellKind::simple: return forward<Simple>(call, runner);
    case CellKind::gru: return forward<Gru>(call, runner);
    case CellKind::lstm: return forward<Lstm>(call, runner);
    case CellKind::gru_reset_before: return forward<GruResetBefore>(call, runner);
  }
}

void run_backward(const Backward& call, Runner runner) {
  switch (call.stack.cell) {
    case CellKind::simple: return backward<Simple>(call, runner);
    case CellKind::gru: return backward<Gru>(call, runner);
    case CellKind::lstm: return backward<Lstm>(call, runner);
    case CellKind::gru_reset_before: return backward<GruResetBefore>(call, runner);
  }
}

}  // namespace

extern const Kernels kernels;
const Kernels kernels = {LOOPCAST_TEXT(LOOPCAST_INSTRUCTIONS), run_forward, run_backward, decode_rows};

}  // namespace loopcast::LOOPCAST_INSTRUCTIONS
