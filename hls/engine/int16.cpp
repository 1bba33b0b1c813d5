// Block floating point in int16.
#include "fixed.hpp"

void crema::runInt16(const OpDescriptor& d, const Ports& ports) { runFixed<int16_t>(d, ports); }
