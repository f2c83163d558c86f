#pragma once

// The common steps of the endpoints that show, create or change a key: body, visibility, rights, the change itself,
// response and its largest size. The endpoints are in key_management.h, the JSON of a key in key_json.h.

#include <cstddef>
#include <functional>

#include "api/endpoints/keys/key_json.h"
#include "api/endpoints/keys/key_management.h"

namespace triggers::api {

/// About the largest size of a key's JSON: 100 event types of 255 characters, each of four bytes or escaped, and
/// 100 names of inboxes.
inline constexpr std::size_t key_answer_bytes_max = 256 * 1024;

/// The record of the key in the path if the caller may see it; 404 otherwise. The operator, and an admin of all
/// tenants, see every key; any other admin sees those of its own tenant.
Task<OrRefusal<auth::KeyRecord>> visible_key(const KeyManagement& keys, const Exchange& exchange);

/// 403 if the key is one of all tenants and the caller has no right over all tenants.
[[nodiscard]] OrRefusal<Done> may_grant(const Exchange& exchange, const auth::KeyRecord& record);

/// Changes a record, or refuses to.
using KeyEdit = std::function<OrRefusal<Done>(auth::KeyRecord&)>;

/// Applies `edit` to the key in the path and tells the key ring. Visibility and rights are checked on the record that
/// is changed in the end.
Task<OrRefusal<auth::KeyRecord>> change_key(const KeyManagement& keys, const Exchange& exchange, KeyEdit edit);

/// The body as a JSON object. Refused: another media type too.
[[nodiscard]] OrRefusal<boost::json::object> read_body(const http::Request& request);

[[nodiscard]] http::Response key_response(unsigned status, const boost::json::object& object);
/// The response to a change, for which room was reserved.
[[nodiscard]] http::Response key_response(unsigned status, const boost::json::object& object, FairBudget::Share memory);

}  // namespace triggers::api
