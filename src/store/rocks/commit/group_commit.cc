#include "store/rocks/commit/group_commit.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/invariant.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

/// What an exception of the standard library or of RocksDB means for the caller. For a catch block.
Error error_of_exception() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return {ErrorCode::overloaded, {}};  // No text: it might need memory.
  } catch (const std::exception& exception) {
    try {
      return {ErrorCode::internal, std::string{"the write ended in an exception: "} + exception.what()};
    } catch (...) {
      return {ErrorCode::internal, {}};
    }
  } catch (...) {
    return {ErrorCode::internal, {}};
  }
}

/// Without its text if there is no memory for it.
Error copy_of(const Error& error) noexcept {
  try {
    return error;
  } catch (...) {
    return {error.code, {}};
  }
}

bool looks(const Operation& operation) noexcept {
  return operation.entry != nullptr && operation.entry->kind == EntryOperation::Kind::look;
}

bool puts_again(const Operation& operation) noexcept {
  return operation.job != nullptr && operation.job->kind == JobOperation::Kind::replay;
}

bool removes_inbox(const Operation& operation) noexcept {
  if (operation.kind != Operation::Kind::settings || operation.error) return false;
  return operation.settings->removed != nullptr && !operation.settings->outdated;
}

/// What earlier parts have leased is the answer.
void refuse_lease(Operation& operation, const Error& error) noexcept {
  auto& leased = operation.entry->leased;
  leased.erase(leased.begin() + static_cast<std::ptrdiff_t>(std::min(operation.part_begin, leased.size())),
               leased.end());
  if (leased.empty()) {
    operation.error = copy_of(error);
  } else {
    operation.cut_off = true;
  }
}

void refuse(Operation& operation, const Error& error) noexcept {
  const bool leases = operation.entry != nullptr && operation.entry->kind == EntryOperation::Kind::lease;
  if (leases) return refuse_lease(operation, error);
  operation.error = copy_of(error);
}

/// After a commit that failed: those of its elements that are answered already stay so.
void refuse_part(Operation& operation, const Error& error) noexcept {
  operation.undecided.reset();
  if (looks(operation)) return;
  if (operation.kind != Operation::Kind::append || operation.part_begin == 0) return refuse(operation, error);
  for (std::size_t i = operation.part_begin; i < operation.size(); ++i) operation.appended[i] = copy_of(error);
  operation.cut_off = true;
}

}  // namespace

GroupCommit::GroupCommit(Database& database, Tenants& tenants, JobBoard& jobs, const CommitterConfig& config,
                         const EventId& last_id)
    : tenants_(tenants),
      board_(jobs),
      config_(config),
      batch_(std::make_unique<rocksdb::WriteBatch>()),
      staging_{.database = database,
               .batch = *batch_,
               .holders = Holders(database, *batch_),
               .bounds = StorageBounds(database, config.tenant_limits,
                                       config.stored_bytes ? std::move(*config.stored_bytes) : StoredBytesByTenant{})},
      appends_(staging_, config, last_id),
      entries_(staging_, config),
      settings_(staging_, tenants),
      sweeps_(staging_),
      jobs_(staging_, entries_, appends_, jobs) {}

GroupCommit::~GroupCommit() = default;

void GroupCommit::begin() {
  staging_.now = config_.clock->now();
  staging_.id_now = config_.id_time->take();
  staging_.stats = {};
  staging_.holders.begin(staging_.now);
  staging_.inboxes.begin();
  staging_.bounds.begin();
  batch_->Clear();
  appends_.begin();
  entries_.begin();
  settings_.begin();
  jobs_.begin();
}

void GroupCommit::keep() {
  batch_->PopSavePoint().PermitUncheckedError();
  staging_.holders.keep();
  staging_.inboxes.keep();
  staging_.bounds.keep();
  appends_.keep();
  entries_.keep();
  settings_.keep();
  jobs_.keep();
}

void GroupCommit::undo(const CommitStats& before) {
  staging_.stats = before;
  staging_.holders.undo();
  staging_.inboxes.undo();
  staging_.bounds.undo();
  appends_.undo();
  entries_.undo();
  settings_.undo();
  jobs_.undo();
  const auto status = batch_->RollbackToSavePoint();
  INVARIANT(status.ok(), "RocksDB cannot undo what an event staged: %s", status.ToString().c_str());
}

template <class Stage>
Status GroupCommit::stage_whole(Stage stage) {
  const CommitStats before = staging_.stats;
  batch_->SetSavePoint();
  Status staged = Done{};
  try {
    staged = stage();
  } catch (...) {
    staged = error_of_exception();
  }
  if (staged) {
    keep();
  } else {
    undo(before);
  }
  return staged;
}

