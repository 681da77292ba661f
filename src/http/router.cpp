#include "http/router.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "base/log.h"
#include "http/problem.h"

namespace oriel::http {
namespace {

// One segment of a pattern, taken apart.
struct PatternSegment {
  enum class Kind { literal, part, whole, rest };
  Kind kind = Kind::literal;
  std::string prefix;  // the literal itself for `literal`
  std::string suffix;
  std::string name;
};

PatternSegment parse_segment(std::string_view text) {
  PatternSegment segment;
  const auto open = text.find('{');
  if (open == std::string_view::npos) {
    ORIEL_CHECK(text.find('}') == std::string_view::npos);
    segment.prefix = text;
    return segment;
  }
  const auto close = text.find('}', open);
  ORIEL_CHECK(close != std::string_view::npos && close > open + 1);
  segment.prefix = text.substr(0, open);
  segment.suffix = text.substr(close + 1);
  segment.name = text.substr(open + 1, close - open - 1);
  ORIEL_CHECK(segment.suffix.find_first_of("{}") == std::string::npos);
  if (segment.name.ends_with("...")) {
    segment.name.resize(segment.name.size() - 3);
    ORIEL_CHECK(segment.prefix.empty() && segment.suffix.empty());
    segment.kind = PatternSegment::Kind::rest;
  } else {
    segment.kind = segment.prefix.empty() && segment.suffix.empty() ? PatternSegment::Kind::whole
                                                                    : PatternSegment::Kind::part;
  }
  return segment;
}

std::vector<PatternSegment> parse_pattern(std::string_view pattern) {
  ORIEL_CHECK(!pattern.empty() && pattern[0] == '/');
  std::vector<PatternSegment> segments;
  pattern.remove_prefix(1);
  while (true) {
    const auto slash = pattern.find('/');
    segments.push_back(parse_segment(pattern.substr(0, slash)));
    if (slash == std::string_view::npos) return segments;
    ORIEL_CHECK(segments.back().kind != PatternSegment::Kind::rest);
    pattern.remove_prefix(slash + 1);
  }
}

std::string allow_of(unsigned mask) {
  const auto bit = [](Method method) { return 1u << static_cast<unsigned>(method); };
  if ((mask & bit(Method::get)) != 0) mask |= bit(Method::head);
  mask |= bit(Method::options);
  std::string allow;
  for (unsigned i = 0; i < kMethodCount; ++i) {
    if ((mask & (1u << i)) == 0) continue;
    if (!allow.empty()) allow += ", ";
    allow += to_string(static_cast<Method>(i));
  }
  return allow;
}

}  // namespace

struct Router::Node {
  struct Part {
    std::string prefix;
    std::string suffix;
    std::unique_ptr<Node> node;
  };
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::vector<Part> parts;  // longest literal text first
  std::unique_ptr<Node> whole;
  std::unique_ptr<Node> rest;
  std::array<Route*, kMethodCount> routes{};
  bool ends = false;  // some route ends here
};

struct Router::Walk {
  Request& request;
  // Wanted: stop at a node that has it. Not wanted: visit every matching node, gather what they
  // allow.
  std::optional<Method> wanted;
  unsigned allowed = 0;
  const Route* found = nullptr;
  std::vector<std::string_view> values;
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

Route& Router::insert(std::unique_ptr<Route> route) {
  Node* node = root_.get();
  for (auto& segment : parse_pattern(route->pattern)) {
    if (!segment.name.empty()) route->parameter_names.push_back(segment.name);
    std::unique_ptr<Node>* next = nullptr;
    switch (segment.kind) {
      case PatternSegment::Kind::literal:
        next = &node->literals[segment.prefix];
        break;
      case PatternSegment::Kind::whole:
        next = &node->whole;
        break;
      case PatternSegment::Kind::rest:
        next = &node->rest;
        break;
      case PatternSegment::Kind::part: {
        auto& parts = node->parts;
        auto at = std::find_if(parts.begin(), parts.end(), [&](const Node::Part& part) {
          return part.prefix == segment.prefix && part.suffix == segment.suffix;
        });
        if (at == parts.end()) {
          const std::size_t length = segment.prefix.size() + segment.suffix.size();
          at = std::find_if(parts.begin(), parts.end(), [&](const Node::Part& part) {
            return part.prefix.size() + part.suffix.size() < length;
          });
          at = parts.insert(at, Node::Part{segment.prefix, segment.suffix, nullptr});
        }
        next = &at->node;
        break;
      }
    }
    if (!*next) *next = std::make_unique<Node>();
    node = next->get();
  }
  auto& slot = node->routes[static_cast<std::size_t>(route->method)];
  ORIEL_CHECK(slot == nullptr);
  for (const auto& other : routes_)
    ORIEL_CHECK(route->operation.id.empty() || other->operation.id != route->operation.id);
  route->index = routes_.size();
  node->ends = true;
  slot = route.get();
  routes_.push_back(std::move(route));
  return *routes_.back();
}

Route& Router::add(Method method, std::string_view pattern, Operation operation, Handler handler) {
  auto route = std::make_unique<Route>();
  route->method = method;
  route->pattern = pattern;
  route->operation = std::move(operation);
  route->handler = std::move(handler);
  return insert(std::move(route));
}

Route& Router::add_websocket(std::string_view pattern, Operation operation,
                             WebSocketHandler handler) {
  auto route = std::make_unique<Route>();
  route->method = Method::get;
  route->pattern = pattern;
  route->operation = std::move(operation);
  route->websocket = std::move(handler);
  return insert(std::move(route));
}

void Router::set_before(Before before) { before_ = std::move(before); }

bool Router::walk(const Node& node, std::size_t depth, Walk& state) const {
  const Path& path = state.request.path;
  const auto try_end = [&](const Node& end) {
    if (!end.ends) return false;
    for (std::size_t i = 0; i < kMethodCount; ++i)
      if (end.routes[i] != nullptr) state.allowed |= 1u << i;
    if (!state.wanted) return false;
    const Route* route = end.routes[static_cast<std::size_t>(*state.wanted)];
    if (route == nullptr && *state.wanted == Method::head) {
      route = end.routes[static_cast<std::size_t>(Method::get)];
    }
    if (route == nullptr) return false;
    state.found = route;
    return true;
  };
  const auto descend = [&](const Node& next, std::string_view value) {
    state.values.push_back(value);
    if (walk(next, depth + 1, state)) return true;
    state.values.pop_back();
    return false;
  };
  if (depth == path.segments.size()) {
    if (try_end(node)) return true;
  } else {
    const auto segment = path.segment(depth);
    const auto literal = node.literals.find(segment);
    if (literal != node.literals.end() && walk(*literal->second, depth + 1, state)) return true;
    for (const auto& part : node.parts) {
      if (segment.size() <= part.prefix.size() + part.suffix.size()) continue;
      if (!segment.starts_with(part.prefix) || !segment.ends_with(part.suffix)) continue;
      const auto value = segment.substr(part.prefix.size(),
                                        segment.size() - part.prefix.size() - part.suffix.size());
      if (descend(*part.node, value)) return true;
    }
    if (node.whole && !segment.empty() && descend(*node.whole, segment)) return true;
  }
  if (!node.rest) return false;
  const auto rest = depth < path.segments.size()
                        ? std::string_view(path.text).substr(path.segments[depth].first)
                        : std::string_view();
  state.values.push_back(rest);
  if (try_end(*node.rest)) return true;
  state.values.pop_back();
  return false;
}

Router::Match Router::find(Request& request) const {
  Walk state{request, request.method, 0, nullptr, {}};
  request.parameters.clear();
  if (walk(*root_, 0, state)) {
    const auto& names = state.found->parameter_names;
    for (std::size_t i = 0; i < names.size(); ++i)
      request.parameters.emplace_back(names[i], std::string(state.values[i]));
    return {state.found, {}};
  }
  // A failed walk has seen every node that matches the path.
  return {nullptr, state.allowed == 0 ? std::string() : allow_of(state.allowed)};
}

Awaitable<std::optional<Response>> Router::check(Request& request, const Route& route) const {
  if (!before_) co_return std::nullopt;
  std::optional<Response> answer;
  try {
    answer = co_await before_(request, route.operation);
  } catch (const boost::system::system_error& e) {
    if (e.code() == boost::asio::error::operation_aborted) throw;
    log::error("check of {} ended by an exception: {}", route.pattern, e.what());
    answer = problem(Error{ErrorKind::internal, {}});
  } catch (const std::exception& e) {
    log::error("check of {} ended by an exception: {}", route.pattern, e.what());
    answer = problem(Error{ErrorKind::internal, {}});
  }
  co_return answer;
}

Awaitable<Response> Router::handle(Request& request, Match match) const {
  if (match.route == nullptr) {
    if (match.allow.empty())
      co_return problem(Error{ErrorKind::not_found, "there is nothing at this address"});
    Response response = request.method == Method::options
                            ? Response::empty(204)
                            : problem(405, "this address does not take this method");
    response.headers.set("Allow", match.allow);
    co_return response;
  }
  const Route& route = *match.route;
  if (before_) {
    std::optional<Response> answer = co_await check(request, route);
    if (answer) co_return std::move(*answer);
  }
  if (!route.handler) {
    Response response = problem(426, "this address speaks WebSocket only");
    response.headers.set("Upgrade", "websocket");
    co_return response;
  }
  Response response;
  try {
    response = co_await route.handler(request);
  } catch (const boost::system::system_error& e) {
    if (e.code() == boost::asio::error::operation_aborted) throw;
    log::error("handler of {} ended by an exception: {}", route.pattern, e.what());
    response = problem(Error{ErrorKind::internal, {}});
  } catch (const std::exception& e) {
    log::error("handler of {} ended by an exception: {}", route.pattern, e.what());
    response = problem(Error{ErrorKind::internal, {}});
  }
  co_return response;
}

Awaitable<Response> Router::handle(Request& request) const {
  co_return co_await handle(request, find(request));
}

}  // namespace oriel::http
