// SharedMemory and LeasedSegment: one mapping for each memory, segments that come back, forks.
#include "memory/shared_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "core/error.h"

namespace weft {
namespace {

int exit_code_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(SharedMemory, OpensWhatIsMappedAlreadyOnce) {
  auto memory = SharedMemory::create(1000);
  EXPECT_EQ(memory->nbytes(), 1000u);
  EXPECT_EQ(memory->data()[999], 0);
  EXPECT_EQ(SharedMemory::open(dup(memory->fd()), 1000), memory);
  EXPECT_THROW(SharedMemory::open(dup(memory->fd()), 1001), Error);
  EXPECT_THROW(SharedMemory::open(-1, 1), Error);
  EXPECT_THROW(SharedMemory::open(open("/dev/null", O_RDWR), 1), Error);
  EXPECT_EQ(SharedMemory::create(0)->data(), nullptr);
  int fd = dup(memory->fd());
  memory->data()[3] = 7;
  memory.reset();
  EXPECT_EQ(SharedMemory::open(fd, 1000)->data()[3], 7);
}

TEST(SharedMemory, AForkedChildSeesIt) {
  auto memory = SharedMemory::create(100);
  pid_t child = fork();
  if (child == 0) {
    memory->data()[0] = 5;
    _exit(0);
  }
  EXPECT_EQ(exit_code_of(child), 0);
  EXPECT_EQ(memory->data()[0], 5);
}

TEST(LeasedSegment, ComesBackToItsWriter) {
  auto segment = SharedMemory::create(4096);
  EXPECT_TRUE(take_segment(*segment));
  EXPECT_FALSE(take_segment(*segment));
  {
    LeasedSegment lease(segment);
    EXPECT_FALSE(take_segment(*segment));
  }
  EXPECT_TRUE(take_segment(*segment));
}

TEST(LeasedSegment, AForkedChildHasACopyAndTheWriterDoesNotWaitForIt) {
  auto segment = SharedMemory::create(4096);
  int to_child[2];
  ASSERT_EQ(pipe(to_child), 0);
  ASSERT_TRUE(take_segment(*segment));
  auto lease = std::make_unique<LeasedSegment>(segment);
  std::strcpy(segment->data() + kSegmentHeader, "first");
  pid_t child = fork();
  if (child == 0) {
    char byte;
    bool same = read(to_child[0], &byte, 1) == 1 && !std::strcmp(segment->data() + kSegmentHeader, "first");
    lease.reset();  // counts down nothing
    _exit(same ? 0 : 1);
  }
  lease.reset();
  bool taken = false;
  for (int i = 0; i < 2000 && !taken; i++, usleep(1000)) taken = take_segment(*segment);
  EXPECT_TRUE(taken);
  std::strcpy(segment->data() + kSegmentHeader, "second");
  EXPECT_EQ(write(to_child[1], "x", 1), 1);
  EXPECT_EQ(exit_code_of(child), 0);
  LeasedSegment again(segment);
}

}  // namespace
}  // namespace weft
