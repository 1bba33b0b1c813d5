#include "xclbin.hpp"
#include "refusal.hpp"
#include <algorithm>
#include <cstring>

namespace {

constexpr size_t kHeaderAt = 304, kUuidAt = 416, kCountAt = 448, kSectionsAt = 456, kSectionSize = 40;
constexpr uint32_t kBitstream = 0, kMetadata = 2, kMemTopology = 6, kConnectivity = 7, kIpLayout = 8;

[[noreturn]] void bad(const std::string &why) { throw Refusal(CL_INVALID_BINARY, "xclbin: " + why); }

template <class T> T number(std::string_view bytes, size_t at, const char *what) {
    if (at > bytes.size() || bytes.size() - at < sizeof(T)) bad(std::string(what) + " is truncated");
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    return value;
}

std::string fixedText(std::string_view bytes, size_t at, size_t width) {
    std::string_view field = bytes.substr(at, width);
    return std::string(field.substr(0, field.find('\0')));
}

// A section that is a count followed by `count` records.
size_t records(std::string_view section, size_t first, size_t size, const char *what) {
    const auto count = number<int32_t>(section, 0, what);
    if (count < 0 || section.size() < first || (section.size() - first) / size < static_cast<size_t>(count))
        bad(std::string(what) + " names " + std::to_string(count) + " entries but is " + std::to_string(section.size()) +
            " bytes long");
    return static_cast<size_t>(count);
}

std::vector<Bank> readTopology(std::string_view section) {
    std::vector<Bank> banks;
    const size_t count = records(section, 8, 40, "MEM_TOPOLOGY");
    for (size_t i = 0; i < count; i++) {
        const size_t at = 8 + 40 * i;
        const auto kilobytes = number<uint64_t>(section, at + 8, "MEM_TOPOLOGY");
        if (kilobytes > (uint64_t{1} << 40)) bad("MEM_TOPOLOGY: bank " + std::to_string(i) + " is larger than any card");
        banks.push_back({fixedText(section, at + 24, 16), kilobytes * 1024, section[at + 1] != 0});
    }
    return banks;
}

std::vector<ComputeUnit> readLayout(std::string_view section, const std::vector<KernelInfo> &kernels) {
    std::vector<ComputeUnit> units;
    const size_t count = records(section, 8, 80, "IP_LAYOUT");
    for (size_t i = 0; i < count; i++) {
        const size_t at = 8 + 80 * i;
        const std::string name = fixedText(section, at + 16, 64);
        const size_t colon = name.find(':');
        ComputeUnit unit{name.substr(colon == std::string::npos ? 0 : colon + 1), kernels.size(), {}};
        if (number<uint32_t>(section, at, "IP_LAYOUT") == 1 && colon != std::string::npos) {
            const auto kernel = std::find_if(kernels.begin(), kernels.end(), [&](const KernelInfo &k) { return k.name == name.substr(0, colon); });
            if (kernel == kernels.end()) bad("IP_LAYOUT: no kernel for compute unit " + name);
            unit.kernel = static_cast<size_t>(kernel - kernels.begin());
        }
        units.push_back(std::move(unit)); // other IP keeps its index: CONNECTIVITY counts all of them
    }
    return units;
}

void readConnectivity(std::string_view section, Xclbin &image) {
    const size_t count = records(section, 4, 12, "CONNECTIVITY");
    for (size_t i = 0; i < count; i++) {
        const auto arg = number<int32_t>(section, 4 + 12 * i, "CONNECTIVITY");
        const auto ip = number<int32_t>(section, 8 + 12 * i, "CONNECTIVITY");
        const auto bank = number<int32_t>(section, 12 + 12 * i, "CONNECTIVITY");
        if (ip < 0 || static_cast<size_t>(ip) >= image.computeUnits.size()) bad("CONNECTIVITY names compute unit " + std::to_string(ip));
        if (bank < 0 || static_cast<size_t>(bank) >= image.banks.size()) bad("CONNECTIVITY names memory bank " + std::to_string(bank));
        if (arg < 0) bad("CONNECTIVITY names argument " + std::to_string(arg));
        image.computeUnits[static_cast<size_t>(ip)].wiring[static_cast<size_t>(arg)].push_back(bank);
    }
}

} // namespace

std::optional<std::array<unsigned char, 16>> uuidOf(std::string_view bytes) {
    if (bytes.size() < kSectionsAt || std::memcmp(bytes.data(), "xclbin2", 8) != 0) return std::nullopt;
    std::array<unsigned char, 16> uuid;
    std::memcpy(uuid.data(), bytes.data() + kUuidAt, uuid.size());
    return uuid;
}

Xclbin parseXclbin(std::string_view bytes) {
    const auto uuid = uuidOf(bytes);
    if (!uuid) bad(bytes.size() < kSectionsAt ? "shorter than the header of an axlf file" : "does not begin with \"xclbin2\"");
    const auto length = number<uint64_t>(bytes, kHeaderAt, "header");
    if (length > bytes.size()) bad("truncated: the header says " + std::to_string(length) + " bytes, " + std::to_string(bytes.size()) + " are there");
    std::map<uint32_t, std::string_view> sections;
    const auto count = number<uint32_t>(bytes, kCountAt, "header");
    for (uint32_t i = 0; i < count; i++) {
        const size_t at = kSectionsAt + kSectionSize * i;
        const auto kind = number<uint32_t>(bytes, at, "section table");
        const auto offset = number<uint64_t>(bytes, at + 24, "section table");
        const auto size = number<uint64_t>(bytes, at + 32, "section table");
        if (offset > length || size > length - offset) bad("section " + std::to_string(i) + " lies outside the file");
        sections.emplace(kind, bytes.substr(offset, size));
    }
    for (auto [kind, name] : {std::pair{kBitstream, "BITSTREAM"}, {kMetadata, "EMBEDDED_METADATA"}, {kMemTopology, "MEM_TOPOLOGY"}, {kConnectivity, "CONNECTIVITY"}, {kIpLayout, "IP_LAYOUT"}})
        if (!sections.count(kind)) bad(std::string("section ") + name + " is missing");
    Xclbin image{*uuid, readTopology(sections[kMemTopology]), parseKernelMetadata(sections[kMetadata]), {}, sections[kBitstream]};
    image.computeUnits = readLayout(sections[kIpLayout], image.kernels);
    readConnectivity(sections[kConnectivity], image);
    return image;
}
