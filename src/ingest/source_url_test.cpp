#include "ingest/source_url.h"

#include <gtest/gtest.h>

namespace oriel::ingest {
namespace {

TEST(SourceUrl, credentials_and_path_are_never_printed) {
  const auto url = SourceUrl::parse("RTSP://admin:p%40ss@10.0.0.7/user=admin&password=hidden");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->redacted(), "rtsp://10.0.0.7:554/…");
  EXPECT_EQ(url->host(), "10.0.0.7");
  EXPECT_EQ(url->url().reveal(), "rtsp://admin:p%40ss@10.0.0.7/user=admin&password=hidden");
}

TEST(SourceUrl, only_schemes_of_the_list_are_taken) {
  for (const char* text : {"ftp://a/b", "concat:a|b", "data:video/mp4;base64,AA", "udp://1.2.3.4:5",
                           "pipe:0", "unix:///x", "subfile,,start,0,end,9,,:/etc/passwd",
                           "ffrtmphttp://a/b", "hls+http://a/b"}) {
    const auto url = SourceUrl::parse(text, {.file_allowed = true});
    ASSERT_FALSE(url) << text;
  }
}

TEST(SourceUrl, a_file_is_taken_from_the_configuration_only) {
  EXPECT_EQ(SourceUrl::parse("file:/srv/clip.mp4").error().kind, ErrorKind::denied);
  const auto url = SourceUrl::parse("file:///srv/a b.mp4", {.file_allowed = true});
  ASSERT_TRUE(url);
  EXPECT_EQ(url->file_path().reveal(), "/srv/a b.mp4");
  EXPECT_EQ(url->redacted(), "a file");
}

TEST(SourceUrl, what_is_wrong_is_said_without_the_url) {
  for (const char* text :
       {"", "rtsp:", "rtsp:/x", "rtsp://", "rtsp://user:secret@/x", "rtsp://h:99999/secret",
        "rtsp://h:secret/x", "rtsp://a b/secret", "rtsp://h\r\nX: secret/", "srt://h", "secret"}) {
    const auto url = SourceUrl::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().message.find("secret"), std::string::npos) << url.error().message;
  }
  EXPECT_FALSE(SourceUrl::parse("rtsp://h/" + std::string(3000, 'x')));
}

TEST(SourceUrl, a_password_with_an_at_sign_is_split_off_whole) {
  const auto url = SourceUrl::parse("rtsp://user:a@b@camera:8554/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host(), "camera");
  EXPECT_EQ(url->port(), 8554);
}

TEST(Scrubber, takes_every_form_of_the_secret_out) {
  const auto url = SourceUrl::parse("rtsp://user:p%40ssword@10.0.0.7:554/live/key?token=abcdef");
  ASSERT_TRUE(url);
  const std::string scrubbed = url->scrubber().scrub(
      "open rtsp://user:p%40ssword@10.0.0.7:554/live/key?token=abcdef failed; p@ssword; "
      "token=abcdef; tcp://other:word@10.0.0.8/");
  for (const char* secret : {"p%40ssword", "p@ssword", "abcdef", "live/key", "other:word"})
    EXPECT_EQ(scrubbed.find(secret), std::string::npos) << scrubbed;
  EXPECT_NE(scrubbed.find("failed"), std::string::npos);
}

}  // namespace
}  // namespace oriel::ingest
