// Chooses the kernels when the program runs, so that one build serves every processor of its kind.
#include <cstdlib>
#include <cstring>

#include "loopcast/workspace.hpp"

namespace loopcast {

#if defined(__x86_64__)
namespace avx512 { extern const Kernels kernels; }
namespace avx2 { extern const Kernels kernels; }
#endif
namespace plain { extern const Kernels kernels; }

namespace {

// The best first.
struct Variant {
  const Kernels* kernels;
  bool runs_here;
};

const Kernels& choose() {
  const Variant variants[] = {
#if defined(__x86_64__)
      {&avx512::kernels, __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")},
      {&avx2::kernels, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")},
#endif
      {&plain::kernels, true},
  };
  const char* const name = std::getenv("LOOPCAST_INSTRUCTIONS");
  for (const Variant& variant : variants)
    if (variant.runs_here && name != nullptr && std::strcmp(name, variant.kernels->name) == 0)
      return *variant.kernels;
  for (const Variant& variant : variants)
    if (variant.runs_here) return *variant.kernels;
  return plain::kernels;
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

size_t forward_workspace(const Stack& s, bool training) {
  if (plain::few_series(s)) return s.batch * plain::row_series_floats(s, training) + plain::row_plan_floats(s);
  return plain::groups_of(s) * plain::forward_group_floats(s, training) + plain::forward_plan_floats(s);
}

size_t backward_workspace(const Stack& s) {
  if (plain::few_series(s)) return s.batch * plain::backward_row_floats(s) + plain::row_plan_floats(s);
  return plain::groups_of(s) * plain::backward_group_floats(s) + plain::backward_plan_floats(s) +
         plain::group_gradient_floats(s);
}

size_t step_decoder_workspace(const StepDecoder& d) { return plain::step_decoder_floats(d); }

}  // namespace loopcast
