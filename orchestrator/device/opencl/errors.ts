import { type CremaError, deviceError } from '../../core/index.ts';

/** Names of cl.h and cl_icd.h. */
const NAMES: Record<number, string> = {
  [-1]: 'CL_DEVICE_NOT_FOUND',
  [-2]: 'CL_DEVICE_NOT_AVAILABLE',
  [-3]: 'CL_COMPILER_NOT_AVAILABLE',
  [-4]: 'CL_MEM_OBJECT_ALLOCATION_FAILURE',
  [-5]: 'CL_OUT_OF_RESOURCES',
  [-6]: 'CL_OUT_OF_HOST_MEMORY',
  [-7]: 'CL_PROFILING_INFO_NOT_AVAILABLE',
  [-8]: 'CL_MEM_COPY_OVERLAP',
  [-11]: 'CL_BUILD_PROGRAM_FAILURE',
  [-12]: 'CL_MAP_FAILURE',
  [-13]: 'CL_MISALIGNED_SUB_BUFFER_OFFSET',
  [-14]: 'CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST',
  [-15]: 'CL_COMPILE_PROGRAM_FAILURE',
  [-16]: 'CL_LINKER_NOT_AVAILABLE',
  [-17]: 'CL_LINK_PROGRAM_FAILURE',
  [-18]: 'CL_DEVICE_PARTITION_FAILED',
  [-19]: 'CL_KERNEL_ARG_INFO_NOT_AVAILABLE',
  [-30]: 'CL_INVALID_VALUE',
  [-31]: 'CL_INVALID_DEVICE_TYPE',
  [-32]: 'CL_INVALID_PLATFORM',
  [-33]: 'CL_INVALID_DEVICE',
  [-34]: 'CL_INVALID_CONTEXT',
  [-35]: 'CL_INVALID_QUEUE_PROPERTIES',
  [-36]: 'CL_INVALID_COMMAND_QUEUE',
  [-37]: 'CL_INVALID_HOST_PTR',
  [-38]: 'CL_INVALID_MEM_OBJECT',
  [-42]: 'CL_INVALID_BINARY',
  [-43]: 'CL_INVALID_BUILD_OPTIONS',
  [-44]: 'CL_INVALID_PROGRAM',
  [-45]: 'CL_INVALID_PROGRAM_EXECUTABLE',
  [-46]: 'CL_INVALID_KERNEL_NAME',
  [-47]: 'CL_INVALID_KERNEL_DEFINITION',
  [-48]: 'CL_INVALID_KERNEL',
  [-49]: 'CL_INVALID_ARG_INDEX',
  [-50]: 'CL_INVALID_ARG_VALUE',
  [-51]: 'CL_INVALID_ARG_SIZE',
  [-52]: 'CL_INVALID_KERNEL_ARGS',
  [-53]: 'CL_INVALID_WORK_DIMENSION',
  [-54]: 'CL_INVALID_WORK_GROUP_SIZE',
  [-55]: 'CL_INVALID_WORK_ITEM_SIZE',
  [-56]: 'CL_INVALID_GLOBAL_OFFSET',
  [-57]: 'CL_INVALID_EVENT_WAIT_LIST',
  [-58]: 'CL_INVALID_EVENT',
  [-59]: 'CL_INVALID_OPERATION',
  [-61]: 'CL_INVALID_BUFFER_SIZE',
  [-63]: 'CL_INVALID_GLOBAL_WORK_SIZE',
  [-64]: 'CL_INVALID_PROPERTY',
  [-1001]: 'CL_PLATFORM_NOT_FOUND_KHR',
};

/** What a user can do, as measured on the Xilinx Runtime (its codes are not always those the standard suggests). */
const HINTS: Record<number, string> = {
  [-1]: 'no card is visible: look with `crema devices`; without a card use device: sim',
  [-2]: 'another process may hold the card: end it, or reset with xrt-smi',
  [-4]: 'the memory bank is full or not wired to this kernel argument: use a smaller batch, or a config with more banks',
  [-5]: 'the bank is full, or another xclbin is loaded by this or another process; where it came from a launch, the card failed: see `crema doctor`',
  [-6]: 'the host is out of memory, or the bitstream could not be loaded: rebuild it with `crema bitstream build`',
  [-11]: 'the kernel source does not compile on this platform',
  [-14]: 'a command this one waited for failed',
  [-37]: 'host memory must start on a page of 4096 bytes',
  [-42]: 'this is not an xclbin for this device: rebuild it with `crema bitstream build`',
  [-44]: 'this is not an xclbin for this device: rebuild it with `crema bitstream build`',
  [-46]: 'the xclbin has no kernel or compute unit of that name: see `crema bitstream inspect`',
  [-49]: 'the kernel has other arguments than ours: its ABI differs, rebuild it with `crema bitstream build`',
  [-51]: 'the kernel has other arguments than ours: its ABI differs, rebuild it with `crema bitstream build`',
  [-59]: 'this platform cannot do that: an FPGA takes an xclbin, not kernel source',
  [-61]: 'the buffer is larger than the device allows: use a smaller batch',
  [-1001]: 'no OpenCL platform is registered: install one (apt-get install pocl-opencl-icd) or use device: sim',
};

/** `CL_INVALID_VALUE (-30)`; an unknown code keeps its number. */
export const statusName = (code: number): string => `${NAMES[code] ?? 'unknown OpenCL error'} (${code})`;

/** An OpenCL status as a device error that says what was being done. */
export function openClError(code: number, doing: string, path?: string): CremaError {
  return deviceError({
    message: `${doing}: ${statusName(code)}`,
    path,
    hint: HINTS[code],
    code: NAMES[code] ?? 'opencl',
  });
}

/** Throws where `code`, what an entry point returned, is not CL_SUCCESS. */
export function check(code: number | bigint | undefined, doing: () => string): void {
  if (code !== 0) throw openClError(Number(code), doing());
}
