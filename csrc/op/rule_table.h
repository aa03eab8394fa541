// RuleTable: rules for ops that stand beside the op they are for, in ops/<family>.cpp, keyed by the op's type.
#pragma once

#include <typeindex>
#include <unordered_map>

#include "op/op.h"

namespace weft {

// Rule: a pointer to a function, which tells the tables apart. Each table has one home, which defines all() for it:
// libraries that use it share that.
template <class Rule>
class RuleTable {
 public:
  static void add(std::type_index op, Rule rule) { all().emplace(op, rule); }
  // nullptr: none.
  static Rule find(const Op& op) {
    auto found = all().find(typeid(op));
    return found == all().end() ? nullptr : found->second;
  }

 private:
  static std::unordered_map<std::type_index, Rule>& all();
};

// In the header that declares the rule, and in its source file.
#define WEFT_DECLARE_RULE_TABLE(Rule) \
  template <>                         \
  std::unordered_map<std::type_index, Rule>& RuleTable<Rule>::all()
#define WEFT_DEFINE_RULE_TABLE(Rule)                                    \
  template <>                                                           \
  std::unordered_map<std::type_index, Rule>& RuleTable<Rule>::all() {   \
    static auto* table = new std::unordered_map<std::type_index, Rule>; \
    return *table;                                                      \
  }

}  // namespace weft
