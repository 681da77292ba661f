// Makes the test program its own worker, as the real program is: `program worker NAME` never gets
// to the tests.
#include <fstream>
#include <string>

#include <unistd.h>

#include "ingest/film_worker.h"
#include "ingest/snapshot_worker.h"
#include "ingest/transcode_worker.h"

namespace oriel::ingest {
namespace {

struct WorkerEntry {
  WorkerEntry() {
    std::ifstream in("/proc/self/cmdline", std::ios::binary);
    std::string program;
    std::string word;
    std::string name;
    std::getline(in, program, '\0');
    std::getline(in, word, '\0');
    std::getline(in, name, '\0');
    if (word != "worker") return;
    if (name == "transcode") _exit(run_transcode_worker(0, 1));
    if (name == "film") _exit(run_film_worker(0, 1));
    if (name == "snapshot") _exit(run_snapshot_worker(0, 1));
    if (name == "crash") _exit(9);
    _exit(127);
  }
};
const WorkerEntry entry;

}  // namespace
}  // namespace oriel::ingest
