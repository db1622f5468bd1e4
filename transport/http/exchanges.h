// Exchanges: the requests of one connection whose answers were not sent yet, oldest first.
//
// Requests are numbered from 1 in the order in which they came, and answers leave in that order. An answer may be given
// earlier than those before it; it waits here.
//
// Always: the numbers are those of one range, without a gap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "raft/check.h"
#include "transport/http/message.h"

namespace skiff::transport {

// One request, and its answer.
struct Exchange {
  bool is_head = false;
  bool is_last = false;  // the connection closes after this answer
  bool is_answered = false;
  bool takes_chunks = true;
  bool has_begun = false;  // its head has been sent, and its body is being generated
  Response response;
  std::string reader;  // a page of another origin that may read it; mostly empty
};

class Exchanges {
 public:
  bool empty() const { return waiting_.empty(); }
  size_t size() const { return waiting_.size(); }
  // The number that the next exchange gets.
  uint64_t next_number() const { return first_number_ + waiting_.size(); }
  void add(Exchange&& exchange) { waiting_.push_back(std::move(exchange)); }

  bool has(uint64_t number) const { return number >= first_number_ && number - first_number_ < waiting_.size(); }
  // Requires: has(number).
  Exchange& at(uint64_t number) {
    CHECK(has(number));
    return waiting_[number - first_number_];
  }
  // Whether no answer must leave before that one.
  bool is_first(uint64_t number) const { return number == first_number_; }

  // Requires: !empty().
  Exchange& front() { return waiting_.front(); }
  // Whether the body of the first one is being generated.
  bool is_streaming() const { return !waiting_.empty() && waiting_.front().has_begun; }
  // The first one has been sent. Requires: it is answered.
  void pop_front() {
    CHECK(!waiting_.empty());
    CHECK(waiting_.front().is_answered);
    waiting_.pop_front();
    ++first_number_;
  }

 private:
  std::deque<Exchange> waiting_;
  uint64_t first_number_ = 1;  // of waiting_.front()
};

}  // namespace skiff::transport
