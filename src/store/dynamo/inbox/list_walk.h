#pragma once

// Walks a list of an inbox, with the records of its entries. Which lists there are is in entry_lists.h.

#include <functional>
#include <vector>

#include "store/dynamo/inbox/entry_work.h"

namespace triggers::store::dynamo {

/// Reads the list of entries that came back, or of dead ones, in the order of ids. For one coroutine.
class ListWalk {
 public:
  enum class List : std::uint8_t { back, dead };
  struct Listed {
    EventId id{};
    std::int64_t version = 0;  ///< Of the item of the list.
    StoredRecord seen{};       ///< Available, or dead: as it is stored.
  };

  /// Begins behind `after`. `work` outlives it.
  ListWalk(EntryWork& work, List list, const EventId& after = {}) : work_(work), list_(list), read_to_(after) {}

  /// There may be more behind read_to().
  [[nodiscard]] bool more() const noexcept { return more_; }
  [[nodiscard]] const EventId& read_to() const noexcept { return read_to_; }
  /// Reads at most `limit` more, without those that `skips`. What does not belong into the list is taken out of it, and
  /// left out here.
  Task<Result<std::vector<Listed>>> next(std::size_t limit, std::function<bool(const EventId&)> skips = {});

 private:
  Task<Status> take_out(const Listed& listed);

  EntryWork& work_;
  const List list_;
  EventId read_to_;
  bool more_ = true;
};

}  // namespace triggers::store::dynamo
