// KernelTable: the best kernel for this machine wins; an empty cell is one clear error.
#include "kernels/table.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "device/cpu/isa.h"

namespace weft {

using AnswerKernel = void(int* out);
constinit KernelTable<AnswerKernel> answer_kernel{"answer"};

namespace {

template <int value>
void answer(int* out) {
  *out = value;
}

void enter(KernelTable<AnswerKernel>& table, AnswerKernel* kernel, int isa) {
  register_kernel(
      {&table, reinterpret_cast<AnyKernel>(kernel), static_cast<int8_t>(DeviceType::CPU), static_cast<int8_t>(isa)});
}

int ask(KernelTable<AnswerKernel>& table) {
  int out = -1;
  table(Device{}, &out);
  return out;
}

TEST(KernelTable, AnEmptyCellNamesKernelAndDevice) {
  constinit static KernelTable<AnswerKernel> empty_table{"frobnicate"};
  EXPECT_FALSE(empty_table.has(Device{}));
  try {
    ask(empty_table);
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::NotImplemented);
    EXPECT_NE(e.message().find("frobnicate"), std::string::npos);
    EXPECT_NE(e.message().find("cpu"), std::string::npos);
  }
}

TEST(KernelTable, TheHighestLevelOfThisMachineWinsInAnyOrder) {
  enter(answer_kernel, answer<1>, 1);
  if (isa_level() >= 1) {
    EXPECT_EQ(ask(answer_kernel), 1);
  }
  enter(answer_kernel, answer<3>, 3);
  enter(answer_kernel, answer<2>, 2);
  enter(answer_kernel, answer<0>, 0);
  EXPECT_EQ(ask(answer_kernel), isa_level());
}

TEST(KernelTable, KernelsAboveTheMachineAreLeftOut) {
  constinit static KernelTable<AnswerKernel> table{"answer"};
  enter(table, answer<9>, isa_level() + 1);
  EXPECT_FALSE(table.has(Device{}));
}

}  // namespace
}  // namespace weft
