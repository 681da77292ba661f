// The part socket: docs/reference/live-socket.md is its specification.
#pragma once
#include "api/services.h"
#include "http/websocket.h"

namespace oriel::api {

http::Awaitable<void> serve_live_socket(Services& services, http::Request& request,
                                        http::WebSocket& socket);

}  // namespace oriel::api
