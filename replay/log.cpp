#include "replay/log.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "kern/core/events.hpp"
#include "kern/sysproxy/frame_text.hpp"
#include "replay/escape.hpp"

namespace replay {
namespace {

using Direction = CallRecord::Direction;
using Json = nlohmann::ordered_json;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string id_text(sim::CpuId cpu) {
  return cpu.is_none() ? "-" : fmt::format("{}", cpu.value);
}

std::string joined(std::span<const std::string> texts) {
  return fmt::format("{}", fmt::join(texts, ", "));
}

// NetBSD's signals, as <signal.h> numbers them.
std::string signal_text(std::uint64_t number) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"",     "HUP", "INT",  "QUIT", "ILL",    "TRAP", "ABRT",  "EMT",  "FPE",  "KILL", "BUS",
       "SEGV", "SYS", "PIPE", "ALRM", "TERM",   "URG",  "STOP",  "TSTP", "CONT", "CHLD", "TTIN",
       "TTOU", "IO",  "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "INFO", "USR1", "USR2", "PWR"});
  return number == 0 || number >= kNames.size() ? fmt::format("signal {}", number)
                                                : fmt::format("SIG{}", kNames[number]);
}

std::string frame_text(const sim::Event& event) {
  if (event.data.size() < kern::sysproxy::kHeaderSize) {
    return fmt::format("{} bytes", event.data.size());
  }
  const auto header = kern::sysproxy::parse_header(event.data.first<kern::sysproxy::kHeaderSize>());
  return kern::sysproxy::describe(header, event.data.subspan(kern::sysproxy::kHeaderSize));
}

Json cpu_value(sim::CpuId cpu) {
  return cpu.is_none() ? Json(nullptr) : Json(cpu.value);
}

}  // namespace

SyscallLog::SyscallLog(LogFormat format, Sink sink) : format_(format), sink_(std::move(sink)) {}

void SyscallLog::write_heading() {
  if (format_ == LogFormat::text) {
    sink_(fmt::format("{:>10} {:>13} {:>4}  {:<8}  {}", "step", "time", "cpu", "who", "event"));
  }
}

void SyscallLog::on_event(const sim::Event& event) {
  if (event.kind == sim::EventKind::halt) {
    note(event);
    return;
  }
  switch (static_cast<kern::KernelEvent>(event.kind)) {
    case kern::KernelEvent::syscall_enter:
      enter(event);
      return;
    case kern::KernelEvent::syscall_exit:
      leave(event);
      return;
    case kern::KernelEvent::copyin:
      copy(event, Direction::in);
      return;
    case kern::KernelEvent::copyout:
      copy(event, Direction::out);
      return;
    case kern::KernelEvent::frame_in:
    case kern::KernelEvent::frame_out:
      frame(event);
      return;
    case kern::KernelEvent::console_output:
    case kern::KernelEvent::message:
    case kern::KernelEvent::signal:
    case kern::KernelEvent::client_new:
    case kern::KernelEvent::client_gone:
      note(event);
      return;
    default:
      return;  // of no interest to who reads calls and frames
  }
}

void SyscallLog::finish() {
  cut_pending();
  if (format_ == LogFormat::json) {
    for (const OpenCall& call : open_) {
      write_call_object(call, nullptr);
    }
  }
  open_.clear();
}

SyscallLog::OpenCall* SyscallLog::open_call(sim::FiberId fiber) {
  // The innermost, should a call ever make another.
  const auto found =
      std::find_if(open_.rbegin(), open_.rend(), [&](const OpenCall& call) { return call.fiber == fiber; });
  return found == open_.rend() ? nullptr : &*found;
}

void SyscallLog::enter(const sim::Event& event) {
  cut_pending();
  OpenCall& call = open_.emplace_back();
  call.fiber = event.fiber;
  call.entered = {.step = event.step, .now = event.now, .cpu = event.cpu};
  call.pid = static_cast<std::uint32_t>(event.b);
  call.lid = static_cast<std::uint32_t>(event.c);
  call.record.number = static_cast<std::uint32_t>(event.a);
  call.record.arguments.resize(event.data.size() / sizeof(std::uint64_t));
  if (!call.record.arguments.empty()) {
    std::memcpy(call.record.arguments.data(), event.data.data(), call.record.arguments.size() * sizeof(std::uint64_t));
  }
}

void SyscallLog::copy(const sim::Event& event, Direction direction) {
  OpenCall* call = open_call(event.fiber);
  if (call != nullptr && event.c == 0) {
    call->record.add_copy(direction, event.a, event.data);
  }
}

void SyscallLog::leave(const sim::Event& event) {
  OpenCall* call = open_call(event.fiber);
  if (call == nullptr) {
    return;  // entered before the log began
  }
  CallRecord::End end;
  end.error = static_cast<int>(event.b);
  std::memcpy(end.result.value.data(), event.data.data(), std::min(event.data.size(), sizeof end.result.value));
  call->record.end = end;
  const Stamp left{.step = event.step, .now = event.now, .cpu = event.cpu};
  if (format_ == LogFormat::json) {
    write_call_object(*call, &left);
  } else {
    if (call->cut) {
      cut_pending();  // of another lwp
    }
    write_call(*call, left);
  }
  open_.erase(open_.begin() + (call - open_.data()));
}

