// The kernels on their own, for the sanitizers: every buffer begins or ends at a guard page, every output is NaN first.
// Stacks, windows and single steps of random sizes are compared with plain loops in double precision,
// gradients with finite differences of these; the causal encoder and live series row by row with many rows at once.
// Results must not depend on the order of tasks or the number of threads.
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include "causal_test.hpp"
#include "live_test.hpp"
#include "stack_case.hpp"
#include "stack_test.hpp"
#include "step_decoder_test.hpp"
#include "step_test.hpp"
#include "thread_team.hpp"
#include "windows_test.hpp"

namespace loopcast {
namespace {

void run_inline(void*, size_t tasks, size_t, void (*task)(void*, size_t), void* context) {
  const FlushDenormals flush;  // as a team's threads do: gradients through saturated units become denormal
  for (size_t i = 0; i < tasks; ++i) task(context, i);
}

// Two threads of a team, which stay from call to call.
void run_threads(void*, size_t tasks, size_t, void (*task)(void*, size_t), void* context) {
  static ThreadTeam& team = *new ThreadTeam;
  team.run(tasks, 2, task, context, [](auto job) { std::thread(std::move(job)).detach(); });
}

size_t one_thread(void*, size_t) { return 1; }
size_t many_threads(void*, size_t) { return 64; }

constexpr Runner kOneThread = {nullptr, run_inline, one_thread}, kThreads = {nullptr, run_threads, many_threads};

// Whether a case has the same finite results on one thread and on several; says what is wrong.
bool threads_agree(int number) {
  const Case c = random_case(number);
  const CaseArrays arrays(c);
  const CaseResults one = compute(c, arrays, kOneThread), several = compute(c, arrays, kThreads);
  if (one.finite() && one.same_bits(several)) return true;
  std::printf("case %d: %s (cell %d, batch %zu, time %zu, inputs %zu, %zu layers)\n", number,
              one.finite() ? "threads change the bits" : "not finite", static_cast<int>(c.cell), c.batch, c.time,
              c.inputs, c.units.size());
  return false;
}

bool fixed_cases_are_right() {
  for (const Case& c : large_cases())
    if (!stack_is_right(c, 0, kOneThread)) return false;
  for (int cell = 0; cell < kCells; ++cell)
    if (!steps_follow_one_another(static_cast<CellKind>(cell))) return false;
  return steps_are_checked() && layout_is_right();
}

bool random_cases_are_right(int number) {
  return threads_agree(number) && stack_is_right(small_case(number), 2, number % 3 == 0 ? kThreads : kOneThread) &&
         windows_are_right(number) &&
         causal::encoder_is_right(number) && step_decoder_is_right(number) && live_is_right(number);
}

}  // namespace
}  // namespace loopcast

int main(int count, char** arguments) {
  const int cases = count > 1 ? std::atoi(arguments[1]) : 200;
  if (!loopcast::fixed_cases_are_right()) return 1;
  for (int number = 0; number < cases; ++number) {
    loopcast::Guarded::first_at_guard = number % 2 == 1;
    if (!loopcast::random_cases_are_right(number)) return 1;
  }
  std::printf("%d cases with the %s kernels\n", cases, loopcast::kernels().name);
  return 0;
}
