// What a file says about itself, in boxes that every player and archive reads.
//
// In the moov of a clip:
//   mvhd, tkhd, mdhd   creation and modification time: the UTC of the first frame
//   udta
//     ©xyz             the place, ISO 6709 (QuickTime's user data)
//     meta (hdlr mdir) ilst with ©nam, ©ART, ©day, desc, cprt, ©cmt, ©url, ©too
// The media bytes and the lengths of parts stay as they are; only the init segment grows.
#pragma once
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace oriel::media {

struct MovieTags {
  UtcTime created;          // of the first frame
  std::string title;        // ©nam; texts are UTF-8, an empty one is left out
  std::string artist;       // ©ART: the node that recorded it
  std::string description;  // desc: place and span
  std::string copyright;    // cprt: the licence
  std::string comment;      // ©cmt: how to cite it
  std::string address;      // ©url: the moment's own address
  std::string encoder;      // ©too
  std::string location;     // ISO 6709, "+34.9000+097.7000/"
};

// The init segment with these tags; what user data it had is replaced. Errors: data_loss.
Result<Bytes> tag_init(ByteView init, const MovieTags& tags);

// The same for the head of a whole file, from its first byte to the end of its moov: what lies
// behind it moves by as much as the head grows, and the chunk offsets with it. Errors: data_loss.
Result<Bytes> tag_movie_head(ByteView head, const MovieTags& tags);

// WGS 84 degrees as ISO 6709 (annex H): "+34.9000+097.7000/", with metres
// "+34.9000+097.7000+4270/".
std::string iso_6709(double latitude, double longitude, std::optional<double> elevation_m);

}  // namespace oriel::media
