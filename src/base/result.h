#pragma once

// Result, Status and Error: how a function says that the world or a client failed. Bugs of our own are in invariant.h;
// the error that an HTTP client sees is in api/exchange/refusal.h.

#include <string>
#include <utility>
#include <variant>

#include "base/invariant.h"

namespace triggers {

/// What went wrong, classified by what the caller does next.
enum class ErrorCode {
  invalid_argument,  ///< Fix the request; the same one will fail again.
  not_found,         ///< The thing does not exist, or is not the caller's.
  conflict,          ///< The thing is in a state that does not allow this.
  too_large,         ///< A stated limit was passed; send less.
  overloaded,        ///< A queue is full; retry after a moment.
  share_used,        ///< The caller's tenant uses its whole share: wait for its own responses, then retry.
  unavailable,       ///< The store cannot serve until an operator acts; nothing was done, or its outcome is unknown.
  internal,          ///< Neither the caller nor the operator can mend this.
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  ///< For a person: what, and how to mend it. Never a secret, never a payload.
};

/// A value, or why there is none. An expected outcome (a duplicate, "wait 200 ms") is a value, not an error.
template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& value() & {
    INVARIANT(ok(), "the value of a Result that holds an error was asked for");
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    INVARIANT(ok(), "the value of a Result that holds an error was asked for");
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    INVARIANT(ok(), "the value of a Result that holds an error was asked for");
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const E& error() const& {
    INVARIANT(!ok(), "the error of a Result that holds a value was asked for");
    return *std::get_if<1>(&state_);
  }
  E&& error() && {
    INVARIANT(!ok(), "the error of a Result that holds a value was asked for");
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, E> state_;
};

/// Success without a value.
struct Done {};
using Status = Result<Done>;

}  // namespace triggers
