#include "kern/vfs/rumpfs.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "kern/abi/dirent.hpp"
#include "kern/abi/errno.hpp"
#include "kern/abi/limits.hpp"
#include "kern/abi/stat.hpp"

namespace kern::vfs {
namespace {

constexpr std::uint32_t kBlockSize = 512;  // st_blksize, and the size of what is no file and no link (DEV_BSIZE)
constexpr std::uint32_t kDefaultMode = 0755;

// vtype2dt.
std::uint8_t dirent_type(VnodeType type) {
  return static_cast<std::uint8_t>(type_bits(type) >> 12U);
}

constexpr std::int64_t round_down(std::int64_t offset, std::int64_t unit) {
  return offset - offset % unit;
}

}  // namespace

RumpfsNode::RumpfsNode(Rumpfs& fs, VnodeType type, std::uint32_t mode, std::int64_t size)
    : Vnode(fs.kernel_, type), fs_(fs), data_(fs.space_) {
  const std::int64_t now = kernel_.wall_clock_ns();
  const Timespec time{.tv_sec = now / 1'000'000'000, .tv_nsec = now % 1'000'000'000};
  attributes_.mode = mode & ALLPERMS;
  attributes_.nlink = type == VnodeType::directory ? 2 : 1;
  attributes_.fileid = ++fs.last_fileid_;
  attributes_.fsid = attributes_.fileid;
  attributes_.size = size;
  attributes_.bytes = kBlockSize;
  attributes_.blocksize = kBlockSize;
  attributes_.atime = attributes_.mtime = attributes_.ctime = attributes_.birthtime = time;
}

RumpfsNode::~RumpfsNode() {
  while (!entries_.empty()) {
    drop(entries_.front());
  }
  if (!target_.empty()) {
    kernel_.kmem().deallocate(const_cast<char*>(target_.data()), target_.size());
  }
}

RumpfsNode::Entry* RumpfsNode::find(std::string_view name) {
  for (Entry& entry : entries_) {
    if (entry.name() == name) {
      return &entry;
    }
  }
  return nullptr;
}

int RumpfsNode::lookup(const ComponentName& component, const Credentials& credentials, VnodeReference& found) {
  if (!is_directory()) {
    return ENOTDIR;
  }
  if (const int error = vfs::check_access(*this, VEXEC, credentials); error != 0) {
    return error;
  }
  if (component.name == ".") {
    found = VnodeReference::to(*this);
    return 0;
  }
  if (component.name == "..") {
    if (parent_ == nullptr) {
      return ENOENT;  // it was removed
    }
    found = VnodeReference::to(*parent_);
    return 0;
  }
  Entry* entry = find(component.name);
  const bool creates = component.is_last && component.intent == NameIntent::create;
  if (entry == nullptr && !creates) {
    return ENOENT;
  }
  if (entry == nullptr || (component.is_last && component.intent == NameIntent::remove)) {
    if (const int error = vfs::check_access(*this, VWRITE, credentials); error != 0) {
      return error;
    }
  }
  if (entry != nullptr) {
    found = VnodeReference::to(*entry->node);
  }
  return 0;
}

int RumpfsNode::name_of(const Vnode& child, std::string_view& name) {
  const auto entry = std::ranges::find(entries_, &child, [](const Entry& each) { return each.node; });
  if (entry == entries_.end()) {
    return ENOENT;
  }
  name = entry->name();
  return 0;
}

int RumpfsNode::add(std::string_view name, VnodeType type, std::uint32_t mode, std::int64_t size, RumpfsNode*& made) {
  void* memory = kernel_.kmem().allocate(sizeof(Entry) + name.size());
  if (memory == nullptr) {
    return ENOSPC;
  }
  made = fs_.make_node(type, mode, size);
  if (made == nullptr) {
    kernel_.kmem().deallocate(memory, sizeof(Entry) + name.size());
    return ENOSPC;
  }
  auto* entry = new (memory) Entry{.node = made, .length = name.size(), .hook = {}};
  std::ranges::copy(name, reinterpret_cast<char*>(entry + 1));
  made->hold();
  if (type == VnodeType::directory) {
    made->parent_ = this;
  }
  entries_.push_front(*entry);
  return 0;
}

void RumpfsNode::drop(Entry& entry) {
  RumpfsNode* node = entry.node;
  entries_.erase(entries_.iterator_to(entry));
  const std::size_t bytes = sizeof(Entry) + entry.length;
  entry.~Entry();
  kernel_.kmem().deallocate(&entry, bytes);
  node->parent_ = nullptr;
  node->release();
}

int RumpfsNode::create(std::string_view name, std::uint32_t mode, VnodeReference& made) {
  RumpfsNode* node = nullptr;
  const int error = add(name, VnodeType::regular, mode, 0, node);
  made = VnodeReference(node);
  return error;
}

int RumpfsNode::mkdir(std::string_view name, std::uint32_t mode, VnodeReference& made) {
  RumpfsNode* node = nullptr;
  const int error = add(name, VnodeType::directory, mode, kBlockSize, node);
  made = VnodeReference(node);
  return error;
}

int RumpfsNode::symlink(std::string_view name, std::uint32_t mode, std::string_view target) {
  char* copy = nullptr;
  if (!target.empty()) {
    copy = static_cast<char*>(kernel_.kmem().allocate(target.size()));
    if (copy == nullptr) {
      return ENOSPC;
    }
    std::ranges::copy(target, copy);
  }
  RumpfsNode* node = nullptr;
  if (const int error = add(name, VnodeType::link, mode, static_cast<std::int64_t>(target.size()), node); error != 0) {
    if (copy != nullptr) {
      kernel_.kmem().deallocate(copy, target.size());
    }
    return error;
  }
  node->target_ = {copy, target.size()};
  node->release();
  return 0;
}

int RumpfsNode::make_device(std::string_view name, std::uint32_t mode, std::uint64_t device, DeviceOpen device_open) {
  RumpfsNode* node = nullptr;
  if (const int error = add(name, VnodeType::character_device, mode, kBlockSize, node); error != 0) {
    return error;
  }
  node->attributes_.rdev = device;
  node->device_open_ = device_open;
  node->release();
  return 0;
}

int RumpfsNode::remove(std::string_view name, Vnode& vnode) {
  Entry* entry = find(name);
  SIM_ASSERT(entry != nullptr && entry->node == &vnode);
  drop(*entry);
  return 0;
}

int RumpfsNode::rmdir(std::string_view name, Vnode& vnode) {
  if (!static_cast<RumpfsNode&>(vnode).entries_.empty()) {
    return ENOTEMPTY;
  }
  return remove(name, vnode);
}

int RumpfsNode::readdir(Uio& uio) {
  // Positions count entries from the newest, as 32-bit numbers that the original counts back by one when an entry does
  // not fit. So the entry before comes again in the next call, and a buffer that is too small for the first one ends
  // the directory.
  std::uint32_t position = 0;
  auto entry = entries_.begin();
  while (entry != entries_.end() && position < uio.offset) {
    ++entry;
    ++position;
  }
  int error = 0;
  Dirent dirent;
  for (; entry != entries_.end() && uio.residual > 0; ++entry, ++position) {
    const std::string_view name = entry->name();
    dirent.d_fileno = entry->node->attributes_.fileid;
    dirent.d_reclen = static_cast<std::uint16_t>(dirent_size(name.size()));
    dirent.d_namlen = static_cast<std::uint16_t>(name.size());
    dirent.d_type = dirent_type(entry->node->type());
    std::ranges::fill(std::span(dirent.d_name).first(dirent.d_reclen - offsetof(Dirent, d_name)), '\0');
    std::ranges::copy(name, dirent.d_name);
    if (uio.residual < dirent.d_reclen) {
      --position;
      break;
    }
    error = uiomove(std::as_writable_bytes(std::span(&dirent, 1)).first(dirent.d_reclen), uio);
    if (error != 0) {
      --position;
      break;
    }
  }
  uio.offset = position;
  return error;
}

int RumpfsNode::read(Uio& uio) {
  if (is_directory()) {
    return EISDIR;
  }
  const auto size = static_cast<std::int64_t>(data_.size());
  if (uio.residual > 0 && uio.offset > size) {
    const std::int64_t end_of_blocks = round_down(size + kBlockSize - 1, kBlockSize);
    const auto last = static_cast<std::uint64_t>(uio.offset) + uio.residual - 1;
    constexpr std::uint64_t kPage = FileData::kBlockBytes;
    return last / kPage * kPage >= static_cast<std::uint64_t>(end_of_blocks) ? EINVAL : 0;
  }
  // Page by page, as the original goes through the page cache: each is a copyout.
  std::array<std::byte, FileData::kBlockBytes> page;
  while (uio.residual > 0 && uio.offset < size) {
    const auto offset = static_cast<std::uint64_t>(uio.offset);
    const std::size_t bytes = std::min({FileData::kBlockBytes - offset % FileData::kBlockBytes, uio.residual,
                                        static_cast<std::size_t>(size - uio.offset)});
    std::span<std::byte> piece = data_.piece(offset);
    if (piece.size() < bytes) {  // a hole, or one begins in it
      piece = std::span(page).first(bytes);
      data_.copy_out(offset, piece);
    }
    if (const int error = uiomove(piece.first(bytes), uio); error != 0) {
      return error;
    }
  }
  return 0;
}

int RumpfsNode::write(Uio& uio, bool append) {
  if (type() != VnodeType::regular) {
    return is_directory() ? EISDIR : EOPNOTSUPP;
  }
  const std::uint64_t old_size = data_.size();
  if (append) {
    uio.offset = static_cast<std::int64_t>(old_size);
  }
  const auto start = static_cast<std::uint64_t>(uio.offset);
  constexpr auto kMost = static_cast<std::uint64_t>(Rumpfs::kMaximumFileBytes);
  if (start > kMost || uio.residual > kMost - start) {
    return ENOSPC;
  }
  if (!data_.reserve(start, uio.residual)) {
    data_.truncate(old_size);
    return ENOSPC;
  }
  const std::uint64_t end = start + uio.residual;
  while (uio.residual > 0) {
    const auto offset = static_cast<std::uint64_t>(uio.offset);
    const std::size_t bytes = std::min(FileData::kBlockBytes - offset % FileData::kBlockBytes, uio.residual);
    if (const int error = uiomove(data_.piece(offset).first(bytes), uio); error != 0) {
      data_.truncate(old_size);
      return error;
    }
  }
  data_.extend(end);
  return 0;
}

int RumpfsNode::readlink(std::string_view& target) {
  if (type() != VnodeType::link) {
    return EINVAL;
  }
  target = target_;
  return 0;
}

VnodeAttributes RumpfsNode::attributes() {
  VnodeAttributes attributes = attributes_;
  if (type() == VnodeType::regular) {
    attributes.size = static_cast<std::int64_t>(data_.size());
  }
  return attributes;
}

int RumpfsNode::set_attributes(const AttributeChanges& changes, const Credentials& credentials) {
  if (changes.mode) {
    if (const int error = check_change_mode(type(), attributes_, *changes.mode, credentials); error != 0) {
      return error;
    }
    attributes_.mode = *changes.mode & ALLPERMS;
  }
  if (changes.size && type() == VnodeType::regular) {
    if (*changes.size > Rumpfs::kMaximumFileBytes) {
      return ENOSPC;
    }
    data_.truncate(static_cast<std::uint64_t>(*changes.size));
  }
  return 0;
}

int RumpfsNode::open(int flags, File*& device) {
  device = nullptr;
  if (type() == VnodeType::block_device || (type() == VnodeType::character_device && device_open_ == nullptr)) {
    return ENXIO;
  }
  return type() == VnodeType::character_device ? device_open_(kernel_, attributes_.rdev, flags, device) : 0;
}

int RumpfsNode::check_flags(int flags) {
  static_cast<void>(flags);
  return EINVAL;
}

void RumpfsNode::reclaim() {
  fs_.bury(*this);
}

int Rumpfs::mount() {
  root_ = make_node(VnodeType::directory, kDefaultMode, kBlockSize);
  if (root_ == nullptr) {
    return ENOMEM;
  }
  root_->is_root_ = true;
  root_->parent_ = root_;
  return 0;
}

RumpfsNode* Rumpfs::make_node(VnodeType type, std::uint32_t mode, std::int64_t size) {
  return kernel_.kmem().create<RumpfsNode>(*this, type, mode, size);
}

void Rumpfs::bury(RumpfsNode& node) {
  dead_.push_back(node);
  if (burying_) {
    return;
  }
  burying_ = true;
  while (!dead_.empty()) {
    RumpfsNode& next = dead_.front();
    dead_.pop_front();
    kernel_.kmem().destroy(&next);
  }
  burying_ = false;
}

}  // namespace kern::vfs
