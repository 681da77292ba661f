// Rows of the commons: what its sources share, of no use outside the folder.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "commons/catalogue.h"
#include "commons/defaults.h"
#include "store/database.h"

namespace oriel::commons::rows {

// Content as it stands in a row. Errors: data_loss.
template <class T>
Result<T> parse(const std::string& stored, std::string_view what) {
  std::error_code error;
  std::array<unsigned char, 8'192> buffer;
  json::monotonic_resource memory(buffer.data(), buffer.size());
  const auto parsed = json::parse(stored, error, &memory);
  auto content =
      error ? Result<T>(fail(ErrorKind::data_loss, error.message())) : from_partial_json<T>(parsed);
  if (!content) {
    return fail(ErrorKind::data_loss,
                std::string(what) + " cannot be read: " + content.error().message);
  }
  return content;
}

template <class T>
std::string serialise(const T& content) {
  return json::serialize(to_json(content));
}

// A Work as it stands in a row that begins with these columns.
inline constexpr std::string_view kWorkColumns =
    "SELECT id, change, version, state, content, made_us, changed_us, changed_by, note,"
    " published_us, made_by FROM work";
Result<Work> work_of(const store::Row& row);

// Runs `sql` followed by " IN (…)" for all of `keys`, some at a time. `sql` has no placeholder.
Result<void> query_in(store::Session& session, const std::string& sql,
                      const std::vector<std::string>& keys, const store::RowCallback& row);

// Runs `sql`, with one value more, the count, as its last placeholder, and gives a page of what
// `read` makes of each row; `key` is where the next page begins.
template <class T, class Read, class Key>
Result<Page<T>> load_page(store::Session& session, std::string sql, store::Values values,
                          const PageRequest& request, const Read& read, const Key& key) {
  if (request.count < 1 || request.count > PageRequest::kCountMax) {
    return fail(ErrorKind::invalid,
                "count: expected 1 to " + std::to_string(PageRequest::kCountMax));
  }
  values.emplace_back(request.count + 1);
  Page<T> page;
  std::optional<Error> error;
  ORIEL_TRY(session.query(sql + " LIMIT $" + std::to_string(values.size()), values,
                          [&](const store::Row& row) {
                            if (error) return;
                            Result<T> item = read(row);
                            if (item)
                              page.items.push_back(std::move(*item));
                            else
                              error = std::move(item).error();
                          }));
  if (error) return fail(std::move(*error));
  if (static_cast<std::int64_t>(page.items.size()) > request.count) {
    page.items.pop_back();
    page.next = key(page.items.back());
  }
  return page;
}

// True when the query gives a row.
Result<bool> exists(store::Session& session, std::string_view sql, const store::Values& values);

// Errors: invalid, naming the member.
Result<void> check_term(store::Session& session, const std::string& uri, std::string_view path);
Result<void> check_party(store::Session& session, const std::string& id, std::string_view path);

}  // namespace oriel::commons::rows
