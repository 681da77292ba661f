// The demonstration's commons: made once, in the background, of what the demonstration itself is
// made of: animals drawn from its figures, sounds and counts of its plateau, clips and stills cut
// from its past, and lessons and an exhibit of these. All in English and Chinese, licensed,
// credited and published.
#pragma once
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "api/services.h"
#include "base/thread.h"
#include "commons/work.h"
#include "demo/plateau.h"

namespace oriel::app {

// What is there already, by the identifier that it was made with, is not made again, and what
// people made of it stays. Owns one thread.
class DemoCommons {
 public:
  // `services` must outlive it; `address` is "http://127.0.0.1:8080/".
  DemoCommons(api::Services& services, std::string address);
  void start();
  // Before the services end. Takes as long as one Work.
  void stop();

 private:
  struct Moment;

  Result<void> make_all(const std::stop_token& stop);
  Result<void> load_made();
  Result<void> make_parties();
  Result<void> make_terms();
  Result<void> make_animals(const std::stop_token& stop);
  Result<void> make_sheet();
  Result<void> make_counts();
  Result<void> make_sounds();
  Result<void> make_moments(const std::stop_token& stop);
  Result<void> make_moment(const Moment& moment, const std::string& key, bool still);
  Result<void> make_teaching();
  bool is_made(const std::string& key) const { return made_.contains(key); }
  // Adds, publishes and remembers it.
  Result<void> publish(const std::string& key, commons::WorkContent content);
  Result<void> release(const std::string& key, const commons::Work& draft);
  Result<commons::HeldFile> shelve(const std::string& name, ByteView bytes, commons::FileRole role);
  Result<std::vector<Moment>> find_moments() const;

  api::Services& services_;
  const std::string address_;
  std::map<std::string, std::string> made_;     // key to WorkId
  std::map<std::string, std::string> parties_;  // English name to PartyId
  std::mutex mutex_;
  std::condition_variable_any wake_;
  NamedThread thread_;
};

}  // namespace oriel::app
