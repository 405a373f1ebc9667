// A scenario: config and workload before any decision was taken. `scenario + decisions = trace`.
//
// Plain values: copied, compared and kept without a machine. The text form (scenario_text.hpp) is the way to write one
// down; docs/scenario.md describes it for people. Whoever makes scenarios by program (fuzzers, shrinking) keeps the
// rules marked *rule*: they are what the parser enforces, and what makes parse(print(s)) equal s.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "replay/config.hpp"
#include "sim/ids.hpp"

namespace replay {

/// Line of the text a thing came from, for messages at run time; 0 if it came from no text.
/// It is no part of the value: any two are equal.
struct Line {
  std::uint32_t number = 0;
  friend constexpr bool operator==(Line, Line) { return true; }
};

/// Place in the `variables` of the actor. Holds 64 bits: -1 until a call binds it, and after a call that fails (the
/// calls' own convention in C); else what that call gave.
struct Variable {
  std::uint32_t index = 0;
  bool operator==(const Variable&) const = default;
};

// ---- arguments of calls --------------------------------------------------------------------------------------------

/// The address zero.
struct Null {
  bool operator==(const Null&) const = default;
};

/// A number; negative ones in two's complement. Symbols, flags and characters of the text have become numbers.
struct Integer {
  std::uint64_t value = 0;
  bool operator==(const Integer&) const = default;
};

/// What follows the last byte in the memory of the process.
enum class Ending : std::uint8_t {
  terminated,  ///< a zero byte, as after a string in C; not counted in `bytes`
  exact,       ///< nothing that belongs to this argument
};

/// The address of these bytes.
struct Bytes {
  std::string bytes;
  Ending ending = Ending::terminated;
  bool operator==(const Bytes&) const = default;
};

/// Width and sign of a number that the kernel leaves in memory; little endian.
enum class FieldType : std::uint8_t { i32, u32, i64 };

/// After the call the variable holds the number, sign-extended if the type has a sign; -1 if the call fails.
struct OutField {
  FieldType type = FieldType::i32;
  Variable variable;
  bool operator==(const OutField&) const = default;
};

/// The address of `size` bytes for the kernel to fill. *Rule*: `size` in 1..kMaxBufferBytes; if there are fields they
/// lie one after the other without gaps from the first byte on, and `size` is the sum of their widths.
struct OutBuffer {
  std::uint64_t size = 1;
  std::vector<OutField> fields;
  bool operator==(const OutBuffer&) const = default;
};

struct Argument;

enum class Shape : std::uint8_t {
  structure,  ///< fields, written {1, 2}
  array,      ///< elements, written [{1, 2}, {3, 4}]
};

/// The address of a structure or array. Each item takes one 64-bit word unless the call's signature lays it out
/// otherwise; a list within the list lies in place, it is not pointed to. So {1, 2} is a timespec, and
/// [{"ab", 2}, {"cd", 2}] an array of two iovecs. *Rule*: nested at most kMaxListDepth deep, counting the outermost.
struct List {
  Shape shape = Shape::structure;
  std::vector<Argument> items;
  bool operator==(const List& other) const;
};

struct Argument {
  std::variant<Integer, Null, Bytes, OutBuffer, List, Variable> value;
  bool operator==(const Argument&) const = default;
};

inline bool List::operator==(const List& other) const {
  return items == other.items;
}

// ---- what processes and clients do ---------------------------------------------------------------------------------

/// The call must come back without an error.
struct ExpectSuccess {
  bool operator==(const ExpectSuccess&) const = default;
};
/// The call must come back without an error and with this first result.
struct ExpectValue {
  std::uint64_t value = 0;
  bool operator==(const ExpectValue&) const = default;
};
/// The call must fail with this NetBSD errno. *Rule*: 1..kMaxErrno.
struct ExpectError {
  std::uint32_t error = 0;
  bool operator==(const ExpectError&) const = default;
};
using Expectation = std::variant<std::monostate, ExpectSuccess, ExpectValue, ExpectError>;

/// A system call. *Rule*: at most kMaxArguments arguments.
struct Call {
  /// Empty for `syscall(NUMBER, ...)`.
  std::string name;
  /// Of the kernel's table. Nothing only if `name` was not looked up because the parser had no table.
  std::optional<std::uint32_t> number;
  std::vector<Argument> arguments;
  std::optional<Variable> result;
  std::optional<Variable> second_result;
  Expectation expected;
  bool operator==(const Call&) const = default;
};

/// Client only: connects and sends the handshake of a guest with this program name. *Rule*: no zero byte in it.
struct Handshake {
  std::string guest;
  bool operator==(const Handshake&) const = default;
};

/// Client only: ends the connection; a later handshake makes a new one.
struct Disconnect {
  bool operator==(const Disconnect&) const = default;
};

struct Action;

/// The body `count` times over, unrolled nowhere. *Rule*: nested at most kMaxBlockDepth deep.
struct Repeat {
  std::uint64_t count = 0;
  std::vector<Action> body;
  bool operator==(const Repeat& other) const;
};

struct Action {
  Line line;
  std::variant<Call, Repeat, Handshake, Disconnect> what;
  bool operator==(const Action&) const = default;
};

inline bool Repeat::operator==(const Repeat& other) const {
  return count == other.count && body == other.body;
}

/// A local process with its own memory; it exits after its last action. *Rule*: `variables` stand in the order in
/// which the text first binds them (within one call: fields of its arguments, result, second result), are used only
/// after that, and are named by lower-case letters, digits and underscores (see scenario_text.hpp).
struct Process {
  std::vector<std::string> variables;
  std::vector<Action> actions;
  bool operator==(const Process&) const = default;
};

/// A correct remote client: a guest that waits for each response and answers copy requests from its own memory.
/// It leaves after its last action. *Rule*: as for Process; calls and `Disconnect` only while connected, `Handshake`
/// only while not; the body of a Repeat leaves the connection as it found it (open or not).
struct Client {
  std::vector<std::string> variables;
  std::vector<Action> actions;
  bool operator==(const Client&) const = default;
};

// ---- what raw byte streams do --------------------------------------------------------------------------------------
//
// Steps may come in any order: one that does not apply (bytes without a connection, an answer that nobody asked for)
// does nothing.

struct Connect {
  bool operator==(const Connect&) const = default;
};

/// These bytes, given to the machine at one time; what a read there gets of them is a decision.
struct SendBytes {
  std::string bytes;
  bool operator==(const SendBytes&) const = default;
};

/// A frame of the sysproxy protocol; each field may lie.
struct SendFrame {
  std::uint16_t frame_class = 0;
  std::uint16_t type = 0;
  std::uint64_t reqno = 0;
  /// The header's last word: number of the call, error, kind of handshake or signal.
  std::uint32_t field = 0;
  std::string body;
  /// What the header says; nothing: the truth, kFrameHeaderBytes + body.
  std::optional<std::uint64_t> length;
  bool operator==(const SendFrame&) const = default;
};

/// Until the server has sent one more frame than was awaited so far or has ended the connection, but no longer than a
/// minute of virtual time.
struct AwaitFrame {
  bool operator==(const AwaitFrame&) const = default;
};

/// Answers the oldest unanswered copy request of the server with these bytes.
struct AnswerBytes {
  std::string bytes;
  bool operator==(const AnswerBytes&) const = default;
};
/// ... with this many zero bytes. *Rule*: at most kMaxBufferBytes.
struct AnswerZeros {
  std::uint64_t size = 0;
  bool operator==(const AnswerZeros&) const = default;
};
/// ... with as many zero bytes as the server asked for.
struct AnswerAsked {
  bool operator==(const AnswerAsked&) const = default;
};

/// Virtual time.
struct Sleep {
  sim::Nanoseconds duration = 0;
  bool operator==(const Sleep&) const = default;
};

/// Until nothing else in the machine can run.
struct Idle {
  bool operator==(const Idle&) const = default;
};

struct Shut {
  bool operator==(const Shut&) const = default;
};

struct RawStep {
  Line line;
  std::variant<Connect, SendBytes, SendFrame, AwaitFrame, AnswerBytes, AnswerZeros, AnswerAsked, Sleep, Idle, Shut>
      what;
  bool operator==(const RawStep&) const = default;
};

/// A byte stream to the server, perhaps hostile. A connection still open after the last step is closed.
struct Raw {
  std::vector<RawStep> steps;
  bool operator==(const Raw&) const = default;
};

// ---- the whole -----------------------------------------------------------------------------------------------------

/// *Rule*: `name` is a word of the text form, and no other actor has it.
struct Actor {
  std::string name;
  Line line;
  std::variant<Process, Client, Raw> what;
  bool operator==(const Actor&) const = default;
};

/// Actors are numbered in this order; all of them may start at step 0.
struct Scenario {
  Config config;
  std::vector<Actor> actors;
  bool operator==(const Scenario&) const = default;
};

inline constexpr std::uint64_t kMaxBufferBytes = std::uint64_t{16} << 20;
inline constexpr std::uint32_t kMaxErrno = 4095;
inline constexpr std::size_t kFrameHeaderBytes = 24;
/// The kernel's argument block holds no more.
inline constexpr std::size_t kMaxArguments = 8;
inline constexpr std::size_t kMaxListDepth = 8;
inline constexpr std::size_t kMaxBlockDepth = 16;

[[nodiscard]] constexpr std::uint64_t width_of(FieldType type) {
  return type == FieldType::i64 ? 8 : 4;
}

}  // namespace replay
