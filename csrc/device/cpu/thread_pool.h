// The threads that share the work of CPU kernels with the thread that calls one (docs/threads.md).
//
// Work is cut into chunks. Each thread of a job has a share of them, so that it meets the same part of the same tensors
// again and again, and takes over chunks of the others when it is through with its own. Nobody waits for a thread that
// has not come yet: only for chunks that somebody has begun.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>

namespace weft {

class ThreadPool {
 public:
  // Threads of a job, the caller's included.
  static constexpr int kMostThreads = 1024;

  // Runs chunk(context, i) for i = 0 .. chunks - 1 on the calling thread and up to threads - 1 others, and returns when
  // all are done. Does nothing and returns false where the caller has to work alone: in a chunk, and while another
  // thread uses the pool. After an exception the chunks that nobody has begun are left out; the exception is raised
  // here.
  bool run(int threads, int64_t chunks, void (*chunk)(void*, int64_t), void* context);

  // Is the calling thread in a chunk?
  static bool inside();

  // The one of this process. It is never destroyed: other threads may compute while the process ends.
  static ThreadPool& instance();

 private:
  ThreadPool();
  void after_fork();

  // What a thread has yet to begin: chunks first .. end - 1, as first << 32 | end. Its own are taken from the front,
  // those of others from the back.
  struct alignas(64) Share {
    std::atomic<uint64_t> range{0};
    std::atomic<int> asleep{0};  // 1 while the thread waits in the kernel for work
    bool empty() const;
    int64_t take_first();  // -1 when there is none
    int64_t take_last();
  };

  void start_workers(int count);
  void work_for_ever(int slot);
  void run_chunks(int slot);
  void run_chunk(int64_t i);
  void wait_for_others();

  static ThreadPool* const only_;

  std::atomic<bool> owned_{false};  // by a thread whose job runs
  int started_ = 0;                 // of the owner, as the job: workers that exist
  bool refused_ = false;            // the system had no thread left

  // The job. Who has taken a chunk may read it: it cannot end before that chunk is done.
  void (*chunk_)(void*, int64_t) = nullptr;
  void* context_ = nullptr;
  int64_t chunks_ = 0;
  std::exception_ptr error_;  // written by the thread that set failed_
  std::atomic<bool> failed_{false};
  std::atomic<int> members_{0};  // threads that have a share
  std::atomic<int64_t> done_{0};
  std::atomic<int> owner_asleep_{0};
  Share shares_[kMostThreads];  // the first is the owner's
};

}  // namespace weft
