// IntrusiveList: a doubly linked list whose links are part of its objects. The objects have other owners.
//
// Adding, removing and moving to the end cost a few writes and no allocation. An object that is destroyed leaves the
// list it is in by itself. `Tag` tells the lists apart of which one object may be in several at the same time.
//
// Always: an object is in one list of a tag at most.
#pragma once

#include "raft/check.h"

namespace skiff::transport {

template <class Tag>
class ListLink {
 public:
  ListLink() = default;
  ~ListLink() { unlink(); }
  ListLink(const ListLink&) = delete;
  ListLink& operator=(const ListLink&) = delete;

  bool is_linked() const { return next_ != nullptr; }
  void unlink() {
    if (!is_linked()) return;
    CHECK(previous_->next_ == this);
    CHECK(next_->previous_ == this);
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = nullptr;
  }

 private:
  template <class, class>
  friend class IntrusiveList;

  ListLink* previous_ = nullptr;
  ListLink* next_ = nullptr;
};

// `Item` derives from ListLink<Tag>.
template <class Item, class Tag>
class IntrusiveList {
 public:
  IntrusiveList() { end_.previous_ = end_.next_ = &end_; }
  ~IntrusiveList() {
    while (!is_empty()) end_.next_->unlink();
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool is_empty() const { return end_.next_ == &end_; }
  Item& front() {
    CHECK(!is_empty());
    return static_cast<Item&>(*end_.next_);
  }
  // The item first leaves the list of this tag that it is in, if any.
  void move_to_end(Item& item) {
    ListLink<Tag>& link = item;
    link.unlink();
    CHECK(!link.is_linked());
    link.previous_ = end_.previous_;
    link.next_ = &end_;
    end_.previous_->next_ = &link;
    end_.previous_ = &link;
  }
  void remove(Item& item) {
    ListLink<Tag>& link = item;
    link.unlink();
  }

 private:
  ListLink<Tag> end_;
};

}  // namespace skiff::transport
