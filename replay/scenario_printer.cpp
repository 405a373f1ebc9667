// Scenario to canonical text.
#include <algorithm>

#include <fmt/format.h>

#include "replay/scenario_text.hpp"
#include "replay/scenario_words.hpp"
#include "replay/symbols.hpp"

namespace replay {
namespace {

template <class... Types>
struct Overloaded : Types... {
  using Types::operator()...;
};

bool is_printable(char c) {
  return c >= 0x20 && c < 0x7f;
}

std::string spell_string(std::string_view bytes) {
  std::string out = "\"";
  for (const char c : bytes) {
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      default:
        if (is_printable(c)) {
          out += c;
        } else {
          out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
  }
  return out + "\"";
}

std::string spell_hex(std::string_view bytes) {
  std::string out = "hex \"";
  for (const char c : bytes) {
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return out + "\"";
}

/// Where both spellings mean the same: a string if a person can read it, else hexadecimal.
std::string spell_bytes(std::string_view bytes) {
  const auto is_readable = [](char c) { return is_printable(c) || c == '\n' || c == '\t'; };
  return std::ranges::all_of(bytes, is_readable) ? spell_string(bytes) : spell_hex(bytes);
}

std::string spell_duration(sim::Nanoseconds duration) {
  for (const words::DurationUnit& unit : words::kDurationUnits) {
    if (duration % unit.nanoseconds == 0) {
      return fmt::format("{}{}", duration / unit.nanoseconds, unit.name);
    }
  }
  return {};
}

std::string spell_number(std::uint64_t value) {
  const auto as_signed = static_cast<std::int64_t>(value);
  return as_signed < 0 ? fmt::format("{}", as_signed) : fmt::format("{}", value);
}

std::string spell_symbol(SymbolGroup group, std::uint64_t value) {
  if (const auto name = symbol_for(group, value)) {
    return std::string{*name};
  }
  return spell_number(value);
}

std::string spell_integer(std::uint64_t value, ArgumentKind kind) {
  switch (kind) {
    case ArgumentKind::open_flags:
      return value >> 32 == 0 ? spell_open_flags(value) : spell_number(value);
    case ArgumentKind::mode:
      return value <= 07777 ? fmt::format("0o{:o}", value) : spell_number(value);
    case ArgumentKind::fcntl_command:
      return spell_symbol(SymbolGroup::fcntl_command, value);
    case ArgumentKind::whence:
      return spell_symbol(SymbolGroup::whence, value);
    case ArgumentKind::clock:
      return spell_symbol(SymbolGroup::clock, value);
    default:
      return spell_number(value);
  }
}

class Printer {
 public:
  explicit Printer(CallTable calls) : calls_(calls) {}

  void print(const Config& config, ConfigKeys keys) {
    const Config standard;
    std::string lines;
    for (const ConfigKey& key : config_keys()) {
      std::visit(
          [&](const auto& type) {
            const auto& value = config.*type.field;
            if (keys == ConfigKeys::differing && value == standard.*type.field) {
              return;
            }
            lines += fmt::format("  {} {}\n", key.name, value);
          },
          key.type);
    }
    if (!lines.empty()) {
      out_ += "config {\n" + lines + "}\n";
    }
  }

  void print(const Actor& actor) {
    if (!out_.empty()) {
      out_ += "\n";
    }
    const auto program = [&](std::string_view word, const auto& what) {
      out_ += fmt::format("{} {} {{\n", word, actor.name);
      variables_ = &what.variables;
      print(what.actions, 1);
    };
    std::visit(Overloaded{[&](const Process& process) { program("process", process); },
                          [&](const Client& client) { program("client", client); },
                          [&](const Raw& raw) {
                            out_ += fmt::format("raw {} {{\n", actor.name);
                            for (const RawStep& step : raw.steps) {
                              line(1, spell(step));
                            }
                          }},
               actor.what);
    out_ += "}\n";
  }

  std::string result() && { return std::move(out_); }

 private:
  void line(std::size_t depth, std::string_view text) {
    out_.append(depth * 2, ' ');
    out_ += text;
    out_ += '\n';
  }

  void print(const std::vector<Action>& actions, std::size_t depth) {
    for (const Action& action : actions) {
      std::visit(Overloaded{[&](const Call& call) { line(depth, spell(call)); },
                            [&](const Repeat& repeat) {
                              line(depth, fmt::format("repeat {} {{", repeat.count));
                              print(repeat.body, depth + 1);
                              line(depth, "}");
                            },
                            [&](const Handshake& handshake) {
                              line(depth, "handshake guest " + spell_string(handshake.guest));
                            },
                            [&](const Disconnect&) { line(depth, "disconnect"); }},
                 action.what);
    }
  }

  [[nodiscard]] const std::string& name_of(Variable variable) const { return variables_->at(variable.index); }

  [[nodiscard]] std::string spell(const Call& call) const {
    const CallSignature* const signature = call.name.empty() ? nullptr : find_call(calls_, call.name);
    std::string out;
    if (call.result && !call.second_result) {
      out += name_of(*call.result) + " = ";
    }
    out += call.name.empty() ? fmt::format("syscall({}", call.number.value_or(0)) : call.name + "(";
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
      if (i > 0 || call.name.empty()) {
        out += ", ";
      }
      const bool is_known = signature != nullptr && i < signature->arguments.size();
      out += spell(call.arguments[i], is_known ? signature->arguments[i] : ArgumentKind::number);
    }
    out += ")";
    if (call.second_result) {
      out += fmt::format(" -> {}, {}", call.result ? name_of(*call.result) : "_", name_of(*call.second_result));
    }
    return out + spell(call.expected);
  }

  [[nodiscard]] std::string spell(const Argument& argument, ArgumentKind kind) const {
    return std::visit(Overloaded{
                          [&](const Integer& integer) { return spell_integer(integer.value, kind); },
                          [](const Null&) { return std::string{"null"}; },
                          [](const Bytes& bytes) {
                            return bytes.ending == Ending::exact ? spell_hex(bytes.bytes) : spell_string(bytes.bytes);
                          },
                          [&](const OutBuffer& buffer) { return spell(buffer); },
                          [&](const List& list) {
                            std::string out = list.shape == Shape::array ? "[" : "{";
                            for (const Argument& item : list.items) {
                              if (&item != list.items.data()) {
                                out += ", ";
                              }
                              out += spell(item, ArgumentKind::number);
                            }
                            return out + (list.shape == Shape::array ? "]" : "}");
                          },
                          [&](const Variable& variable) { return name_of(variable); },
                      },
                      argument.value);
  }

  [[nodiscard]] std::string spell(const OutBuffer& buffer) const {
    if (buffer.fields.empty()) {
      return fmt::format("out[{}]", buffer.size);
    }
    std::string out = "out[";
    for (const OutField& field : buffer.fields) {
      if (&field != buffer.fields.data()) {
        out += ", ";
      }
      const auto* const type = std::ranges::find(words::kFieldTypes, field.type, &words::FieldTypeName::type);
      out += fmt::format("{} {}", type->name, name_of(field.variable));
    }
    return out + "]";
  }

  static std::string spell(const Expectation& expected) {
    return std::visit(Overloaded{
                          [](std::monostate) { return std::string{}; },
                          [](ExpectSuccess) { return std::string{" => ok"}; },
                          [](ExpectValue value) { return " => " + spell_number(value.value); },
                          [](ExpectError error) {
                            const auto name = symbol_for(SymbolGroup::error, error.error);
                            return name ? fmt::format(" => {}", *name) : fmt::format(" => errno {}", error.error);
                          },
                      },
                      expected);
  }

  static std::string spell(const SendFrame& frame) {
    std::string out =
        fmt::format("send frame(class={}, type={}, reqno={}", spell_symbol(SymbolGroup::frame_class, frame.frame_class),
                    spell_symbol(SymbolGroup::frame_type, frame.type), frame.reqno);
    if (frame.field != 0) {
      out += fmt::format(", field={}", frame.field);
    }
    if (!frame.body.empty()) {
      out += ", body=" + spell_bytes(frame.body);
    }
    if (frame.length) {
      out += fmt::format(", length={}", *frame.length);
    }
    return out + ")";
  }

  static std::string spell(const RawStep& step) {
    return std::visit(Overloaded{
                          [](const Connect&) { return std::string{"connect"}; },
                          [](const SendBytes& send) { return "send " + spell_bytes(send.bytes); },
                          [](const SendFrame& frame) { return spell(frame); },
                          [](const AwaitFrame&) { return std::string{"await frame"}; },
                          [](const AnswerBytes& answer) { return "answer " + spell_bytes(answer.bytes); },
                          [](const AnswerZeros& answer) { return fmt::format("answer zeros {}", answer.size); },
                          [](const AnswerAsked&) { return std::string{"answer asked"}; },
                          [](const Sleep& sleep) { return "sleep " + spell_duration(sleep.duration); },
                          [](const Idle&) { return std::string{"idle"}; },
                          [](const Shut&) { return std::string{"shut"}; },
                      },
                      step.what);
  }

  CallTable calls_;
  const std::vector<std::string>* variables_ = nullptr;
  std::string out_;
};

}  // namespace

std::string print_scenario(const Scenario& scenario, CallTable calls, ConfigKeys keys) {
  Printer printer(calls);
  printer.print(scenario.config, keys);
  for (const Actor& actor : scenario.actors) {
    printer.print(actor);
  }
  return std::move(printer).result();
}

}  // namespace replay
