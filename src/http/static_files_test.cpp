#include "http/static_files.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace oriel::http {
namespace {

namespace fs = std::filesystem;

class StaticFilesTest : public ::testing::Test {
 protected:
  StaticFilesTest() {
    std::string name = (fs::temp_directory_path() / "oriel-static-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    write("index.html", "<p>hello");
    write("assets/app-1a2b3c4d.js", "let a = 1;");
    write("assets/app-1a2b3c4d.js.gz", "gzip bytes");
    write("assets/logo.svg", "<svg/>");
    write(".secret", "no");
  }
  ~StaticFilesTest() override { fs::remove_all(folder); }
  void write(const std::string& name, std::string_view text) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
  }
  static std::string body_of(const Response& response) {
    std::string text;
    for (const auto& slice : response.body.slices())
      text += as_text(std::get<MemorySlice>(slice).bytes);
    return text;
  }
  fs::path folder;
  Request request;
};

TEST_F(StaticFilesTest, serves_what_was_there) {
  auto files = StaticFiles::load(folder.string());
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->count(), 3u);
  const auto page = files->find(request, "/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->headers.find("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(page->headers.find("cache-control"), "no-cache");
  EXPECT_EQ(body_of(*page), "<p>hello");
  EXPECT_FALSE(files->find(request, "/assets"));
  EXPECT_FALSE(files->find(request, "/assets/"));
  EXPECT_FALSE(files->find(request, "/.secret"));
}

TEST_F(StaticFilesTest, a_hashed_name_is_immutable) {
  auto files = StaticFiles::load(folder.string());
  ASSERT_TRUE(files);
  EXPECT_EQ(files->find(request, "/assets/app-1a2b3c4d.js")->headers.find("cache-control"),
            "public, max-age=31536000, immutable");
  EXPECT_EQ(files->find(request, "/assets/logo.svg")->headers.find("cache-control"), "no-cache");
}

TEST_F(StaticFilesTest, gzip_goes_to_who_accepts_it) {
  auto files = StaticFiles::load(folder.string());
  ASSERT_TRUE(files);
  request.headers.set("Accept-Encoding", "br, gzip;q=0.5");
  const auto packed = files->find(request, "/assets/app-1a2b3c4d.js");
  EXPECT_EQ(packed->headers.find("content-encoding"), "gzip");
  EXPECT_EQ(packed->headers.find("vary"), "Accept-Encoding");
  EXPECT_EQ(body_of(*packed), "gzip bytes");
  request.headers.set("Accept-Encoding", "gzip;q=0");
  const auto plain = files->find(request, "/assets/app-1a2b3c4d.js");
  EXPECT_EQ(plain->headers.find("content-encoding"), std::nullopt);
  EXPECT_NE(plain->headers.find("etag"), packed->headers.find("etag"));
}

TEST_F(StaticFilesTest, an_unchanged_file_is_not_sent_again) {
  auto files = StaticFiles::load(folder.string());
  ASSERT_TRUE(files);
  request.headers.set("If-None-Match", *files->find(request, "/")->headers.find("etag"));
  EXPECT_EQ(files->find(request, "/")->status, 304);
}

TEST_F(StaticFilesTest, a_link_that_leads_out_is_not_followed) {
  fs::create_symlink("/etc/passwd", folder / "passwd.txt");
  auto files = StaticFiles::load(folder.string());
  ASSERT_TRUE(files);
  EXPECT_FALSE(files->find(request, "/passwd.txt"));
}

TEST_F(StaticFilesTest, bounds_are_kept) {
  StaticFilesOptions options;
  options.file_bytes_max = 4;
  auto files = StaticFiles::load(folder.string(), options);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().kind, ErrorKind::exhausted);
  EXPECT_EQ(StaticFiles::load((folder / "absent").string()).error().kind, ErrorKind::not_found);
}

TEST(ContentType, of_the_names_that_browsers_insist_on) {
  EXPECT_EQ(content_type_of("worker.mjs"), "text/javascript; charset=utf-8");
  EXPECT_EQ(content_type_of("font.WOFF2"), "font/woff2");
  EXPECT_EQ(content_type_of("app.webmanifest"), "application/manifest+json");
  EXPECT_EQ(content_type_of("unknown"), "application/octet-stream");
}

}  // namespace
}  // namespace oriel::http
