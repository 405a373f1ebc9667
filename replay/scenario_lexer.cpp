#include "replay/scenario_lexer.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "replay/scenario_words.hpp"

namespace replay {
namespace {

constexpr std::size_t kExcerptBytes = 120;
constexpr std::size_t kQuotedBytes = 40;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_word_inner(char c) {
  return is_word_start(c) || is_digit(c);
}
bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

int digit_value(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

std::string without_controls(std::string_view text) {
  std::string out{text};
  std::ranges::replace_if(out, is_control, ' ');
  return out;
}

}  // namespace

std::string quoted(std::string_view text) {
  if (text.size() <= kQuotedBytes) {
    return fmt::format("\"{}\"", without_controls(text));
  }
  return fmt::format("\"{}...\"", without_controls(text.substr(0, kQuotedBytes)));
}

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::end:
      return "the end of the text";
    case TokenKind::string:
      return "a string";
    default:
      return quoted(token.text);
  }
}

std::string TextError::to_string() const {
  return fmt::format("{}:{}:{}: {}\n{}\n{}^", file, line, column, message, excerpt, std::string(caret, ' '));
}

Lexer::Lexer(std::string_view text, std::string_view file_name) : text_(text), file_name_(file_name) {
  if (text.size() > kMaxTextBytes) {
    fail(0, fmt::format("the text has {} bytes; at most {} are read", text.size(), kMaxTextBytes));
  }
  advance();
}

Token Lexer::end_of_text() const {
  Token token;
  token.offset = text_.size();
  token.line = line_;
  token.begins_line = true;
  return token;
}

Token Lexer::take() {
  Token token = std::move(next_);
  advance();
  return token;
}

void Lexer::fail(std::size_t offset, std::string message) {
  if (error_) {
    return;
  }
  const std::string_view before = text_.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::size_t line_end = std::min(text_.find('\n', offset), text_.size());
  // A window into a line that is too long to show, with the place in its middle.
  const std::size_t in_line = offset - line_start;
  const std::size_t skipped =
      line_end - line_start > kExcerptBytes && in_line > kExcerptBytes / 2 ? in_line - kExcerptBytes / 2 : 0;
  const std::size_t shown = std::min(line_end - line_start - skipped, kExcerptBytes);
  error_ = TextError{
      .file = std::string{file_name_},
      .line = static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1),
      .column = static_cast<std::uint32_t>(in_line + 1),
      .message = std::move(message),
      .excerpt = without_controls(text_.substr(line_start + skipped, shown)),
      .caret = in_line - skipped,
  };
  at_ = text_.size();
  next_ = end_of_text();
}

void Lexer::skip_blanks() {
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
      if (at_ == text_.size()) {
        return;
      }
    }
    if (text_[at_] == '\n') {
      ++line_;
      next_.begins_line = true;
    } else if (c != ' ' && c != '\t' && c != '\r') {
      return;
    }
  }
}

void Lexer::finish(TokenKind kind, std::size_t end) {
  next_.kind = kind;
  next_.text = text_.substr(at_, end - at_);
  at_ = end;
}

void Lexer::advance() {
  next_ = Token{};
  next_.begins_line = at_ == 0;
  skip_blanks();
  if (at_ == text_.size()) {
    next_ = end_of_text();
    return;
  }
  next_.offset = at_;
  next_.line = line_;
  const char c = text_[at_];
  if (is_digit(c)) {
    return read_number();
  }
  if (c == '"') {
    return read_string();
  }
  if (is_word_start(c)) {
    std::size_t end = at_ + 1;
    const auto continues = [&](std::size_t i) { return i < text_.size() && is_word_inner(text_[i]); };
    while (continues(end) || (end < text_.size() && text_[end] == '-' && continues(end + 1))) {
      ++end;
    }
    return finish(TokenKind::word, end);
  }
  for (const std::string_view sign : {"->", "=>"}) {
    if (text_.substr(at_).starts_with(sign)) {
      return finish(TokenKind::sign, at_ + 2);
    }
  }
  if (std::string_view{"{}()[],;=|-"}.contains(c)) {
    return finish(TokenKind::sign, at_ + 1);
  }
  fail(at_, is_control(c) || static_cast<unsigned char>(c) >= 0x80
                ? fmt::format("byte 0x{:02x} stands only in strings and comments", static_cast<unsigned char>(c))
                : fmt::format("{} begins nothing in this language", quoted(std::string_view{&c, 1})));
}

