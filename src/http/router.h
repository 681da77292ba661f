// Routes: a pattern, a method, what the operation promises, and the coroutine that does it.
#pragma once
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace oriel::http {

class WebSocket;

struct Parameter {
  std::string name;
  std::string in = "query";  // query, path, header, cookie; every path parameter is added by itself
  bool required = false;
  boost::json::value schema = boost::json::object{{"type", "string"}};
  std::string description;
};

struct Answer {
  std::string description;
  std::string content_type;   // empty: no body
  boost::json::value schema;  // null: any
};

// What a route promises; the OpenAPI document is made of it.
struct Operation {
  std::string id;  // unique: "listFeeds"
  std::string summary;
  std::string tag;
  std::string access;  // opaque here; `before` reads it
  std::vector<Parameter> parameters;
  std::optional<boost::json::value> request_schema;
  std::string request_content_type = "application/json";
  std::map<int, Answer> answers;
  std::size_t body_bytes_max = 0;  // 0: the server's default
};

using Handler = std::function<Awaitable<Response>(Request&)>;
// The socket is open on entry and is closed with 1000 after the return.
using WebSocketHandler = std::function<Awaitable<void>(Request&, WebSocket&)>;
// Runs before each handler, also a WebSocket's: an answer ends the request there.
using Before = std::function<Awaitable<std::optional<Response>>(Request&, const Operation&)>;

struct Route {
  Method method = Method::get;
  std::string pattern;
  Operation operation;
  Handler handler;
  WebSocketHandler websocket;                // set instead of handler
  std::size_t index = 0;                     // in the order of adding
  std::vector<std::string> parameter_names;  // of the pattern, in its order
};

// Filled before the server starts, not changed afterwards; then any thread may read it.
//
// A pattern is a path of segments: literal, `{name}`, a name within a segment (`{feed}.jpg`,
// `v{version}`), or as the last one `{name...}`, which takes the rest, slashes included, or
// nothing. Literal wins over a part of a segment, that over a whole one, that over the rest; a
// branch that fails is left for the next. A name never matches an empty text.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // A wrong pattern, a second route for the same method and pattern, or an operation id used twice
  // is a programmer's error and stops the program. A GET route answers HEAD too.
  Route& add(Method method, std::string_view pattern, Operation operation, Handler handler);
  Route& add_websocket(std::string_view pattern, Operation operation, WebSocketHandler handler);
  void set_before(Before before);

  struct Match {
    const Route* route = nullptr;  // null: 404 when `allow` is empty, else 405
    std::string allow;             // "GET, HEAD, OPTIONS"
  };
  // Fills request.parameters.
  Match find(Request& request) const;

  // Runs `before` and the handler of a route found for this request; without a route answers 404,
  // 405 or OPTIONS. A std::exception that leaves the handler is logged and becomes a 500;
  // cancellation passes through.
  Awaitable<Response> handle(Request& request, Match match) const;
  // find and handle in one: for tests and for calls from inside the program.
  Awaitable<Response> handle(Request& request) const;
  // Only `before`: its answer, or nullopt when the request may go on.
  Awaitable<std::optional<Response>> check(Request& request, const Route& route) const;

  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  struct Node;
  struct Walk;
  bool walk(const Node& node, std::size_t depth, Walk& state) const;
  Route& insert(std::unique_ptr<Route> route);

  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Route>> routes_;
  Before before_;
};

}  // namespace oriel::http