void GroupCommit::stage_events(Operation& operation) {
  const TenantState& tenant = tenants_.get(operation.tenant->id);
  if (tenant.staged_roster().get() != (operation.routed ? operation.routed->roster.get() : nullptr)) {
    staging_.stats.left_events += operation.part_end - operation.part_begin;
    operation.undecided = Undecided{.against = {}, .unrouted = true};
    operation.part_end = operation.part_begin;
    return;
  }
  appends_.use_digests(operation);
  for (std::size_t i = operation.part_begin; i < operation.part_end; ++i) {
    Appended answer;
    const auto staged = stage_whole([&] { return appends_.stage(operation, tenant, i, answer); });
    if (operation.undecided) {
      // This element and all later ones wait for another commit.
      operation.part_end = i;
      ++staging_.stats.left_events;
      return;
    }
    operation.appended[i] = staged ? Result<Appended>(answer) : copy_of(staged.error());
  }
}

Status GroupCommit::stage(Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::append: break;  // stage_events() has an answer for each of them.
    case Operation::Kind::entries:
      return looks(operation) ? Done{} : entries_.stage(operation, tenants_.get(operation.tenant->id));
    case Operation::Kind::change: return operation.change(*batch_);
    case Operation::Kind::settings: settings_.stage(*operation.settings, tenants_.get(operation.tenant->id)); break;
    case Operation::Kind::leave: return stage_leaving(operation);
    case Operation::Kind::sweep: sweeps_.stage(operation); break;
    case Operation::Kind::job: return jobs_.stage(operation, tenants_.get(operation.tenant->id));
  }
  return Done{};
}

Status GroupCommit::stage_leaving(Operation& operation) {
  auto staged = entries_.stage_leaving(operation);
  if (staged && operation.leave->forgotten) jobs_.forget(*operation.leave->inbox);
  return staged;
}

void GroupCommit::stage_one(Operation& operation) {
  if (operation.kind == Operation::Kind::append) return stage_events(operation);
  const Status staged = stage_whole([&] { return stage(operation); });
  if (!staged) refuse(operation, staged.error());
}

/// Replays come last: see EntryStage::put_again().
void GroupCommit::stage_all(std::span<Operation* const> operations) {
  bool any_later = false;
  for (Operation* operation : operations) {
    const bool later = puts_again(*operation);
    any_later = any_later || later;
    if (!later) stage_one(*operation);
  }
  if (!any_later) return;
  for (Operation* operation : operations) {
    if (puts_again(*operation)) stage_one(*operation);
  }
}

void GroupCommit::look(std::span<Operation* const> operations) {
  for (Operation* operation : operations) {
    if (!looks(*operation)) continue;
    if (auto looked = entries_.look(*operation, tenants_.get(operation->tenant->id)); !looked) {
      refuse(*operation, looked.error());
    }
  }
}

Status GroupCommit::write(std::span<Operation* const> operations) {
  begin();
  CommitStats& stats = staging_.stats;
  stats.operations = operations.size();
  look(operations);
  if (auto writable = staging_.database.check_writable(); !writable) return writable;
  stage_all(operations);
  appends_.put();
  staging_.inboxes.put(staging_.database, *batch_);
  staging_.bounds.put(*batch_);
  if (batch_->Count() > 0) appends_.put_last_id();
  stats.reads = appends_.reads() + entries_.reads() + staging_.holders.reads();
  stats.bytes = batch_->GetDataSize();
  if (batch_->Count() == 0) return Done{};
  WriteTiming timing;
  auto written = staging_.database.write(*batch_, &timing);
  stats.log_time = timing.log;
  return written;
}

/// An exception that arrives here was thrown before the write, so no change is visible.
Status GroupCommit::write_or_refuse(std::span<Operation* const> operations) noexcept {
  try {
    return write(operations);
  } catch (...) {
    return error_of_exception();
  }
}

void GroupCommit::publish(std::span<Operation* const> operations) {
  staging_.inboxes.publish(config_.watched);
  staging_.bounds.publish();
  settings_.publish();
  jobs_.publish();
  for (const Operation* operation : operations) {
    if (operation->error) continue;
    if (removes_inbox(*operation)) {
      board_.stop(*operation->settings->removed);
      if (config_.watched != nullptr) config_.watched->removed(*operation->settings->removed);
    }
    if (operation->leave == nullptr || !operation->leave->forgotten) continue;
    board_.forget(*operation->leave->inbox);
    tenants_.remove_leaving(*operation->leave->inbox);
  }
}

void GroupCommit::discard() noexcept {
  staging_.inboxes.discard();
  staging_.bounds.discard();
  settings_.discard();
}

std::size_t GroupCommit::count_entries(const Operation& operation) {
  return entries_.count_entries(*operation.entry, tenants_.get(operation.tenant->id));
}

bool GroupCommit::commit(std::span<Operation* const> operations) noexcept {
  const Status written = write_or_refuse(operations);
  if (written) {
    publish(operations);
    return true;
  }
  discard();
  for (Operation* operation : operations) refuse_part(*operation, written.error());
  return false;
}

}  // namespace triggers::store
