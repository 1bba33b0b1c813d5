// Writes a minimal xclbin for the tests: four kernels, four banks of 16 GiB (bank 3 small, see below).
#pragma once
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

struct TestArg { std::string name; int bytes; bool global; std::vector<int> banks; };
struct TestKernel { std::string name; std::vector<std::string> units; std::vector<TestArg> args; };

inline std::string fileBytes(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<TestKernel> testKernels() {
    return {{"vadd", {"vadd_1", "vadd_2"}, {{"a", 8, true, {0, 1}}, {"b", 8, true, {0, 1}}, {"c", 8, true, {0, 1}}, {"n", 4, false, {}}}},
            {"scale", {"scale_1"}, {{"x", 8, true, {1}}, {"y", 8, true, {1}}, {"s", 4, false, {}}, {"n", 4, false, {}}}},
            {"nap", {"nap_1", "nap_2"}, {{"out", 8, true, {0}}, {"ms", 4, false, {}}}},
            {"poke", {"poke_1"}, {{"x", 8, true, {0}}, {"index", 8, false, {}}}}};
}

// `tag` changes the uuid; `bank3` is the size of bank 3 in KiB.
inline std::string makeXclbin(const std::string &bitstream, char tag = 1, uint64_t bank3 = 64, std::vector<TestKernel> kernels = testKernels()) {
    std::string xml = "<?xml version=\"1.0\"?>\n<project name=\"demo\"><platform vendor=\"xilinx\"><device name=\"fpga0\"><core name=\"OCL_REGION_0\">\n";
    std::string memory, connections, layout;
    const auto put = [](std::string &to, auto value) { to.append(reinterpret_cast<const char *>(&value), sizeof value); };
    const auto text = [](std::string &to, std::string value, size_t width) { value.resize(width); to += value; };
    put(memory, int64_t{4});
    for (uint64_t i = 0; i < 4; i++) {
        put(memory, uint64_t{0x101}); // DDR4, in use
        put(memory, i == 3 ? bank3 : uint64_t{16} << 20);
        put(memory, i << 34);
        text(memory, "DDR[" + std::to_string(i) + "]", 16);
    }
    int32_t unit = 0, count = 0;
    for (const auto &kernel : kernels) {
        xml += "<kernel name=\"" + kernel.name + "\" language=\"c\"><port name=\"M_AXI\" mode=\"master\" range=\"0xFFFFFFFF\"/>\n";
        int id = 0;
        for (const auto &arg : kernel.args)
            xml += "<arg name=\"" + arg.name + "\" addressQualifier=\"" + (arg.global ? "1" : "0") + "\" id=\"" + std::to_string(id++) + "\" port=\"M_AXI\" size=\"0x" +
                   std::to_string(arg.bytes) + "\" offset=\"0x10\" hostOffset=\"0x0\" hostSize=\"0x4\" type=\"ap_uint&lt;512>*\"/>\n";
        for (const auto &name : kernel.units) {
            xml += "<instance name=\"" + name + "\"><addrRemap base=\"0x1800000\"/></instance>\n";
            put(layout, int32_t{1});
            put(layout, int32_t{1});
            put(layout, uint64_t{0x1800000});
            text(layout, kernel.name + ":" + name, 64);
            for (int32_t i = 0; i < static_cast<int32_t>(kernel.args.size()); i++)
                for (int bank : kernel.args[static_cast<size_t>(i)].banks) {
                    put(connections, i);
                    put(connections, unit);
                    put(connections, int32_t{bank});
                    count++;
                }
            unit++;
        }
        xml += "</kernel>\n";
    }
    xml += "</core></device></platform></project>\n";
    std::string first, second;
    put(first, int64_t{unit});
    put(second, count);
    const std::vector<std::pair<uint32_t, std::string>> sections{{2, xml}, {0, bitstream}, {6, memory}, {7, second + connections}, {8, first + layout}};
    std::string file(456 + 40 * sections.size(), '\0');
    std::memcpy(file.data(), "xclbin2", 8);
    std::memset(file.data() + 8, 0xff, 288);
    file[416] = tag;
    const auto number = static_cast<uint32_t>(sections.size());
    std::memcpy(file.data() + 448, &number, 4);
    for (size_t i = 0; i < sections.size(); i++) {
        file.resize((file.size() + 7) / 8 * 8);
        const uint64_t place[2] = {file.size(), sections[i].second.size()};
        std::memcpy(file.data() + 456 + 40 * i, &sections[i].first, 4);
        std::memcpy(file.data() + 456 + 40 * i + 24, place, 16);
        file += sections[i].second;
    }
    const uint64_t length = file.size();
    std::memcpy(file.data() + 304, &length, 8);
    return file;
}
