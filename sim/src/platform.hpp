#pragma once
#include "objects.hpp"

cl_platform_id platform();
const std::vector<cl_device_id> &devices(); // one per board; throws where a board file cannot be read
// Devices of a type, as clGetDeviceIDs selects them; empty where there are none.
std::vector<cl_device_id> devicesOf(cl_device_type type);
