#include "base/thread.h"

#include <cstdlib>
#include <exception>

#include <pthread.h>

#include "base/log.h"

namespace oriel {

NamedThread::NamedThread(std::string name, std::function<void(std::stop_token)> body)
    : thread_([name = std::move(name), body = std::move(body)](std::stop_token stop) {
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
        try {
          body(std::move(stop));
        } catch (const std::exception& e) {
          log::error("thread {} ended by an exception: {}", name, e.what());
          log::flush();
          std::abort();
        }
      }) {}

}  // namespace oriel
