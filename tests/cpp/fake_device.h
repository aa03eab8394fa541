// FakeDevice: a DeviceMemory in host memory whose streams stand still until the test lets them go on.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "fake_system_memory.h"
#include "memory/device_allocator.h"

namespace weft {

class FakeDevice : public DeviceMemory {
 public:
  explicit FakeDevice(size_t total, bool whole = false) : total_(total), whole_(whole) {}

  std::unique_ptr<SystemMemory> open_region() override { return std::make_unique<Region>(*this); }
  size_t total() override { return total_; }
  size_t available() override { return total_ - mapped; }
  uintptr_t current_pool() override { return graph ? graph : stream; }
  Event record(Stream s) override {
    if (s == recorded_stream) return 0;
    events_[++last_event_] = {s, given[s]};
    return last_event_;
  }
  bool passed(Event e) override {
    auto it = events_.find(e);
    EXPECT_NE(it, events_.end()) << "asked for an event that is gone";
    if (done[it->second.first] < it->second.second) return false;
    events_.erase(it);
    return true;
  }
  void synchronize() override {
    synchronized++;
    for (auto& [s, n] : given) done[s] = n;
  }
  bool may_wait() override { return graph == 0; }

  size_t open_events() const { return events_.size(); }

  Stream stream = 0;
  uintptr_t graph = 0;  // the pool of the graph being recorded
  Stream recorded_stream = ~Stream{0};
  std::map<Stream, int> given, done;  // pieces of work
  int synchronized = 0;
  size_t mapped = 0;
  int failing_unmaps = 0;

 private:
  // One region's address space, which counts what the whole device has mapped.
  class Region : public FakeSystemMemory {
   public:
    explicit Region(FakeDevice& device) : FakeSystemMemory(device.total_), device_(device) {}
    ~Region() override { device_.mapped -= mapped(); }
    void* map(size_t nbytes) override {
      if (device_.mapped + nbytes > device_.total_) return nullptr;
      void* data = FakeSystemMemory::map(nbytes);
      if (data) device_.mapped += nbytes;
      return data;
    }
    size_t unmap(void* data, size_t nbytes) noexcept override {
      if (device_.failing_unmaps > 0 && device_.failing_unmaps--) {
        nbytes = nbytes / 2 / kHugePage * kHugePage;  // it stops on the way
        if (nbytes == 0) return 0;
      }
      device_.mapped -= nbytes;
      return FakeSystemMemory::unmap(data, nbytes);
    }
    std::string unmap_problem() const override { return "the fake device failed"; }
    bool whole_mappings_only() const override { return device_.whole_; }

   private:
    FakeDevice& device_;
  };

  size_t total_;
  bool whole_;
  Event last_event_ = 0;
  std::map<Event, std::pair<Stream, int>> events_;
};

}  // namespace weft
