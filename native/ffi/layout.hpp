// The layout of the structs that Python mirrors with ctypes, and the constants that it repeats: what the compiler made
// of them, so that Python can compare.
#pragma once

#include <cstddef>
#include <string>

#include "loopcast/kernels.hpp"
#include "live/series.hpp"
#include "loopcast/live/theta.hpp"
#include "loopcast/origin.hpp"
#include "loopcast/vector.hpp"

namespace loopcast {

struct FieldLayout {
  const char* name;  // "Struct.field"
  size_t offset, size;
};

struct Constant {
  const char* name;  // a struct's is its size
  size_t value;
};

using causal::EncodeCall;
using causal::Reading;
using live::KnownTable;
using live::SeriesHead;
using live::SimplePlan;
using TrackingPlan = tracking::Plan;
using TrackingBounds = tracking::Bounds;

#define LOOPCAST_FIELD(type, field) {#type "." #field, offsetof(type, field), sizeof(type::field)}
constexpr FieldLayout kFields[] = {
    LOOPCAST_FIELD(Layer, inputs),         LOOPCAST_FIELD(Layer, units),
    LOOPCAST_FIELD(Layer, kernel),         LOOPCAST_FIELD(Layer, recurrent_kernel),
    LOOPCAST_FIELD(Layer, bias),           LOOPCAST_FIELD(Layer, state),
    LOOPCAST_FIELD(Layer, final_state),    LOOPCAST_FIELD(Head, outputs),
    LOOPCAST_FIELD(Head, kernel),          LOOPCAST_FIELD(Head, bias),
    LOOPCAST_FIELD(Stack, cell),           LOOPCAST_FIELD(Stack, batch),
    LOOPCAST_FIELD(Stack, time),           LOOPCAST_FIELD(Stack, depth),
    LOOPCAST_FIELD(Stack, layers),         LOOPCAST_FIELD(Stack, head),
    LOOPCAST_FIELD(Stack, masked),         LOOPCAST_FIELD(Stack, last_only),
    LOOPCAST_FIELD(Forward, stack),        LOOPCAST_FIELD(Forward, inputs),
    LOOPCAST_FIELD(Forward, observed),     LOOPCAST_FIELD(Forward, outputs),
    LOOPCAST_FIELD(Forward, training),     LOOPCAST_FIELD(Forward, workspace),
    LOOPCAST_FIELD(StepCall, forward),     LOOPCAST_FIELD(StepCall, workspace_floats),
    LOOPCAST_FIELD(EncodeCall, series),    LOOPCAST_FIELD(EncodeCall, time),
    LOOPCAST_FIELD(EncodeCall, origins),   LOOPCAST_FIELD(EncodeCall, steps),
    LOOPCAST_FIELD(EncodeCall, season),    LOOPCAST_FIELD(EncodeCall, second),
    LOOPCAST_FIELD(EncodeCall, threads),   LOOPCAST_FIELD(EncodeCall, values),
    LOOPCAST_FIELD(EncodeCall, lengths),   LOOPCAST_FIELD(EncodeCall, begin),
    LOOPCAST_FIELD(EncodeCall, at),
    LOOPCAST_FIELD(EncodeCall, ahead),     LOOPCAST_FIELD(EncodeCall, inputs),
    LOOPCAST_FIELD(EncodeCall, base),      LOOPCAST_FIELD(EncodeCall, scale),
    LOOPCAST_FIELD(EncodeCall, candidates),LOOPCAST_FIELD(EncodeCall, codes),
    LOOPCAST_FIELD(EncodeCall, curved),    LOOPCAST_FIELD(EncodeCall, unit),
    LOOPCAST_FIELD(EncodeCall, first),     LOOPCAST_FIELD(EncodeCall, usual),
    LOOPCAST_FIELD(StepDecoder, state),    LOOPCAST_FIELD(StepDecoder, inputs),
    LOOPCAST_FIELD(StepDecoder, candidates),LOOPCAST_FIELD(StepDecoder, codes),
    LOOPCAST_FIELD(StepDecoder, units),    LOOPCAST_FIELD(StepDecoder, known),
    LOOPCAST_FIELD(StepDecoder, step),     LOOPCAST_FIELD(StepDecoder, bias),
    LOOPCAST_FIELD(StepDecoder, second),   LOOPCAST_FIELD(StepDecoder, second_bias),
    LOOPCAST_FIELD(StepDecoder, readout),  LOOPCAST_FIELD(StepDecoder, readout_bias),
    LOOPCAST_FIELD(StepDecode, decoder),   LOOPCAST_FIELD(StepDecode, rows),
    LOOPCAST_FIELD(StepDecode, steps),     LOOPCAST_FIELD(StepDecode, threads),
    LOOPCAST_FIELD(StepDecode, state),     LOOPCAST_FIELD(StepDecode, inputs),
    LOOPCAST_FIELD(StepDecode, candidates),LOOPCAST_FIELD(StepDecode, codes),
    LOOPCAST_FIELD(StepDecode, quantiles), LOOPCAST_FIELD(Reading, probabilities),
    LOOPCAST_FIELD(Reading, left),         LOOPCAST_FIELD(Reading, share),
    LOOPCAST_FIELD(ReadCall, rows),        LOOPCAST_FIELD(ReadCall, steps),
    LOOPCAST_FIELD(ReadCall, reading),     LOOPCAST_FIELD(ReadCall, quantiles),
    LOOPCAST_FIELD(ReadCall, base),        LOOPCAST_FIELD(ReadCall, scale),
    LOOPCAST_FIELD(ReadCall, unit),        LOOPCAST_FIELD(ReadCall, first),
    LOOPCAST_FIELD(ReadCall, highest),     LOOPCAST_FIELD(ReadCall, curved),
    LOOPCAST_FIELD(ReadCall, repeated),    LOOPCAST_FIELD(ReadCall, values),
    LOOPCAST_FIELD(ShownPlan, season),     LOOPCAST_FIELD(ShownPlan, second),
    LOOPCAST_FIELD(ShownPlan, table),      LOOPCAST_FIELD(ShownPlan, known_rows), LOOPCAST_FIELD(ShownPlan, known_ahead),
    LOOPCAST_FIELD(ShownPlan, covariates), LOOPCAST_FIELD(ShownPlan, covariate),
    LOOPCAST_FIELD(Trees, features),       LOOPCAST_FIELD(Trees, nodes),
    LOOPCAST_FIELD(Trees, trees),          LOOPCAST_FIELD(Trees, base),
    LOOPCAST_FIELD(Trees, feature),        LOOPCAST_FIELD(Trees, threshold),
    LOOPCAST_FIELD(Trees, left),           LOOPCAST_FIELD(Trees, right),
    LOOPCAST_FIELD(Trees, value),          LOOPCAST_FIELD(Trees, roots),
    LOOPCAST_FIELD(TreesCall, trees),      LOOPCAST_FIELD(TreesCall, rows),
    LOOPCAST_FIELD(TreesCall, threads),    LOOPCAST_FIELD(TreesCall, numbers),
    LOOPCAST_FIELD(TreesCall, said),       LOOPCAST_FIELD(TreesPlan, shown),
    LOOPCAST_FIELD(TreesPlan, trees),      LOOPCAST_FIELD(TreesPlan, least),
    LOOPCAST_FIELD(TreesPlan, usual),      LOOPCAST_FIELD(TreesPlan, bounds),
    LOOPCAST_FIELD(NetworkPlan, shown),    LOOPCAST_FIELD(NetworkPlan, stack),
      LOOPCAST_FIELD(NetworkPlan, decoder),
    LOOPCAST_FIELD(NetworkPlan, reading),  LOOPCAST_FIELD(NetworkPlan, places),
    LOOPCAST_FIELD(KnownTable, rows),      LOOPCAST_FIELD(KnownTable, ahead),
    LOOPCAST_FIELD(KnownTable, first),     LOOPCAST_FIELD(KnownTable, count),
    LOOPCAST_FIELD(SimplePlan, kind),      LOOPCAST_FIELD(SimplePlan, season),
    LOOPCAST_FIELD(SimplePlan, length),    LOOPCAST_FIELD(SimplePlan, least),
    LOOPCAST_FIELD(SimplePlan, reach),     LOOPCAST_FIELD(SimplePlan, weights),
    LOOPCAST_FIELD(SimplePlan, relative),  LOOPCAST_FIELD(SimplePlan, usual),
    LOOPCAST_FIELD(SimplePlan, bounds),    LOOPCAST_FIELD(MeanPlan, count),
    LOOPCAST_FIELD(MeanPlan, season),      LOOPCAST_FIELD(MeanPlan, least),
    LOOPCAST_FIELD(MeanPlan, members),     LOOPCAST_FIELD(MeanPlan, weights),
    LOOPCAST_FIELD(MeanPlan, member_bounds), LOOPCAST_FIELD(MeanPlan, usual),
    LOOPCAST_FIELD(MeanPlan, bounds),      LOOPCAST_FIELD(MeanPlan, own),
    LOOPCAST_FIELD(LivePlan, follower),
    LOOPCAST_FIELD(LivePlan, most_steps),  LOOPCAST_FIELD(LivePlan, lateness),
    LOOPCAST_FIELD(LivePlan, tracking),    LOOPCAST_FIELD(RowsCall, rows),
    LOOPCAST_FIELD(RowsCall, series),      LOOPCAST_FIELD(RowsCall, threads),
    LOOPCAST_FIELD(RowsCall, order),       LOOPCAST_FIELD(RowsCall, begin),
    LOOPCAST_FIELD(RowsCall, blocks),      LOOPCAST_FIELD(RowsCall, steps),
    LOOPCAST_FIELD(RowsCall, values),      LOOPCAST_FIELD(RowsCall, statuses),
    LOOPCAST_FIELD(RowsCall, verdicts),    LOOPCAST_FIELD(SeriesHead, rows),
    LOOPCAST_FIELD(SeriesHead, start),     LOOPCAST_FIELD(SeriesHead, judged),
    LOOPCAST_FIELD(SeriesHead, seen),      LOOPCAST_FIELD(SeriesHead, duplicates),
    LOOPCAST_FIELD(SeriesHead, revised),   LOOPCAST_FIELD(SeriesHead, late),
    LOOPCAST_FIELD(SeriesHead, known),
    LOOPCAST_FIELD(TrackingPlan, levels),  LOOPCAST_FIELD(TrackingPlan, leads),
    LOOPCAST_FIELD(TrackingPlan, lead),    LOOPCAST_FIELD(TrackingPlan, misses),
    LOOPCAST_FIELD(TrackingPlan, normal),  LOOPCAST_FIELD(TrackingPlan, rate),
    LOOPCAST_FIELD(TrackingPlan, trust),   LOOPCAST_FIELD(TrackingPlan, columns),
    LOOPCAST_FIELD(TrackingPlan, shares),  LOOPCAST_FIELD(TrackingPlan, theta_left),
    LOOPCAST_FIELD(TrackingPlan, theta_share), LOOPCAST_FIELD(TrackingPlan, places),
    LOOPCAST_FIELD(TrackingPlan, place_shares), LOOPCAST_FIELD(TrackingPlan, widened),
    LOOPCAST_FIELD(TrackingPlan, widening), LOOPCAST_FIELD(TrackingPlan, bounds),
    LOOPCAST_FIELD(TrackingBounds, lower), LOOPCAST_FIELD(TrackingBounds, upper),
    LOOPCAST_FIELD(TrackingBounds, automatic), LOOPCAST_FIELD(TrackingBounds, integer),
};
#undef LOOPCAST_FIELD

constexpr Constant kConstants[] = {
    {"Layer", sizeof(Layer)},
    {"Head", sizeof(Head)},
    {"Stack", sizeof(Stack)},
    {"Forward", sizeof(Forward)},
    {"StepCall", sizeof(StepCall)},
    {"EncodeCall", sizeof(EncodeCall)},
    {"StepDecoder", sizeof(StepDecoder)},
    {"StepDecode", sizeof(StepDecode)},
    {"Reading", sizeof(Reading)},
    {"ReadCall", sizeof(ReadCall)},
    {"ShownPlan", sizeof(ShownPlan)},
    {"Trees", sizeof(Trees)},
    {"TreesCall", sizeof(TreesCall)},
    {"TreesPlan", sizeof(TreesPlan)},
    {"NetworkPlan", sizeof(NetworkPlan)},
    {"SimplePlan", sizeof(SimplePlan)},
    {"MeanPlan", sizeof(MeanPlan)},
    {"LivePlan", sizeof(LivePlan)},
    {"RowsCall", sizeof(RowsCall)},
    {"KnownTable", sizeof(KnownTable)},
    {"SeriesHead", sizeof(SeriesHead)},
    {"TrackingPlan", sizeof(TrackingPlan)},
    {"TrackingBounds", sizeof(TrackingBounds)},
    {"lanes", plain::kLanes},
    {"max_depth", kMaxDepth},
    {"cells", static_cast<size_t>(kCells)},
    {"side", kSide},
    {"causal_inputs", causal::kInputs},
    {"causal_candidates", causal::kCandidates},
    {"causal_codes", causal::kCodes},
    {"theta_doubles", live::kThetaDoubles},
};

// A line for each: "Struct.field offset size" or "constant value". Text, so that reading it needs no struct itself.
inline std::string layout_text() {
  std::string text;
  for (const FieldLayout& field : kFields)
    text += std::string(field.name) + " " + std::to_string(field.offset) + " " + std::to_string(field.size) + "\n";
  for (const Constant& constant : kConstants)
    text += std::string(constant.name) + " " + std::to_string(constant.value) + "\n";
  return text;
}

}  // namespace loopcast
