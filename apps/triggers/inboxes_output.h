#pragma once

// Prints the responses of `triggers inboxes`. Its arguments are in inboxes_command.h.

#include <string>

#include "http/wire/message.h"

namespace triggers {

/// What is printed for a person before a response: nothing, or a sentence.
struct InboxesPrint {
  bool as_json = false;
  std::string sentence = {};
};

/// Prints a response of /inboxes and returns the exit status. It prints the JSON as received, or for a person a table
/// of inboxes, the fields of an inbox or of a job, or one line for each entry. Errors go to standard error. The status
/// is 1 if an entry was not found.
int print_inboxes_response(const http::ClientResponse& answer, const InboxesPrint& print);

}  // namespace triggers
