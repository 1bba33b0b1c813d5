// The card's fixed properties: what hls/boards/<board>.yaml says of memory and clock.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

constexpr uint64_t kPage = 4096;

struct Bank {
    std::string tag;
    uint64_t bytes;
    bool used; // wired to some kernel
};

struct Board {
    std::string name = "u250";
    std::string platform = "xilinx_u250_gen3x16_xdma_4_1_202210_1";
    uint32_t megahertz = 300;
    std::vector<Bank> banks;
};

// Boards named by CREMA_SIM_BOARDS (files separated by ':'); without it one U250 with 4 x 16 GiB of DDR4.
std::vector<Board> readBoards();
