#include "faults.hpp"
#include "refusal.hpp"
#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace {

template <class T> T number(const std::string &text, const std::string &whole) {
    char *end = nullptr;
    const long long value = std::strtoll(text.c_str(), &end, 10);
    if (text.empty() || *end) throw Refusal(CL_INVALID_VALUE, "CREMA_SIM_FAULT: \"" + whole + "\": expected kind@launch[=detail]");
    return static_cast<T>(value);
}

Fault parseOne(const std::string &text) {
    static const std::vector<std::string> kinds{"hang", "error", "delay", "flip", "stale", "dead", "kill"};
    const size_t at = text.find('@'), equals = text.find('=');
    Fault fault;
    fault.kind = text.substr(0, at);
    if (at == std::string::npos || std::find(kinds.begin(), kinds.end(), fault.kind) == kinds.end())
        throw Refusal(CL_INVALID_VALUE, "CREMA_SIM_FAULT: \"" + text + "\": expected one of hang, error, delay, flip, stale, dead, kill before @");
    std::string launch = text.substr(at + 1, equals == std::string::npos ? equals : equals - at - 1);
    if (launch != "*") {
        const bool onwards = !launch.empty() && launch.back() == '+';
        if (onwards) launch.pop_back();
        fault.from = number<uint64_t>(launch, text);
        if (!onwards) fault.to = fault.from;
    }
    const std::string detail = equals == std::string::npos ? "" : text.substr(equals + 1);
    if (fault.kind == "error") fault.value = detail.empty() ? CL_OUT_OF_RESOURCES : number<int64_t>(detail, text);
    if (fault.kind == "error" && fault.value >= 0) throw Refusal(CL_INVALID_VALUE, "CREMA_SIM_FAULT: \"" + text + "\": the status must be negative");
    if (fault.kind == "delay") fault.value = number<int64_t>(detail, text);
    if (fault.kind == "flip") {
        const size_t dot = detail.find('.');
        fault.value = number<int64_t>(detail.substr(0, dot), text);
        fault.bit = dot == std::string::npos ? 0 : number<uint64_t>(detail.substr(dot + 1), text);
    }
    return fault;
}

} // namespace

std::vector<Fault> parseFaults(const std::string &script) {
    std::vector<Fault> faults;
    std::istringstream parts(script);
    for (std::string part; std::getline(parts, part, ';');)
        if (!part.empty()) faults.push_back(parseOne(part));
    return faults;
}

std::vector<Fault> faultsOf(uint64_t launch) {
    static const std::vector<Fault> &script = *new std::vector<Fault>([] {
        const char *text = std::getenv("CREMA_SIM_FAULT");
        return parseFaults(text ? text : "");
    }());
    std::vector<Fault> hits;
    for (const Fault &fault : script)
        if (launch >= fault.from && launch <= fault.to) hits.push_back(fault);
    return hits;
}
