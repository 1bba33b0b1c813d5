// Block floating point in int8.
#include "fixed.hpp"

void crema::runInt8(const OpDescriptor& d, const Ports& ports) { runFixed<int8_t>(d, ports); }
