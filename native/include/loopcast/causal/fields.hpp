// What lies where in a record of the causal encoder, by the names of `Record` and of its tracks.
#pragma once

#include "loopcast/causal/record.hpp"
#include "loopcast/live/fields.hpp"

namespace loopcast::causal {

inline void list_track_state(live::Fields& fields, const std::string& track) {
  for (const char* const name :
       {"sum", "second_sum", "z", "level", "adjusted", "second_level", "first_level", "slow_total", "fast_total",
        "two_total", "slow", "step", "season", "square", "recent", "seasonal_error", "second", "w", "w0", "w1", "w2",
        "v2", "vv", "scale"})
    fields.doubles(track + name, 1);
}

inline void list_track(const Shape& s, live::Fields& fields, const std::string& track) {
  fields.doubles(track + "zs", s.z_rows);
  fields.doubles(track + "levels", s.level_rows);
  fields.doubles(track + "vs", s.v_rows);
  fields.doubles(track + "adjusteds", kLags);
  for (const char* const name : {"slows", "fasts"}) fields.doubles(track + name, s.season);
  fields.doubles(track + "twos", s.second);
}

inline void list(const Shape& s, live::Fields& fields) {
  const size_t begin = fields.at();
  fields.numbers({"rows", "last_seen", "z_at", "level_at", "v_at", "value_at", "phase", "second_phase", "repeats",
                  "linear", "size", "zeros", "unit", "highest", "first_curve", "first_straight", "counts.seen",
                  "counts.step", "counts.season", "counts.error", "counts.second"});
  for (const char* const track : {"curve.", "straight."}) list_track_state(fields, track);
  fields.pad_to(begin + sizeof(Record));
  for (const char* const track : {"curve.", "straight."}) list_track(s, fields, track);
  fields.doubles("phases", s.season);
  fields.doubles("second_phases", s.second);
  fields.doubles("values", s.value_rows);
}

}  // namespace loopcast::causal
