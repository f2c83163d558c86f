#include "store/rocks/database/prepare_store.h"

#include "store/rocks/database/store_check.h"
#include "store/rocks/disk/inventory.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

/// Writes the files that say which store this is. In this order: a FORMAT of this version without a witness would be
/// damage.
Result<WitnessRecord> begin_store(const std::string& data_dir, WitnessRecord record, const FormatFile& format) {
  record.store_id = Uuid7::parse(format.store_id).value_or(Uuid7{});
  if (auto made = Witness::create(data_dir, record); !made) return std::move(made).error();
  if (auto made = write_format(data_dir, format); !made) return std::move(made).error();
  return record;
}

/// A store of an earlier version keeps its id, if it has one. Once FORMAT has this version, an earlier release refuses
/// the store. Nothing is written again: only families may be missing, and the values of all versions can be read.
FormatFile converted(const FormatFile& earlier) {
  const bool has_all_families = families_of(earlier) == family_count;
  FormatFile format = new_format(has_all_families ? FormatFile::Stage::made : FormatFile::Stage::migrating);
  if (!earlier.store_id.empty()) format.store_id = earlier.store_id;
  return format;
}

}  // namespace

Result<WitnessRecord> prepare_store(const DatabaseConfig& config, FormatFile& format) {
  const bool is_current = format.version == layout::format_version;
  if (format.version == 0 || format.stage == FormatFile::Stage::making) {
    if (!is_current) format = new_format(FormatFile::Stage::making);
    return begin_store(config.data_dir, {}, format);
  }
  auto checked = check_store(config, format);
  if (!checked) return checked;
  if (!is_current) format = converted(format);
  if (!is_current || !Witness::read(config.data_dir)) {
    checked = begin_store(config.data_dir, std::move(*checked), format);
    if (!checked) return checked;
  }
  // From now on the files change, so the inventory of a clean stop is no longer true. That of a run which did not stop
  // cleanly still is.
  const auto before = Inventory::read(config.data_dir);
  Inventory open{.store_id = format.store_id, .sequence = before && !before->closed ? before->sequence : 0};
  static_cast<void>(open.add(config.data_dir, "db/IDENTITY"));  // A backup has none.
  if (auto written = open.write(config.data_dir); !written) return std::move(written).error();
  return checked;
}

}  // namespace triggers::store
