// SPDX-License-Identifier: Apache-2.0
//
// Writes marked texts from inlined functions, members, lambdas and through the standard library.
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>

namespace storage {

class Store {
 public:
  [[gnu::noinline]] void save(const std::string& text) {
    put(text);  // line of storage::Store::save
    count_ = count_ + 1;
  }
  [[gnu::noinline]] void stream(const std::string& text) {
    std::cout << text << std::flush;  // line of storage::Store::stream
    count_ = count_ + 1;
  }
  [[nodiscard]] int count() const { return count_; }

 private:
  [[gnu::always_inline]] void put(const std::string& text) {
    put_raw(text.data(), text.size());  // line of storage::Store::put
  }
  [[gnu::always_inline]] static void put_raw(const char* data, std::size_t size) {
    if (write(STDOUT_FILENO, data, size) < 0) std::abort();  // line of storage::Store::put_raw
  }

  volatile int count_ = 0;
};

}  // namespace storage

int main() {
  storage::Store store;
  const std::function<void()> all = [&store] {
    store.save("MARK");  // line of the lambda
    store.stream("MARK");
  };
  all();
  return store.count() == 2 ? 0 : 1;
}
