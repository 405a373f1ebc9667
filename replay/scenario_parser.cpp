// Text to scenario: recursive descent over the tokens of scenario_lexer.hpp, one function per construct. After an error
// every token is the end of the text, so a function that fails just returns whatever it has, and every loop over tokens
// stops at the end.
#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "replay/nearest.hpp"
#include "replay/scenario_lexer.hpp"
#include "replay/scenario_text.hpp"
#include "replay/scenario_words.hpp"
#include "replay/symbols.hpp"

namespace replay {
namespace {

constexpr std::uint64_t kMaxU64 = std::numeric_limits<std::uint64_t>::max();

template <class Range, class Projection>
std::vector<std::string_view> names_of(const Range& range, Projection projection) {
  std::vector<std::string_view> names;
  names.reserve(std::size(range));
  for (const auto& element : range) {
    names.push_back(std::invoke(projection, element));
  }
  return names;
}

/// `; did you mean "x"?`, or `; ` and the alternative if no name is near.
std::string hint(std::string_view name, std::span<const std::string_view> known, std::string_view otherwise) {
  const std::string_view near = nearest(name, known);
  return near.empty() ? fmt::format("; {}", otherwise) : fmt::format("; did you mean \"{}\"?", near);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') {
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

bool is_symbol_start(char c) {
  return c >= 'A' && c <= 'Z';
}

/// Who is speaking: decides which statements there are.
enum class Speaker : std::uint8_t { process, client };

class Parser {
 public:
  Parser(std::string_view text, std::string_view file_name, CallTable calls) : lexer_(text, file_name), calls_(calls) {}

  std::expected<Scenario, TextError> parse() {
    while (lexer_.peek().kind != TokenKind::end) {
      top_level();
    }
    if (lexer_.failed()) {
      return std::unexpected(lexer_.error());
    }
    return std::move(scenario_);
  }

 private:
  // ---- tokens ----

  const Token& peek() { return lexer_.peek(); }
  Token take() { return lexer_.take(); }
  void fail(const Token& token, std::string message) { lexer_.fail(token.offset, std::move(message)); }

  bool take_if(std::string_view text) {
    if (!peek().is(text)) {
      return false;
    }
    take();
    return true;
  }

  /// `where` completes "... expected".
  void expect(std::string_view text, std::string_view where) {
    if (!take_if(text)) {
      fail(peek(), fmt::format("{} stands where \"{}\" belongs, {}", describe(peek()), text, where));
    }
  }

  Token expect_word(std::string_view what) {
    if (peek().kind != TokenKind::word) {
      fail(peek(), fmt::format("{} stands where {} belongs", describe(peek()), what));
    }
    return take();
  }

  void end_statement() {
    if (take_if(";") || peek().begins_line || peek().is("}")) {
      return;
    }
    fail(peek(), fmt::format("{} stands after the end of the statement; the next one begins on a new line or after "
                             "\";\"",
                             describe(peek())));
  }

  /// `{ element... }`; what may stand in it is for `element` to say.
  template <class Element>
  void block(std::string_view of, Element element) {
    const Token open = peek();
    expect("{", fmt::format("which opens the block of {}", of));
    while (!peek().is("}") && peek().kind != TokenKind::end) {
      if (!take_if(";")) {
        element();
      }
    }
    if (!take_if("}")) {
      fail(peek(), fmt::format("the text ends within the block that opens on line {}; \"}}\" closes it", open.line));
    }
  }

  void count_item() {
    if (++items_ > kMaxItems) {
      fail(peek(), fmt::format("the scenario has more than {} parts", kMaxItems));
    }
  }

  // ---- values ----

  std::uint64_t one_integer() {
    const Token token = take();
    if (token.kind == TokenKind::number) {
      return token.number;
    }
    if (token.is("-")) {
      const Token magnitude = take();
      if (magnitude.kind != TokenKind::number) {
        fail(magnitude, "a number belongs after \"-\"");
      }
      if (magnitude.number > std::uint64_t{1} << 63) {
        fail(magnitude, "the number is too small; numbers begin at -9223372036854775808");
      }
      return 0 - magnitude.number;
    }
    if (token.kind == TokenKind::word && is_symbol_start(token.text[0])) {
      if (const Symbol* const symbol = find_symbol(token.text)) {
        return symbol->value;
      }
      fail(token, fmt::format("there is no constant {}{}", quoted(token.text),
                              hint(token.text, names_of(symbols(), &Symbol::name), "docs/scenario.md lists them")));
      return 0;
    }
    fail(token, fmt::format("{} stands where a number or a constant belongs", describe(token)));
    return 0;
  }

  std::uint64_t integer() {
    std::uint64_t value = one_integer();
    while (take_if("|")) {
      value |= one_integer();
    }
    return value;
  }

  std::uint64_t integer_within(std::string_view what, std::uint64_t lowest, std::uint64_t highest) {
    const Token token = peek();
    const std::uint64_t value = integer();
    if (value >= lowest && value <= highest) {
      return value;
    }
    const std::string spelled =
        token.is("-") ? fmt::format("{}", static_cast<std::int64_t>(value)) : fmt::format("{}", value);
    fail(token, fmt::format("{} is {}; it lies in {}..{}", what, spelled, lowest, highest));
    return lowest;
  }

  std::string string(std::string_view what) {
    if (peek().kind != TokenKind::string) {
      fail(peek(), fmt::format("{} stands where {} belongs, in quotes", describe(peek()), what));
    }
    std::string bytes;
    while (peek().kind == TokenKind::string) {
      bytes += take().bytes;
    }
    return bytes;
  }

  /// After the word `hex`.
  std::string hex_digits() {
    const Token token = peek();
    const std::string digits = string("a string of hexadecimal digits");
    std::string bytes;
    int high = -1;
    for (const char c : digits) {
      if (c == ' ') {
        continue;
      }
      const int value = hex_value(c);
      if (value < 0) {
        fail(token, fmt::format("{} is no hexadecimal digit; digits are 0-9 and a-f, with blanks between them as you "
                                "like",
                                quoted({&c, 1})));
        return {};
      }
      if (high < 0) {
        high = value;
      } else {
        bytes += static_cast<char>(high * 16 + value);
        high = -1;
      }
    }
    if (high >= 0) {
      fail(token, "the last byte has one digit; each byte has two");
    }
    return bytes;
  }

  std::string bytes(std::string_view what) {
    if (take_if("hex")) {
      return hex_digits();
    }
    return string(what);
  }

  /// A word of at most kMaxNameBytes.
  Token name(std::string_view what) {
    const Token token = expect_word(what);
    if (token.text.size() > kMaxNameBytes) {
      fail(token, fmt::format("the name has {} letters; at most {} are allowed", token.text.size(), kMaxNameBytes));
    }
    return token;
  }

  // ---- top level ----

  void top_level() {
    const Token word = expect_word("\"config\", \"process\", \"client\" or \"raw\"");
    if (word.is("config")) {
      return config(word);
    }
    if (word.is("process")) {
      return actor(word, [this] { return Process{program(Speaker::process)}; });
    }
    if (word.is("client")) {
      return actor(word, [this] {
        Process parts = program(Speaker::client);
        return Client{std::move(parts.variables), std::move(parts.actions)};
      });
    }
    if (word.is("raw")) {
      return actor(word, [this] { return raw(); });
    }
    const auto known = std::to_array<std::string_view>({"config", "process", "client", "raw"});
    fail(word, fmt::format("{} begins nothing here{}", quoted(word.text),
                           hint(word.text, known, "the text consists of config, process, client and raw blocks")));
  }

  void config(const Token& word) {
    if (has_config_) {
      fail(word, "there are two config blocks; their keys belong into one");
    }
    has_config_ = true;
    std::set<std::string_view> seen;
    block("the config", [&] {
      const Token key_name = expect_word("the name of a config key");
      const ConfigKey* const key = find_config_key(key_name.text);
      if (key == nullptr) {
        return fail(key_name, fmt::format("there is no config key {}{}", quoted(key_name.text),
                                          hint(key_name.text, names_of(config_keys(), &ConfigKey::name),
                                               "docs/scenario.md lists them")));
      }
      if (!seen.insert(key->name).second) {
        fail(key_name, fmt::format("{} is set twice; once is enough", key->name));
      }
      if (const auto* const number = std::get_if<NumberKey>(&key->type)) {
        scenario_.config.*number->field = integer_within(key->name, number->lowest, number->highest);
      } else {
        scenario_.config.*std::get<StrategyKey>(key->type).field = strategy();
      }
      end_statement();
    });
  }

  std::string strategy() {
    const Token start = peek();
    std::string text{expect_word("the name of a strategy").text};
    if (take_if("(")) {
      std::string_view before = "(";
      do {
        text += before;
        text += expect_word("the name of a parameter").text;
        expect("=", "between a parameter and its value");
        text += "=";
        if (peek().kind == TokenKind::word) {
          text += take().text;
        } else {
          text += fmt::format("{}", integer());
        }
        before = ", ";
      } while (take_if(","));
      expect(")", "after the parameters of the strategy");
      text += ")";
    }
    if (!is_strategy_text(text)) {
      fail(start, fmt::format("{} is no strategy; one is written random or round-robin(quantum=3)", quoted(text)));
    }
    return text;
  }

  template <class Body>
  void actor(const Token& word, Body body) {
    count_item();
    if (scenario_.actors.size() == kMaxActors) {
      fail(word, fmt::format("there are more than {} actors", kMaxActors));
    }
    const Token name_token = name(fmt::format("the name of the {}", word.text));
    if (!is_actor_name(name_token.text)) {
      fail(name_token, fmt::format("{} is no name of an actor", quoted(name_token.text)));
    }
    if (!actor_names_.insert(name_token.text).second) {
      fail(name_token, fmt::format("there are two actors with the name {}; each has its own", quoted(name_token.text)));
    }
    actor_ = name_token.text;
    scenario_.actors.push_back(Actor{std::string{name_token.text}, Line{word.line}, body()});
  }

  // ---- processes and clients ----

  /// Variables and actions of a process or a client.
  Process program(Speaker speaker) {
    variables_.clear();
    variable_names_.clear();
    usable_ = 0;
    is_connected_ = false;
    speaker_ = speaker;
    std::vector<Action> actions = action_block(quoted(actor_), 0);
    return Process{std::move(variable_names_), std::move(actions)};
  }

  std::vector<Action> action_block(std::string_view of, std::size_t depth) {
    std::vector<Action> actions;
    block(of, [&] { actions.push_back(action(depth)); });
    return actions;
  }

  Action action(std::size_t depth) {
    count_item();
    const Token word = expect_word("a call");
    Action result{Line{word.line}, {}};
    if (word.is("repeat")) {
      result.what = repeat(word, depth);
    } else if (word.is("handshake")) {
      result.what = handshake(word);
    } else if (word.is("disconnect")) {
      need_client(word);
      need_connection(word);
      is_connected_ = false;
      result.what = Disconnect{};
    } else {
      result.what = call(word);
    }
    end_statement();
    return result;
  }

  Repeat repeat(const Token& word, std::size_t depth) {
    if (depth == kMaxBlockDepth) {
      fail(word, fmt::format("blocks are nested more than {} deep", kMaxBlockDepth));
    }
    const bool was_connected = is_connected_;
    Repeat result;
    result.count = integer_within("the count of the repetition", 0, kMaxU64);
    result.body = action_block("the repetition", depth + 1);
    if (is_connected_ != was_connected) {
      fail(word,
           fmt::format("the repetition begins {} and ends {}; its body leaves the connection as it found it",
                       was_connected ? "connected" : "disconnected", is_connected_ ? "connected" : "disconnected"));
    }
    return result;
  }

  Handshake handshake(const Token& word) {
    need_client(word);
    if (is_connected_) {
      fail(word, "the client is connected already; \"disconnect\" comes before another handshake");
    }
    is_connected_ = true;
    expect("guest", "the only handshake of a client so far");
    const Token guest = peek();
    Handshake result{string("the name of the client's program")};
    if (result.guest.contains('\0')) {
      fail(guest, "the name of the program has a zero byte in it");
    }
    return result;
  }

  void need_client(const Token& word) {
    if (speaker_ == Speaker::client) {
      return;
    }
    fail(word, fmt::format("a process has no connection; \"{}\" belongs into a client", word.text));
  }

  void need_connection(const Token& word) {
    if (speaker_ != Speaker::client || is_connected_) {
      return;
    }
    fail(word, fmt::format("the client is not connected here; handshake guest {} comes first", quoted(actor_)));
  }

  // ---- calls ----

  Call call(const Token& first) {
    Call call;
    Token word = first;
    std::optional<Token> result;
    std::optional<Token> second;
    if (take_if("=")) {
      result = first;
      word = expect_word("the name of a call");
    }
    need_connection(word);
    if (!peek().is("(")) {
      fail(peek(), fmt::format("{} stands after {}; a call is written name(...), with a result variable = name(...)",
                               describe(peek()), quoted(word.text)));
    }
    take();
    const CallSignature* const signature = call_name(word, call);
    arguments(word, signature, call);
    if (peek().is("->")) {
      if (result) {
        fail(peek(), "the result has a name already; two results are written name(...) -> first, second");
      }
      take();
      result = name("the name of the first result");
      expect(",", "between the two results");
      second = name("the name of the second result");
    }
    if (result) {
      call.result = bind_result(*result);
    }
    if (second) {
      call.second_result = bind_result(*second);
    }
    usable_ = variable_names_.size();
    if (take_if("=>")) {
      call.expected = expectation();
    }
    return call;
  }

  /// After "(": resolves the name, or takes the number of `syscall`. Null if nothing is known of the call.
  const CallSignature* call_name(const Token& word, Call& call) {
    if (word.is("syscall")) {
      call.number = static_cast<std::uint32_t>(
          integer_within("the number of the call", 0, std::numeric_limits<std::uint32_t>::max()));
      if (!peek().is(")")) {
        expect(",", "between the arguments");
      }
      return nullptr;
    }
    if (word.text.size() > kMaxNameBytes || !is_call_name(word.text)) {
      fail(word, fmt::format("{} is no name of a call", quoted(word.text)));
    }
    call.name = word.text;
    if (calls_.empty()) {
      return nullptr;
    }
    const CallSignature* const signature = find_call(calls_, word.text);
    if (signature == nullptr) {
      fail(word, fmt::format("there is no call {}{}", quoted(word.text),
                             hint(word.text, names_of(calls_, &CallSignature::name),
                                  "any number can be called by syscall(NUMBER, ...)")));
      return nullptr;
    }
    call.number = signature->number;
    return signature;
  }

  /// From after "(" (and the number of `syscall`) through ")".
  void arguments(const Token& word, const CallSignature* signature, Call& call) {
    while (!peek().is(")") && peek().kind != TokenKind::end) {
      if (call.arguments.size() == kMaxArguments) {
        fail(peek(), fmt::format("the call has more than {} arguments", kMaxArguments));
      }
      const std::size_t i = call.arguments.size();
      const bool is_known = signature != nullptr && i < signature->arguments.size();
      const Token start = peek();
      Argument value = argument(1);
      if (is_known) {
        check_shape(start, value, signature->arguments[i], i + 1, word.text);
      }
      call.arguments.push_back(std::move(value));
      if (!peek().is(")")) {
        expect(",", "between the arguments");
      }
    }
    if (peek().kind == TokenKind::end) {
      fail(peek(), "the text ends within the arguments of a call; \")\" closes them");
    }
    take();
    if (signature == nullptr) {
      return;
    }
    const std::size_t count = call.arguments.size();
    const std::size_t most = signature->arguments.size();
    if (count >= signature->required && count <= most) {
      return;
    }
    const std::string right =
        signature->required == most ? fmt::format("{}", most) : fmt::format("{} to {}", signature->required, most);
    fail(word, fmt::format("{} takes {} argument{}, not {}", word.text, right, most == 1 ? "" : "s", count));
  }

  void check_shape(const Token& start, const Argument& argument, ArgumentKind kind, std::size_t position,
                   std::string_view call) {
    const auto* const list = std::get_if<List>(&argument.value);
    if (list == nullptr) {
      return;
    }
    const auto is_pair = [](const List& pair) {
      return pair.shape == Shape::structure && pair.items.size() == 2 &&
             std::ranges::none_of(pair.items, [](const Argument& a) { return std::holds_alternative<List>(a.value); });
    };
    switch (kind) {
      case ArgumentKind::address:
        return;
      case ArgumentKind::timespec:
        if (is_pair(*list)) {
          return;
        }
        return fail(start, fmt::format("argument {} of {} is a time; as a list it is written {{seconds, nanoseconds}}",
                                       position, call));
      case ArgumentKind::iovec:
        if (list->shape == Shape::array && std::ranges::all_of(list->items, [&](const Argument& item) {
              const auto* const inner = std::get_if<List>(&item.value);
              return inner != nullptr && is_pair(*inner);
            })) {
          return;
        }
        return fail(start, fmt::format("argument {} of {} is an array of buffers; as a list it is written "
                                       "[{{address, length}}, ...]",
                                       position, call));
      default:
        return fail(start, fmt::format("argument {} of {} is a number, not a list", position, call));
    }
  }

  Argument argument(std::size_t list_depth) {
    count_item();
    const Token& next = peek();
    if (next.kind == TokenKind::string) {
      return {Bytes{string("a string"), Ending::terminated}};
    }
    if (next.is("{") || next.is("[")) {
      return {list(list_depth)};
    }
    if (next.kind != TokenKind::word || is_symbol_start(next.text[0])) {
      return {Integer{integer()}};
    }
    const Token word = take();
    if (word.is("null")) {
      return {Null{}};
    }
    if (word.is("out")) {
      return {out_buffer()};
    }
    if (word.is("hex")) {
      return {Bytes{hex_digits(), Ending::exact}};
    }
    const auto found = variables_.find(word.text);
    if (found != variables_.end() && found->second < usable_) {
      return {Variable{found->second}};
    }
    if (found != variables_.end()) {
      fail(word, fmt::format("{} gets its value from this very call", quoted(word.text)));
    } else {
      fail(word, fmt::format("no call before gives a variable {}{}", quoted(word.text),
                             hint(word.text, names_of(variable_names_, std::identity{}),
                                  "one is made by variable = name(...)")));
    }
    return {};
  }

  List list(std::size_t depth) {
    if (depth > kMaxListDepth) {
      fail(peek(), fmt::format("lists are nested more than {} deep", kMaxListDepth));
    }
    List result;
    result.shape = take().is("[") ? Shape::array : Shape::structure;
    const std::string_view close = result.shape == Shape::array ? "]" : "}";
    while (!peek().is(close) && peek().kind != TokenKind::end) {
      result.items.push_back(argument(depth + 1));
      if (!peek().is(close)) {
        expect(",", "between the items of a list");
      }
    }
    if (peek().kind == TokenKind::end) {
      fail(peek(), fmt::format("the text ends within a list; \"{}\" closes it", close));
    }
    take();
    return result;
  }

  /// After the word `out`: `[SIZE]` or `[TYPE variable, ...]`.
  OutBuffer out_buffer() {
    expect("[", "as in out[16] or out[i32 fd]");
    OutBuffer buffer;
    if (peek().kind == TokenKind::word && !is_symbol_start(peek().text[0])) {
      buffer.size = 0;
      do {
        count_item();
        const FieldType type = field_type();
        buffer.fields.push_back({type, bind(name("the name of a variable"))});
        buffer.size += width_of(type);
      } while (take_if(","));
    } else {
      buffer.size = integer_within("the size of the buffer", 1, kMaxBufferBytes);
    }
    expect("]", "which closes the buffer");
    return buffer;
  }

  FieldType field_type() {
    const Token word = expect_word("a type");
    const auto* const found = std::ranges::find(words::kFieldTypes, word.text, &words::FieldTypeName::name);
    if (found != words::kFieldTypes.end()) {
      return found->type;
    }
    fail(word, fmt::format("{} is no type of a field; types are i32, u32 and i64", quoted(word.text)));
    return {};
  }

  /// `_` binds nothing.
  std::optional<Variable> bind_result(const Token& token) {
    if (token.is("_")) {
      return std::nullopt;
    }
    return bind(token);
  }

  Variable bind(const Token& token) {
    if (token.kind == TokenKind::word && (token.text.size() > kMaxNameBytes || !is_variable_name(token.text))) {
      fail(token,
           fmt::format("{} is no name of a variable; names are lower-case letters, digits and \"_\", and no word "
                       "of the language",
                       quoted(token.text)));
    }
    const auto [place, is_new] = variables_.try_emplace(token.text, static_cast<std::uint32_t>(variable_names_.size()));
    if (is_new) {
      variable_names_.emplace_back(token.text);
    }
    return {place->second};
  }

  /// After "=>".
  Expectation expectation() {
    const Token token = peek();
    if (take_if("ok")) {
      return ExpectSuccess{};
    }
    if (take_if("errno")) {
      return ExpectError{static_cast<std::uint32_t>(integer_within("the errno", 1, kMaxErrno))};
    }
    const Symbol* const symbol = token.kind == TokenKind::word ? find_symbol(token.text) : nullptr;
    if (symbol != nullptr && symbol->group == SymbolGroup::error) {
      take();
      return ExpectError{static_cast<std::uint32_t>(symbol->value)};
    }
    if (token.kind == TokenKind::word && !is_symbol_start(token.text[0])) {
      fail(token, fmt::format("{} is no expectation; one is ok, a number or the name of an error", quoted(token.text)));
    }
    return ExpectValue{integer()};
  }

  // ---- raw byte streams ----

  Raw raw() {
    Raw result;
    block(quoted(actor_), [&] {
      count_item();
      result.steps.push_back(raw_step());
      end_statement();
    });
    return result;
  }

  RawStep raw_step() {
    static constexpr auto kSteps =
        std::to_array<std::string_view>({"connect", "send", "await", "answer", "sleep", "idle", "shut"});
    const Token word = expect_word("a step");
    const Line line{word.line};
    if (word.is("connect")) {
      return {line, Connect{}};
    }
    if (word.is("send") && take_if("frame")) {
      return {line, frame()};
    }
    if (word.is("send")) {
      return {line, SendBytes{bytes("hex \"...\", frame(...) or a string")}};
    }
    if (word.is("await")) {
      expect("frame", "the only thing to wait for so far");
      return {line, AwaitFrame{}};
    }
    if (word.is("answer") && take_if("asked")) {
      return {line, AnswerAsked{}};
    }
    if (word.is("answer") && take_if("zeros")) {
      return {line, AnswerZeros{integer_within("the size of the answer", 0, kMaxBufferBytes)}};
    }
    if (word.is("answer")) {
      return {line, AnswerBytes{bytes("hex \"...\", zeros NUMBER, asked or a string")}};
    }
    if (word.is("sleep")) {
      if (peek().kind != TokenKind::duration) {
        fail(peek(), "a time belongs after sleep, such as 10ms");
      }
      return {line, Sleep{take().number}};
    }
    if (word.is("idle")) {
      return {line, Idle{}};
    }
    if (word.is("shut")) {
      return {line, Shut{}};
    }
    fail(word, fmt::format("{} is no step of a raw byte stream{}", quoted(word.text),
                           hint(word.text, kSteps, "steps are connect, send, await, answer, sleep, idle and shut")));
    return {};
  }

  /// After the word `frame`.
  SendFrame frame() {
    static constexpr auto kFields =
        std::to_array<std::string_view>({"class", "type", "reqno", "field", "body", "length"});
    constexpr std::uint64_t kMaxU16 = std::numeric_limits<std::uint16_t>::max();
    constexpr std::uint64_t kMaxU32 = std::numeric_limits<std::uint32_t>::max();
    SendFrame result;
    std::set<std::string_view> seen;
    expect("(", "as in frame(class=REQ, type=SYSCALL)");
    while (!peek().is(")") && peek().kind != TokenKind::end) {
      const Token key = expect_word("a field of the frame");
      if (std::ranges::find(kFields, key.text) == kFields.end()) {
        fail(key, fmt::format("a frame has no {}{}", quoted(key.text),
                              hint(key.text, kFields, "it has class, type, reqno, field, body and length")));
      }
      if (!seen.insert(key.text).second) {
        fail(key, fmt::format("{} is set twice; once is enough", key.text));
      }
      expect("=", "between a field and its value");
      if (key.is("class")) {
        result.frame_class = static_cast<std::uint16_t>(integer_within("class", 0, kMaxU16));
      }
      if (key.is("type")) {
        result.type = static_cast<std::uint16_t>(integer_within("type", 0, kMaxU16));
      }
      if (key.is("reqno")) {
        result.reqno = integer_within("reqno", 0, kMaxU64);
      }
      if (key.is("field")) {
        result.field = static_cast<std::uint32_t>(integer_within("field", 0, kMaxU32));
      }
      if (key.is("body")) {
        result.body = bytes("hex \"...\" or a string");
      }
      if (key.is("length")) {
        result.length = integer_within("length", 0, kMaxU64);
      }
      if (!peek().is(")")) {
        expect(",", "between the fields of a frame");
      }
    }
    expect(")", "which closes the frame");
    return result;
  }

  Lexer lexer_;
  CallTable calls_;
  Scenario scenario_;
  std::size_t items_ = 0;
  bool has_config_ = false;
  std::set<std::string_view> actor_names_;

  // Of the actor that is being read.
  std::string_view actor_;
  Speaker speaker_ = Speaker::process;
  bool is_connected_ = false;
  std::map<std::string_view, std::uint32_t> variables_;
  std::vector<std::string> variable_names_;
  /// Variables below this index have their value before the call that is being read.
  std::size_t usable_ = 0;
};

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && is_lower(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; }) &&
         std::ranges::find(words::kReserved, name) == words::kReserved.end();
}

bool is_call_name(std::string_view name) {
  return is_actor_name(name) && !name.contains('-') &&
         std::ranges::find(words::kReserved, name) == words::kReserved.end();
}

bool is_actor_name(std::string_view name) {
  const auto is_inner = [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '_'; };
  if (name.empty() || name.size() > kMaxNameBytes || !is_inner(name[0]) || is_digit(name[0])) {
    return false;
  }
  for (std::size_t i = 1; i < name.size(); ++i) {
    const bool is_hyphen_within = name[i] == '-' && i + 1 < name.size() && is_inner(name[i + 1]);
    if (!is_inner(name[i]) && !is_hyphen_within) {
      return false;
    }
  }
  return true;
}

std::expected<Scenario, TextError> parse_scenario(std::string_view text, std::string_view file_name, CallTable calls) {
  return Parser(text, file_name, calls).parse();
}

}  // namespace replay
