// Board files are YAML of one simple form: `key: value` lines and, under `banks:`, one flow mapping per line. This reader
// takes name, platform, clockMHz and the banks' tag and sizeMiB; everything else is for the planner.
#include "board.hpp"
#include "refusal.hpp"
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace {

std::string trimmed(const std::string &text) {
    const size_t begin = text.find_first_not_of(" \t\r\"'"), end = text.find_last_not_of(" \t\r\"'");
    return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

// The value of `key` in `{ key: value, ... }`.
std::string flowValue(const std::string &line, const std::string &key) {
    const size_t at = line.find(key + ":");
    if (at == std::string::npos) return {};
    const size_t begin = at + key.size() + 1;
    return trimmed(line.substr(begin, line.find_first_of(",}", begin) - begin));
}

uint64_t positive(const std::string &text, const std::string &where) {
    char *end = nullptr;
    const unsigned long long value = std::strtoull(text.c_str(), &end, 10);
    if (text.empty() || *end || value == 0) throw Refusal(CL_INVALID_VALUE, where + ": expected a positive number, found \"" + text + "\"");
    return value;
}

Board readBoard(const std::string &path) {
    std::ifstream file(path);
    if (!file) throw Refusal(CL_INVALID_VALUE, "CREMA_SIM_BOARDS: cannot read " + path);
    Board board;
    bool inBanks = false;
    int number = 0;
    for (std::string line; std::getline(file, line);) {
        const std::string where = path + ":" + std::to_string(++number);
        if (line.empty() || line[0] == '#') continue;
        if (line[0] != ' ') {
            const size_t colon = line.find(':');
            const std::string key = line.substr(0, colon), value = colon == std::string::npos ? "" : trimmed(line.substr(colon + 1));
            inBanks = key == "banks";
            if (key == "name") board.name = value;
            if (key == "platform") board.platform = value;
            if (key == "clockMHz") board.megahertz = static_cast<uint32_t>(positive(value, where));
        } else if (inBanks && line.find('{') != std::string::npos) {
            board.banks.push_back({flowValue(line, "tag"), positive(flowValue(line, "sizeMiB"), where) << 20, true});
        }
    }
    if (board.banks.empty()) throw Refusal(CL_INVALID_VALUE, path + ": no memory banks");
    return board;
}

} // namespace

std::vector<Board> readBoards() {
    std::vector<Board> boards;
    const char *paths = std::getenv("CREMA_SIM_BOARDS");
    std::istringstream list(paths ? paths : "");
    for (std::string path; std::getline(list, path, ':');)
        if (!path.empty()) boards.push_back(readBoard(path));
    if (!boards.empty()) return boards;
    Board standard;
    for (int i = 0; i < 4; i++) standard.banks.push_back({"DDR[" + std::to_string(i) + "]", uint64_t{16} << 30, true});
    return {standard};
}
