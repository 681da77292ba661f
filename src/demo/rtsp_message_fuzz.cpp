// Whatever a peer sends: the parser, and a whole session fed with it.
#include <cstddef>
#include <cstdint>

#include "demo/rtsp_session.h"

namespace {

class SilentStream final : public oriel::demo::Stream {
 public:
  oriel::Result<oriel::demo::StreamFormat> format() override {
    oriel::demo::StreamFormat format;
    format.sps = {0x67, 0x64, 0x00, 0x1f};
    format.pps = {0x68, 0xee};
    format.audio_configuration = oriel::Bytes{0x11, 0x88};
    return format;
  }
  void subscribe(std::shared_ptr<oriel::demo::Inbox> inbox) override {
    inbox->deliver(
        {false, true, {}, std::make_shared<const oriel::Bytes>(oriel::Bytes{0, 0, 1, 0x65, 1, 2})});
  }
  void unsubscribe(const std::shared_ptr<oriel::demo::Inbox>&) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oriel;
  const ManualClock clock(UtcTime::from_ms(1'795'000'000'000));
  demo::StreamMap streams;
  streams.emplace("a", std::make_shared<SilentStream>());
  const demo::RtspCredentials open;
  const demo::RtspCredentials locked{demo::RtspAuth::digest, "u", Secret("p")};
  for (const auto& credentials : {open, locked}) {
    demo::RtspSession session(
        {streams, credentials, clock, [](int, bool, ByteView) {}, [] {}, 5000}, 7);
    // In two pieces, so that requests also arrive torn.
    const std::size_t cut = size / 2;
    if (session.receive({data, cut}) && session.receive({data + cut, size - cut})) session.pump();
    session.tick(clock.now());
  }
  (void)demo::parse_transport(as_text({data, size}));
  return 0;
}
