// What may be wrong with a call for a network with a shared decoder.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace loopcast {

enum class OriginStatus : int32_t {
  ok = 0,
  no_call,
  bad_season,
  bad_length,
  bad_origin,
  bad_step,
  bad_units,
  bad_probability,
  bad_network,
  no_memory,
};

// What a status says is wrong; null for any other number.
inline const char* origin_message(int32_t status) {
  switch (static_cast<OriginStatus>(status)) {
    case OriginStatus::ok: return "nothing is wrong";
    case OriginStatus::no_call: return "there is no call, or one of its pointers is null";
    case OriginStatus::bad_season: return "a season is out of range";
    case OriginStatus::bad_length: return "a series' length is out of range";
    case OriginStatus::bad_origin: return "a row that is forecast from lies after the end of its series";
    case OriginStatus::bad_step: return "a step ahead is out of range";
    case OriginStatus::bad_units: return "the decoder's units are no whole vectors";
    case OriginStatus::bad_probability: return "a probability is out of range";
    case OriginStatus::bad_network: return "the recurrent layers or the trees do not fit the encoder or the decoder";
    case OriginStatus::no_memory: return "there is not enough memory";
  }
  return nullptr;
}

inline bool all_there(std::initializer_list<const void*> arrays) {
  for (const void* array : arrays)
    if (array == nullptr) return false;
  return true;
}

}  // namespace loopcast
