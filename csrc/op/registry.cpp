#include "op/registry.h"

#include <map>
#include <typeindex>

namespace weft {

namespace {

struct Registry {
  std::map<std::string, OpEntry, std::less<>> by_name;
  std::map<std::type_index, const OpEntry*> by_type;
};
Registry& registry() {
  static Registry r;
  return r;
}

}  // namespace

OpRegistrar::OpRegistrar(const OpEntry& entry) {
  auto [place, is_new] = registry().by_name.emplace(entry.name, entry);
  // A name that is taken stays with the op that had it first, as when a user's library is compiled anew and opened
  // beside the old one: this runs while a library is opened, where an exception would end the process.
  if (is_new) registry().by_type[*entry.type] = &place->second;
}

const OpEntry* entry_of(const Op& op) {
  auto found = registry().by_type.find(typeid(op));
  return found == registry().by_type.end() ? nullptr : found->second;
}

const OpEntry* entry_named(std::string_view name) {
  auto found = registry().by_name.find(name);
  return found == registry().by_name.end() ? nullptr : &found->second;
}

std::vector<const OpEntry*> all_entries() {
  std::vector<const OpEntry*> entries;
  for (const auto& [name, entry] : registry().by_name) entries.push_back(&entry);
  return entries;
}

}  // namespace weft