void SyscallLog::frame(const sim::Event& event) {
  const bool is_in = event.kind == kern::event(kern::KernelEvent::frame_in);
  const std::string text = (is_in ? "--> " : "<-- ") + frame_text(event);
  write_event(event, fmt::format("c{}", event.a), text, is_in ? "frame_in" : "frame_out");
}

void SyscallLog::note(const sim::Event& event) {
  if (event.kind == sim::EventKind::halt) {
    write_event(event, "-", fmt::format("+++ halt: {} +++", printable(as_text(event.data))), "halt");
    return;
  }
  switch (static_cast<kern::KernelEvent>(event.kind)) {
    case kern::KernelEvent::console_output:
      write_event(event, "-", "console " + quote(event.data), "console");
      return;
    case kern::KernelEvent::message:
      write_event(event, "-", "message " + printable(as_text(event.data)), "message");
      return;
    case kern::KernelEvent::signal:
      write_event(event, fmt::format("p{}", event.a), fmt::format("--- {} ---", signal_text(event.b)), "signal");
      return;
    case kern::KernelEvent::client_new:
      write_event(event, fmt::format("c{}", event.a), fmt::format("+++ connected, port {} +++", event.b), "client_new");
      return;
    case kern::KernelEvent::client_gone:
      write_event(event, fmt::format("c{}", event.a), "+++ gone +++", "client_gone");
      return;
    default:
      return;
  }
}

void SyscallLog::cut_pending() {
  if (format_ == LogFormat::json) {
    return;
  }
  const auto pending = std::ranges::find(open_, false, &OpenCall::cut);
  if (pending == open_.end()) {
    return;
  }
  OpenCall& call = *pending;
  const ArgumentTexts arguments = argument_texts(call.record);
  call.cut = true;
  call.arguments_written = arguments.texts.size();
  std::string text = call_name(call.record.number) + '(' + joined(arguments.texts);
  text += arguments.complete        ? ") <unfinished ...>"
          : arguments.texts.empty() ? "<unfinished ...>"
                                    : ", <unfinished ...>";
  write_line(call.entered, fmt::format("{}.{}", call.pid, call.lid), text);
}

void SyscallLog::write_call(const OpenCall& call, const Stamp& left) {
  const std::string who = fmt::format("{}.{}", call.pid, call.lid);
  const std::string name = call_name(call.record.number);
  const ArgumentTexts arguments = argument_texts(call.record);
  const std::string result = result_text(call.record);
  if (!call.cut) {
    write_line(call.entered, who, fmt::format("{}({}) = {}", name, joined(arguments.texts), result));
    return;
  }
  const std::span<const std::string> rest =
      std::span(arguments.texts).subspan(std::min(call.arguments_written, arguments.texts.size()));
  write_line(left, who, fmt::format("<... {} resumed>{}{} = {}", name, joined(rest), rest.empty() ? "" : ")", result));
}

void SyscallLog::write_call_object(const OpenCall& call, const Stamp* left) {
  Json object;
  object["step"] = call.entered.step;
  object["time_ns"] = call.entered.now;
  object["cpu"] = cpu_value(call.entered.cpu);
  object["kind"] = "syscall";
  object["pid"] = call.pid;
  object["lid"] = call.lid;
  object["number"] = call.record.number;
  object["name"] = call_name(call.record.number);
  object["arguments"] = argument_texts(call.record).texts;
  if (const std::optional<CallRecord::End>& ended = call.record.end; ended && left != nullptr) {
    const CallRecord::End& end = *ended;
    object["exit_step"] = left->step;
    object["exit_time_ns"] = left->now;
    object["error"] = end.error;
    object["result"] = end.result.value;
    object["result_text"] = result_text(call.record);
  }
  sink_(object.dump());
}

void SyscallLog::write_line(const Stamp& stamp, std::string_view who, std::string_view text) {
  sink_(fmt::format("{:>10} {:>3}.{:09} {:>4}  {:<8}  {}", stamp.step, stamp.now / 1'000'000'000,
                    stamp.now % 1'000'000'000, id_text(stamp.cpu), who, text));
}

void SyscallLog::write_event(const sim::Event& event, std::string_view who, std::string_view text,
                             std::string_view kind) {
  if (format_ == LogFormat::text) {
    cut_pending();
    write_line({.step = event.step, .now = event.now, .cpu = event.cpu}, who, text);
    return;
  }
  Json object;
  object["step"] = event.step;
  object["time_ns"] = event.now;
  object["cpu"] = cpu_value(event.cpu);
  object["kind"] = kind;
  object["who"] = who;
  object["text"] = text;
  sink_(object.dump());
}

}  // namespace replay
