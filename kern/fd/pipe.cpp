#include "kern/fd/pipe.hpp"

#include <algorithm>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/limits.hpp"
#include "kern/abi/stat.hpp"
#include "kern/core/condvar.hpp"
#include "kern/fd/pipe_buffer.hpp"
#include "kern/kernel.hpp"

namespace kern {
namespace {

Timespec now(const Kernel& kernel) {
  const std::int64_t ns = kernel.wall_clock_ns();
  return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

// What both ends share. It goes with the last end. A call in progress holds its end, so none is inside by then.
class Pipe {
 public:
  explicit Pipe(Kernel& kernel)
      : kernel_(kernel),
        lock_(kernel, "pipe"),
        readable_(kernel, "piperd"),
        writable_(kernel, "pipewr"),
        transfer_over_(kernel, "pipelk"),
        buffer_(kernel.kmem(), kPipeSize),
        created_(now(kernel)),
        accessed_(created_),
        modified_(created_) {}
  ~Pipe() { kernel_.big_pipes() -= buffer_.size() > kPipeSize ? 1 : 0; }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int read(Uio& uio, const File& end);
  [[nodiscard]] int write(Uio& uio, const File& end);
  void stat(const File& end, Stat& stat);
  void restart(const File& end);
  /// The pipe is gone when both ends are.
  void close(const File& end);

 private:
  // The lock is dropped while bytes are copied, which may sleep. Who copies holds the transfer meanwhile (pipelock):
  // nobody else touches the buffer. lock_ is held by the caller of each.
  [[nodiscard]] int begin_transfer();
  void end_transfer();
  [[nodiscard]] int put(std::size_t bytes, Uio& uio);
  [[nodiscard]] int take(Uio& uio);
  void wake(Condvar& condvar);

  Kernel& kernel_;
  Mutex lock_;
  Condvar readable_;
  Condvar writable_;
  Condvar transfer_over_;
  bool in_transfer_ = false;
  bool has_reader_ = true;
  bool has_writer_ = true;
  PipeBuffer buffer_;
  Timespec created_;
  Timespec accessed_;
  Timespec modified_;
};

class PipeEnd final : public File {
 public:
  PipeEnd(Lwp& lwp, Pipe& pipe, int its_flags)
      : File(lwp.kernel), pipe_(pipe), uid_(lwp.proc->credentials.euid), gid_(lwp.proc->credentials.egid) {
    flags = its_flags;
  }

  [[nodiscard]] int read(Uio& uio, OffsetUse) override { return pipe_.read(uio, *this); }
  [[nodiscard]] int write(Uio& uio, OffsetUse) override { return pipe_.write(uio, *this); }
  [[nodiscard]] int stat(Lwp&, Stat& stat) override {
    pipe_.stat(*this, stat);
    stat.st_uid = uid_;
    stat.st_gid = gid_;
    return 0;
  }
  void restart() override { pipe_.restart(*this); }

 private:
  void close() override {
    pipe_.close(*this);
    kernel_.kmem().destroy(this);
  }

  Pipe& pipe_;
  std::uint32_t uid_;
  std::uint32_t gid_;
};

int Pipe::begin_transfer() {
  while (in_transfer_) {
    if (const int error = transfer_over_.wait_interruptibly(lock_); error != 0) {
      return error;
    }
  }
  in_transfer_ = true;
  return 0;
}

void Pipe::end_transfer() {
  in_transfer_ = false;
  wake(transfer_over_);  // all: one that was interrupted would swallow a single wake-up
}

void Pipe::wake(Condvar& condvar) {
  if (condvar.has_waiters()) {
    condvar.broadcast();
  }
}

int Pipe::take(Uio& uio) {
  const std::span<std::byte> bytes = buffer_.front(uio.residual);
  lock_.exit();
  const int error = uiomove(bytes, uio);
  lock_.enter();
  if (error == 0) {
    buffer_.consume(bytes.size());
  }
  return error;  // bytes that could not be delivered stay in the pipe
}

int Pipe::read(Uio& uio, const File& end) {
  const MutexGuard guard(lock_);
  const std::size_t wanted = uio.residual;
  int error = begin_transfer();
  if (error != 0) {
    return error;
  }
  while (uio.residual > 0) {
    if (!buffer_.empty()) {
      error = take(uio);
      if (error != 0) {
        break;
      }
      continue;
    }
    if (uio.residual < wanted || !has_writer_) {
      break;
    }
    if (end.is_nonblocking()) {
      error = EAGAIN;
      break;
    }
    end_transfer();
    error = descriptor_is_closed(uio) ? ERESTART : readable_.wait_interruptibly(lock_);
    if (error == 0) {
      error = begin_transfer();
    }
    if (error != 0) {
      return error;
    }
  }
  if (error == 0) {
    accessed_ = now(kernel_);
  }
  end_transfer();
  if (buffer_.count() < kPipeLowWater) {
    wake(writable_);
  }
  return error;
}

int Pipe::put(std::size_t bytes, Uio& uio) {
  const auto [first, second] = buffer_.reserve(bytes);
  if (first.empty()) {
    return ENOMEM;
  }
  lock_.exit();
  int error = uiomove(first, uio);
  if (error == 0) {
    error = uiomove(second, uio);
  }
  lock_.enter();
  if (error == 0) {
    buffer_.commit(bytes);
  }
  return error;
}

int Pipe::write(Uio& uio, const File& end) {
  const MutexGuard guard(lock_);
  if (!has_reader_) {
    return EPIPE;
  }
  int error = begin_transfer();
  if (error != 0) {
    return error;
  }
  const std::size_t wanted = uio.residual;
  const bool is_atomic = wanted <= PIPE_BUF;
  if (wanted > kPipeSize && buffer_.size() == kPipeSize && buffer_.empty() && kernel_.big_pipes() < kMaximumBigPipes) {
    buffer_.widen(kBigPipeSize);
    ++kernel_.big_pipes();
  }
  while (uio.residual > 0) {
    const std::size_t space = buffer_.space();
    if (space > 0 && (!is_atomic || space >= uio.residual)) {
      error = put(std::min(space, uio.residual), uio);
      if (error != 0) {
        break;
      }
      continue;
    }
    wake(readable_);
    if (end.is_nonblocking()) {
      error = EAGAIN;
      break;
    }
    if (descriptor_is_closed(uio)) {
      error = ERESTART;
      break;
    }
    end_transfer();
    error = writable_.wait_interruptibly(lock_);
    if (error == 0) {
      error = begin_transfer();
    }
    if (error != 0) {
      return error;
    }
    if (!has_reader_) {
      error = EPIPE;
      break;
    }
  }
  if (error == ENOMEM && uio.residual < wanted) {
    error = 0;  // what is in the pipe counts; the next write meets the shortage
  }
  if (!buffer_.empty()) {
    wake(readable_);
  }
  if (error == 0) {
    modified_ = now(kernel_);
  }
  end_transfer();
  return error;
}

// pipe_stat. Bytes and times of transfers are the read end's; the write end tells the size of its peer's buffer.
void Pipe::stat(const File& end, Stat& stat) {
  const MutexGuard guard(lock_);
  stat = {};
  stat.st_mode = S_IFIFO | S_IRUSR | S_IWUSR;
  stat.st_birthtim = created_;
  stat.st_ctim = created_;
  if (end.is_readable()) {
    stat.st_size = static_cast<std::int64_t>(buffer_.count());
    stat.st_blocks = buffer_.empty() ? 0 : 1;
  }
  stat.st_blksize = has_reader_ ? static_cast<std::int32_t>(buffer_.size()) : 0;
  stat.st_atim = end.is_readable() ? accessed_ : created_;
  stat.st_mtim = end.is_readable() ? modified_ : created_;
}

void Pipe::restart(const File& end) {
  const MutexGuard guard(lock_);
  wake(end.is_readable() ? readable_ : writable_);
}

void Pipe::close(const File& end) {
  bool is_last = false;
  {
    const MutexGuard guard(lock_);
    (end.is_readable() ? has_reader_ : has_writer_) = false;
    is_last = !has_reader_ && !has_writer_;
    wake(readable_);
    wake(writable_);
  }
  if (is_last) {
    kernel_.kmem().destroy(this);
  }
}

}  // namespace

int make_pipe(Lwp& lwp, int flags, FileReference& read_end, FileReference& write_end) {
  Kmem& kmem = lwp.kernel.kmem();
  auto* pipe = kmem.create<Pipe>(lwp.kernel);
  auto* reader = pipe == nullptr ? nullptr : kmem.create<PipeEnd>(lwp, *pipe, FREAD | flags);
  auto* writer = reader == nullptr ? nullptr : kmem.create<PipeEnd>(lwp, *pipe, FWRITE | flags);
  if (writer == nullptr) {
    kmem.destroy(reader);
    kmem.destroy(pipe);
    return ENOMEM;
  }
  read_end = FileReference(reader);
  write_end = FileReference(writer);
  return 0;
}

}  // namespace kern
