// Any question is answered, or refused as invalid; what is told of it is text.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/temp_folder.h"
#include "commons/search_index.h"
#include "commons/search_text.h"

namespace {

using namespace oriel::commons;

SearchDocument document(const std::string& id, const std::string& language,
                        const std::string& title) {
  SearchDocument made;
  made.id = id;
  made.texts.push_back({language, title, true});
  made.facets[Facet::kind] = {"image"};
  return made;
}

// A few Works in four scripts, for as long as the program runs.
class Index {
 public:
  Index() {
    auto opened = SearchIndex::open(folder_ / "search", clock_);
    ORIEL_CHECK(opened);
    index_ = std::move(*opened);
    ORIEL_CHECK(index_->apply(
        {document("a", "en", "Antelopes running at dawn, 2026"),
         document("b", "zh", "可可西里的藏羚羊"), document("c", "ru", "Антилопы на рассвете"),
         document("d", "ar", "ظباء عند الفجر")},
        {}, 1));
  }
  const SearchIndex& operator*() const { return *index_; }

 private:
  oriel::TempFolder folder_;
  oriel::SystemClock clock_;
  std::unique_ptr<SearchIndex> index_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Index index;
  if (size < 2) return 0;
  constexpr const char* kLanguages[] = {"en", "zh", "ru", "ar", "de", ""};
  SearchRequest request;
  request.language = kLanguages[data[0] % 6];
  request.typing = (data[1] & 1U) != 0;
  request.sort = static_cast<SearchSort>((data[1] >> 1U) % 4);
  request.text.assign(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto answer = (*index).search(request);
  if (!answer) {
    ORIEL_CHECK(answer.error().kind == oriel::ErrorKind::invalid ||
                answer.error().kind == oriel::ErrorKind::deadline);
    return 0;
  }
  ORIEL_CHECK(answer->total >= static_cast<std::int64_t>(answer->ids.size()));
  ORIEL_CHECK(answer->ids.size() <= 4);
  for (const auto& token : tokenise(request.text, request.language, 100))
    ORIEL_CHECK(!token.text.empty());
  return 0;
}
