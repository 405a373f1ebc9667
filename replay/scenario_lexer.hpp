// Tokens of the text form of scenarios, made one by one as the parser asks; and the error, of which there is one.
//
// After an error the lexer gives the end of the text for ever, and later errors are dropped: what follows from an
// error is no news. So the parser need not look at each step whether it has failed, only stop at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "replay/scenario_text.hpp"

namespace replay {

enum class TokenKind : std::uint8_t { end, word, number, duration, string, sign };

struct Token {
  TokenKind kind = TokenKind::end;
  /// As in the text, the quotes of a string included; empty at the end.
  std::string_view text;
  std::size_t offset = 0;
  std::uint32_t line = 1;
  /// True if no other token stands before this one on its line.
  bool begins_line = false;
  /// Of a number; of a duration in nanoseconds.
  std::uint64_t number = 0;
  /// Of a string, escapes resolved.
  std::string bytes;

  [[nodiscard]] bool is(std::string_view word_or_sign) const {
    return (kind == TokenKind::word || kind == TokenKind::sign) && text == word_or_sign;
  }
};

/// How messages name a token: quoted and clipped, "the end of the text" for the end.
[[nodiscard]] std::string describe(const Token& token);

/// Quoted for a message; clipped if it is long, without control characters.
[[nodiscard]] std::string quoted(std::string_view text);

class Lexer {
 public:
  /// Both must outlive the lexer and its tokens.
  Lexer(std::string_view text, std::string_view file_name);

  [[nodiscard]] const Token& peek() const { return next_; }
  Token take();

  void fail(std::size_t offset, std::string message);
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  /// Only if failed().
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): that is the contract
  [[nodiscard]] const TextError& error() const { return error_.value(); }

 private:
  [[nodiscard]] Token end_of_text() const;
  void advance();
  void skip_blanks();
  void read_number();
  void read_unit(std::size_t digits_end);
  void read_string();
  std::optional<char> read_escape();
  void finish(TokenKind kind, std::size_t end);

  std::string_view text_;
  std::string_view file_name_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  Token next_;
  std::optional<TextError> error_;
};

}  // namespace replay
