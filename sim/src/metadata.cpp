// EMBEDDED_METADATA is XML; only <kernel name> and <arg name addressQualifier id size type> matter here, so a scanner of
// start tags is enough.
#include "refusal.hpp"
#include "xclbin.hpp"
#include <cctype>
#include <cstdlib>

namespace {

std::string unescape(std::string_view text) {
    static constexpr std::pair<std::string_view, char> entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    std::string result;
    for (size_t i = 0; i < text.size(); i++) {
        result += text[i];
        if (text.substr(i, 2) == "&#") { // decimal references below 128; others stay as they are
            const size_t end = text.find(';', i);
            const unsigned long code = std::strtoul(std::string(text.substr(i + 2, 4)).c_str(), nullptr, 10);
            if (end != std::string_view::npos && code > 0 && code < 128) {
                result.back() = static_cast<char>(code);
                i = end;
            }
            continue;
        }
        for (auto [name, character] : entities)
            if (text.substr(i, name.size()) == name) {
                result.back() = character;
                i += name.size() - 1;
                break;
            }
    }
    return result;
}

// Attributes of one start tag: name = "value" or 'value'.
std::map<std::string, std::string> attributes(std::string_view tag) {
    std::map<std::string, std::string> result;
    size_t at = 0;
    while (true) {
        const size_t equals = tag.find('=', at);
        if (equals == std::string_view::npos) return result;
        size_t end = equals;
        while (end > at && std::isspace(static_cast<unsigned char>(tag[end - 1]))) end--;
        size_t begin = end;
        while (begin > at && !std::isspace(static_cast<unsigned char>(tag[begin - 1]))) begin--;
        const size_t open = tag.find_first_of("\"'", equals);
        const size_t close = open == std::string_view::npos ? open : tag.find(tag[open], open + 1);
        if (close == std::string_view::npos) return result;
        result[std::string(tag.substr(begin, end - begin))] = unescape(tag.substr(open + 1, close - open - 1));
        at = close + 1;
    }
}

} // namespace

std::vector<KernelInfo> parseKernelMetadata(std::string_view xml) {
    std::vector<KernelInfo> kernels;
    bool inKernel = false;
    for (size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at)) {
        size_t end = at;
        for (char quote = 0; end < xml.size() && (quote || xml[end] != '>'); end++) // '>' may stand in a value
            if (quote ? xml[end] == quote : xml[end] == '"' || xml[end] == '\'') quote = quote ? 0 : xml[end];
        if (end >= xml.size()) break;
        const std::string_view tag = xml.substr(at + 1, end - at - 1);
        const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/", 1));
        auto attribute = attributes(tag);
        if (name == "kernel") {
            kernels.push_back({attribute["name"], {}});
            inKernel = tag.back() != '/';
        } else if (tag == "/kernel") {
            inKernel = false;
        } else if (name == "arg" && inKernel) {
            auto &args = kernels.back().args;
            const size_t id = std::strtoull(attribute["id"].c_str(), nullptr, 0);
            const size_t size = std::strtoull(attribute["size"].c_str(), nullptr, 0);
            if (id != args.size()) throw Refusal(CL_INVALID_BINARY, "xclbin: EMBEDDED_METADATA: kernel " + kernels.back().name + ": argument ids are not 0, 1, 2 ...");
            if (size == 0 || size > 4096) throw Refusal(CL_INVALID_BINARY, "xclbin: EMBEDDED_METADATA: kernel " + kernels.back().name + ": argument " + attribute["name"] + " has no size");
            args.push_back({attribute["name"], attribute["type"], attribute["addressQualifier"] == "1", size});
        }
        at = end;
    }
    return kernels;
}
