import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { type CremaError, deviceError } from '../core/index.ts';

/** A library of ours that was never built is the usual reason; anything else is the system's package. */
function loadHint(path: string): string {
  if (/libcrema_|engine\.so/.test(path)) return 'build the native libraries: npm run build:native';
  if (/libOpenCL/.test(path)) return 'install the OpenCL loader: apt-get install ocl-icd-libopencl1';
  if (/xilinxopencl|libxrt/.test(path))
    return "install the Xilinx Runtime: apt-get install libxrt1, or AMD's XRT package";
  if (/pocl/.test(path)) return 'install PoCL: apt-get install pocl-opencl-icd';
  if (/lmdb/.test(path)) return 'install LMDB: apt-get install liblmdb0';
  return 'check the path, and that the library was built for this machine';
}

/** dlopen failed. */
export function loadFailure(path: string, reason: string, cause?: unknown): CremaError {
  const missing = isAbsolute(path) && !existsSync(path);
  return deviceError(
    {
      message: missing
        ? `the native library ${path} does not exist`
        : `cannot load the native library ${path}: ${reason}`,
      hint: loadHint(path),
      code: 'library-missing',
    },
    cause,
  );
}

export function symbolFailure(path: string, symbol: string): CremaError {
  return deviceError({
    message: `${path} has no symbol ${symbol}`,
    hint: /libcrema_/.test(path)
      ? 'it was built from other sources: npm run build:native'
      : 'the library is too old or is another one',
    code: 'symbol-missing',
  });
}
