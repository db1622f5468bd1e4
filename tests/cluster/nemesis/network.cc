#include "tests/cluster/nemesis/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "raft/check.h"

namespace skiff::cluster_test {
namespace {

constexpr int kPacketBytesMax = 16'000;
constexpr std::chrono::milliseconds kLongestQueue{300};  // of a slow link: packets that would wait longer are lost

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::fputs("a network of its own needs root and /dev/net/tun\n", stderr);
  std::_Exit(2);
}

int needed(int result, const char* what) {
  if (result < 0) give_up(what);
  return result;
}

int open_device() {
  int device = needed(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "/dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strcpy(request.ifr_name, "net0");
  needed(ioctl(device, TUNSETIFF, &request), "a TUN device");
  return device;
}

void bring_up(const char* device, const std::string& address) {
  int socket = needed(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "a socket");
  ifreq request{};
  std::strcpy(request.ifr_name, device);
  if (!address.empty()) {
    sockaddr_in value{};
    value.sin_family = AF_INET;
    inet_pton(AF_INET, address.c_str(), &value.sin_addr);
    std::memcpy(&request.ifr_addr, &value, sizeof value);
    needed(ioctl(socket, SIOCSIFADDR, &request), "the address of a device");
    inet_pton(AF_INET, "255.255.255.0", &value.sin_addr);
    std::memcpy(&request.ifr_netmask, &value, sizeof value);
    needed(ioctl(socket, SIOCSIFNETMASK, &request), "the netmask of a device");
    request.ifr_mtu = kPacketBytesMax;
    needed(ioctl(socket, SIOCSIFMTU, &request), "the packets of a device");
  }
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  needed(ioctl(socket, SIOCSIFFLAGS, &request), "bringing a device up");
  close(socket);
}

int open_own_namespace() { return needed(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "a namespace"); }

// The destination of an IPv4 packet; the addresses of hosts differ in the last byte.
constexpr size_t kVersionAt = 0, kLastOfDestinationAt = 19, kHeaderBytes = 20;
constexpr int kOurNumber = 200;

}  // namespace

Network::Network(int nodes, uint64_t seed)
    : hosts_(static_cast<size_t>(nodes) + 1), links_(hosts_.size() * hosts_.size()), random_(seed) {
  wake_ = eventfd(0, EFD_CLOEXEC);
  const int home = open_own_namespace();
  for (int host = 0; host <= nodes; ++host) open_host(host);
  needed(setns(home, CLONE_NEWNET), "going home");
  close(home);
  thread_ = std::thread([this] { run(); });
}

void Network::open_host(int host) {
  if (host > 0) needed(unshare(CLONE_NEWNET), "a network namespace");
  bring_up("lo", "");
  Host& made = hosts_[static_cast<size_t>(host)];
  made.device = open_device();
  bring_up("net0", address(host));
  made.name_space = open_own_namespace();
}

Network::~Network() {
  const uint64_t one = 1;
  CHECK(write(wake_, &one, sizeof one) == sizeof one);
  thread_.join();
  for (const Host& host : hosts_) {
    close(host.device);
    close(host.name_space);
  }
  close(wake_);
}

std::string Network::address(int host) { return "10.77.0." + std::to_string(host == 0 ? kOurNumber : host); }

std::vector<std::string> Network::enter(int host) const {
  const std::string descriptors = "/proc/" + std::to_string(getpid()) + "/fd/";
  return {"nsenter", "--net=" + descriptors + std::to_string(hosts_[static_cast<size_t>(host)].name_space), "--"};
}

void Network::set(int from, int to, const Weather& weather) {
  std::lock_guard lock(mutex_);
  link(from, to).weather = weather;
}

void Network::set_both(int one, int other, const Weather& weather) {
  set(one, other, weather);
  set(other, one, weather);
}

void Network::isolate(int node) {
  for (int other = 1; other < static_cast<int>(hosts_.size()); ++other) {
    if (other != node) set_both(node, other, {.is_cut = true});
  }
}

void Network::heal() {
  std::lock_guard lock(mutex_);
  for (Link& link : links_) link.weather = {};
}

Network::Counts Network::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

void Network::run() {
  std::vector<pollfd> polled;
  for (const Host& host : hosts_) polled.push_back({host.device, POLLIN, 0});
  polled.push_back({wake_, POLLIN, 0});
  while (true) {
    poll(polled.data(), polled.size(), wait_ms());
    if (polled.back().revents != 0) return;
    std::lock_guard lock(mutex_);
    for (size_t host = 0; host < hosts_.size(); ++host) {
      if (polled[host].revents != 0) read_all(static_cast<int>(host));
    }
    deliver_what_is_due();
  }
}

// Only this thread touches the queue, so it may look without the lock.
int Network::wait_ms() const {
  if (waiting_.empty()) return -1;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(waiting_.top().due - Clock::now()).count();
  return static_cast<int>(std::max<long>(left, 0));
}

void Network::read_all(int from) {
  char bytes[kPacketBytesMax];
  while (true) {
    ssize_t count = read(hosts_[static_cast<size_t>(from)].device, bytes, sizeof bytes);
    if (count <= 0) return;
    route(from, std::string(bytes, static_cast<size_t>(count)));
  }
}

void Network::route(int from, std::string bytes) {
  if (bytes.size() < kHeaderBytes || (bytes[kVersionAt] >> 4 & 15) != 4) return;
  int to = static_cast<unsigned char>(bytes[kLastOfDestinationAt]);
  if (to == kOurNumber) to = 0;
  if (to >= static_cast<int>(hosts_.size())) return;
  Link& way = link(from, to);
  if (way.weather.is_cut) {
    ++counts_.cut;
    return;
  }
  const Clock::time_point now = Clock::now(), due = due_on(way, bytes.size(), now);
  if (happens(way.weather.loss_percent) || due > now + kLongestQueue) {
    ++counts_.lost;
    return;
  }
  if (happens(way.weather.repeat_percent)) {
    ++counts_.repeated;
    waiting_.push({.due = due, .number = ++packets_, .to = to, .bytes = bytes});
  }
  if (due <= now) return deliver(to, bytes);
  ++counts_.delayed;
  waiting_.push({.due = due, .number = ++packets_, .to = to, .bytes = std::move(bytes)});
}

Network::Clock::time_point Network::due_on(Link& link, size_t bytes, Clock::time_point now) {
  const Weather& weather = link.weather;
  Clock::time_point due = now + std::chrono::microseconds(weather.delay_us);
  if (weather.jitter_us > 0) {
    due += std::chrono::microseconds(std::uniform_int_distribution(0, weather.jitter_us)(random_));
  }
  if (weather.bytes_per_second == 0) return due;
  link.free_at = std::min(std::max(link.free_at, now), now + kLongestQueue);
  link.free_at += std::chrono::nanoseconds(bytes * 1'000'000'000 / weather.bytes_per_second);
  return due + (link.free_at - now);
}

// A device whose queue is full drops the packet, as real devices do.
void Network::deliver(int to, const std::string& bytes) {
  const bool taken = write(hosts_[static_cast<size_t>(to)].device, bytes.data(), bytes.size()) > 0;
  ++(taken ? counts_.delivered : counts_.lost);
}

void Network::deliver_what_is_due() {
  while (!waiting_.empty() && waiting_.top().due <= Clock::now()) {
    deliver(waiting_.top().to, waiting_.top().bytes);
    waiting_.pop();
  }
}

}  // namespace skiff::cluster_test
