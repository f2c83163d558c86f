#include "store/rocks/repair/family_places.h"

#include <rocksdb/db.h>

#include <algorithm>

#include "store/rocks/database/database_options.h"

namespace triggers::store {

std::set<std::uint32_t> add_usual_places(const DatabaseConfig& config, Manifest& manifest) {
  const auto descriptors = family_descriptors(config, new_cache(config));
  const bool all_usual = std::ranges::all_of(manifest.families, [&](const auto& family) {
    return family.first < descriptors.size() && descriptors[family.first].name == family.second.name;
  });
  std::set<std::uint32_t> given;
  for (std::uint32_t place = 0; place < descriptors.size() && (all_usual || place == 0); ++place) {
    const auto [family, is_new] = manifest.families.try_emplace(place);
    if (!is_new) continue;
    family->second.name = descriptors[place].name;
    if (place != 0) given.insert(place);
  }
  return given;
}

}  // namespace triggers::store
