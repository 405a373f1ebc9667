// From a path to a vnode, namei(9), as vfs_lookup.c of 2016.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "kern/abi/limits.hpp"
#include "kern/vfs/vnode.hpp"

namespace kern::vfs {

/// Whether a link that the path ends with is followed. Links in the middle, and before a trailing slash, always are.
enum class FinalLink : std::uint8_t { follow, keep };
/// CREATEDIR: whether a name that shall be created may end with slashes.
enum class Creates : std::uint8_t { file, directory };

/// struct nameidata: one path on its way. Set the path, call `find`, use what it found; the end of the scope lets go of
/// it. Takes about a kilobyte of stack.
class Namei {
 public:
  /// Looks up for the lwp, by the credentials of its process.
  Namei(Lwp& lwp, NameIntent intent, FinalLink final_link, Creates creates = Creates::file);
  ~Namei() { release_parent(); }
  Namei(const Namei&) = delete;
  Namei& operator=(const Namei&) = delete;

  /// pathbuf_copyin: takes the path from the process. EFAULT, ENAMETOOLONG.
  [[nodiscard]] int copy_path(UserAddress path);
  /// The same for a path of the kernel's own. ENAMETOOLONG.
  [[nodiscard]] int set_path(std::string_view path);
  /// Of another than the process's credentials, for access(2). They outlive this object.
  void use_credentials(const Credentials& credentials) { credentials_ = &credentials; }

  /// Walks the path. Afterwards `vnode` is what it leads to. With an intent, `parent` is the directory of the last
  /// name, locked until `release_parent`; with NameIntent::create, `vnode` may be empty: the name is free. ENOENT,
  /// ENOTDIR, EACCES, ENAMETOOLONG, ELOOP; EEXIST or EBUSY with an intent on the root, which has no parent. May sleep.
  [[nodiscard]] int find();

  /// The last name. Valid while this object is.
  [[nodiscard]] std::string_view name() const { return name_; }
  /// Unlocks and forgets the parent.
  void release_parent();

  VnodeReference vnode;
  VnodeReference parent;

 private:
  [[nodiscard]] std::string_view rest() const { return {path_.data() + next_, end_ - next_}; }
  void skip_slashes();
  /// Cuts the next name off the rest.
  [[nodiscard]] int parse_name();
  [[nodiscard]] int lookup_in(Vnode& directory, VnodeReference& found);
  [[nodiscard]] bool must_follow(const Vnode& found) const;
  /// Puts the target of `link` in front of the rest.
  [[nodiscard]] int follow(Vnode& link);

  Lwp& lwp_;
  const Credentials* credentials_;
  const NameIntent intent_;
  const FinalLink final_link_;
  const Creates creates_;
  std::array<char, MAXPATHLEN> path_;
  std::size_t next_ = 0;  ///< Where the rest begins.
  std::size_t end_ = 0;
  std::string_view name_;
  std::size_t slashes_ = 0;  ///< Behind the name: with any, it must be a directory (REQUIREDIR).
  int links_followed_ = 0;
};

}  // namespace kern::vfs