void Lexer::read_number() {
  const std::string_view rest = text_.substr(at_);
  unsigned base = 10;
  if (rest.starts_with("0x")) {
    base = 16;
  }
  if (rest.starts_with("0o")) {
    base = 8;
  }
  std::size_t end = at_ + (base == 10 ? 0 : 2);
  const std::size_t digits_start = end;
  for (; end < text_.size(); ++end) {
    const int digit = digit_value(text_[end]);
    if (digit < 0 || static_cast<unsigned>(digit) >= base) {
      break;
    }
    const auto value = static_cast<std::uint64_t>(digit);
    if (next_.number > (std::numeric_limits<std::uint64_t>::max() - value) / base) {
      return fail(at_, "the number is too large; numbers end at 18446744073709551615");
    }
    next_.number = next_.number * base + value;
  }
  if (end == digits_start) {
    return fail(at_, fmt::format("{} needs digits after it", quoted(rest.substr(0, 2))));
  }
  if (base == 10 && end - digits_start > 1 && rest[0] == '0') {
    return fail(at_, "a decimal number does not begin with 0; octal is written 0o644, hexadecimal 0x1a4");
  }
  if (end == text_.size() || !is_word_inner(text_[end])) {
    return finish(TokenKind::number, end);
  }
  if (base != 10) {
    const std::string_view kind = base == 8 ? "octal" : "hexadecimal";
    return fail(end, fmt::format("{} is no {} digit", quoted(text_.substr(end, 1)), kind));
  }
  read_unit(end);
}

void Lexer::read_unit(std::size_t digits_end) {
  std::size_t end = digits_end;
  while (end < text_.size() && is_word_inner(text_[end])) {
    ++end;
  }
  const std::string_view unit = text_.substr(digits_end, end - digits_end);
  const auto* const found = std::ranges::find(words::kDurationUnits, unit, &words::DurationUnit::name);
  if (found == words::kDurationUnits.end()) {
    return fail(digits_end, fmt::format("{} is no unit; units of time are s, ms, us and ns", quoted(unit)));
  }
  if (next_.number > std::numeric_limits<std::uint64_t>::max() / found->nanoseconds) {
    return fail(at_, "the time is too long; times end at 18446744073709551615ns");
  }
  next_.number *= found->nanoseconds;
  finish(TokenKind::duration, end);
}

void Lexer::read_string() {
  const std::size_t start = at_++;
  std::string bytes;
  while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '"') {
    if (text_[at_] != '\\') {
      bytes += text_[at_++];
      continue;
    }
    const std::optional<char> escaped = read_escape();
    if (!escaped) {
      return;
    }
    bytes += *escaped;
  }
  if (at_ == text_.size() || text_[at_] == '\n') {
    return fail(start, "the string has no end; it closes with \" on the same line, a line feed in it is written \\n");
  }
  const std::size_t end = at_ + 1;
  at_ = start;
  next_.bytes = std::move(bytes);
  finish(TokenKind::string, end);
}

std::optional<char> Lexer::read_escape() {
  const std::size_t start = at_;
  const std::string_view escape = text_.substr(start, 4);
  const auto digit = [&](std::size_t i) { return i < escape.size() ? digit_value(escape[i]) : -1; };
  at_ += 2;
  switch (escape.size() > 1 ? escape[1] : '\0') {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '\\':
      return '\\';
    case '"':
      return '"';
    case '0':
      if (escape.size() > 2 && is_digit(escape[2])) {
        break;
      }
      return '\0';
    case 'x':
      if (digit(2) < 0 || digit(3) < 0) {
        break;
      }
      at_ += 2;
      return static_cast<char>(digit(2) * 16 + digit(3));
    default:
      break;
  }
  fail(start, "this is no escape; escapes are \\n \\t \\r \\0 \\\\ \\\" and \\x with two hexadecimal digits");
  return std::nullopt;
}

}  // namespace replay
