// Cap'n Proto 0.9.2 (Debian 12) leaves `const char* == kj::StringPtr` to C++20's reversed comparison, which Clang 16
// and later no longer form for a class that has operator!= too (P2468). Its own header capnp/blob.h needs the
// comparison, so it is declared here, ahead of that header, by a forced include (see cmake/Dependencies.cmake).
#pragma once

#include <kj/string.h>

namespace kj {

inline bool operator==(const char* left, const StringPtr& right) {
  return StringPtr(left) == right;
}
inline bool operator!=(const char* left, const StringPtr& right) {
  return StringPtr(left) != right;
}
inline bool operator==(const char* left, const String& right) {
  return StringPtr(left) == StringPtr(right);
}
inline bool operator!=(const char* left, const String& right) {
  return StringPtr(left) != StringPtr(right);
}

}  // namespace kj
