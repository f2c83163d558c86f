#include "swarm/web/form.h"

#include <algorithm>

#include "base/percent_encoding.h"

namespace triggers::swarm {

Result<Form> Form::parse(std::string_view text) {
  Form form;
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(field.size() + 1, text.size()));
    if (field.empty()) continue;
    if (form.fields_.size() == fields_max) {
      return Error{ErrorCode::invalid_argument, "A form has at most " + std::to_string(fields_max) + " fields"};
    }
    const std::size_t equals = std::min(field.find('='), field.size());
    auto name = decode_query_text(field.substr(0, equals));
    auto value = decode_query_text(field.substr(std::min(equals + 1, field.size())));
    if (!name || !value) {
      return Error{ErrorCode::invalid_argument, "A % in a form begins an escape such as %20; a % itself is %25"};
    }
    form.fields_.emplace_back(std::move(*name), std::move(*value));
  }
  return form;
}

std::optional<std::string> Form::find(std::string_view name) const {
  const auto found =
      std::find_if(fields_.rbegin(), fields_.rend(), [&](const auto& field) { return field.first == name; });
  return found == fields_.rend() ? std::nullopt : std::optional{found->second};
}

std::vector<std::string> Form::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : fields_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

}  // namespace triggers::swarm
