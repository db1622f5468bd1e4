#include "src/api/conditions.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/try.h"
#include "transport/http/message.h"

namespace skiff {
namespace {

using store::Revision;

// Of one header name. A condition waits with its request, and is kept with the value that it let in.
constexpr size_t kTagsMax = 100;

struct Tag {
  std::string_view opaque;  // without its quotes
  bool is_weak = false;
};
struct Tags {
  bool is_star = false;
  std::vector<Tag> tags;
};

tl::unexpected<Error> malformed(std::string_view name) {
  return fail(Error::Code::invalid,
              std::string(name) + " is * or a list of tags like \"7\", as they come in the ETag header");
}

tl::unexpected<Error> too_many(std::string_view name) {
  return fail(Error::Code::invalid, std::string(name) + " has more than " + std::to_string(kTagsMax) + " tags");
}

bool may_stand_in_tag(char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

// Takes a tag off the front. A comma within the quotes belongs to the tag.
std::optional<Tag> take_tag(std::string_view& text) {
  Tag tag;
  if (text.starts_with("W/")) {
    tag.is_weak = true;
    text.remove_prefix(2);
  }
  if (!text.starts_with('"')) return std::nullopt;
  const size_t end = text.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  tag.opaque = text.substr(1, end - 1);
  for (const char letter : tag.opaque) {
    if (!may_stand_in_tag(letter)) return std::nullopt;
  }
  text.remove_prefix(end + 1);
  return tag;
}

// Empty elements of a list are passed over (RFC 9110, 5.6.1.2).
Result<> add_list(std::string_view name, std::string_view text, Tags& found) {
  for (text = transport::trim(text); !text.empty(); text = transport::trim(text)) {
    if (text.starts_with(',')) {
      text.remove_prefix(1);
      continue;
    }
    if (text.starts_with('*')) {
      found.is_star = true;
      text.remove_prefix(1);
    } else {
      const std::optional<Tag> tag = take_tag(text);
      if (!tag) return malformed(name);
      if (found.tags.size() == kTagsMax) return too_many(name);
      found.tags.push_back(*tag);
    }
    text = transport::trim(text);
    if (!text.empty() && !text.starts_with(',')) return malformed(name);
  }
  return {};
}

// Nothing: there is no such header.
Result<std::optional<Tags>> tags_of(const transport::Headers& headers, std::string_view name) {
  Tags tags;
  bool is_there = false;
  for (const transport::HeaderField& header : headers) {
    if (header.name != name) continue;
    is_there = true;
    TRY(add_list(name, header.value, tags));
  }
  if (!is_there) return std::nullopt;
  if (tags.is_star == !tags.tags.empty()) return malformed(name);
  return tags;
}

// Nothing: no key ever has this tag.
std::optional<Revision> revision_of(std::string_view opaque) {
  Revision revision = 0;
  const auto [end, error] = std::from_chars(opaque.data(), opaque.data() + opaque.size(), revision);
  const bool is_one = error == std::errc() && end == opaque.data() + opaque.size() && !opaque.starts_with('0');
  return is_one ? std::optional(revision) : std::nullopt;
}

std::vector<Revision> revisions_of(const std::vector<Tag>& tags, bool takes_weak) {
  std::vector<Revision> revisions;
  for (const Tag& tag : tags) {
    if (tag.is_weak && !takes_weak) continue;
    if (const auto revision = revision_of(tag.opaque)) revisions.push_back(*revision);
  }
  return revisions;
}

}  // namespace

store::Condition Conditions::together() const {
  store::Condition both = match;
  both.is_not_there = none_match.is_not_there;
  both.none_of = none_match.none_of;
  return both;
}

Result<std::unique_ptr<const Conditions>> parse_conditions(const transport::Headers& headers) {
  TRY(const auto match, tags_of(headers, "if-match"));
  TRY(const auto none_match, tags_of(headers, "if-none-match"));
  if (!match && !none_match) return nullptr;
  auto conditions = std::make_unique<Conditions>();
  if (match) {
    conditions->match.is_there = match->is_star;
    if (!match->is_star) conditions->match.one_of = revisions_of(match->tags, false);
  }
  if (none_match) {
    conditions->none_match.is_not_there = none_match->is_star;
    if (!none_match->is_star) conditions->none_match.none_of = revisions_of(none_match->tags, true);
  }
  return conditions;
}

}  // namespace skiff
