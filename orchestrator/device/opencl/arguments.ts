import type { Handle, OpenCl } from './api.ts';
import type { OpenClBuffer } from './buffers.ts';
import { check } from './errors.ts';

/** Arguments of kernels, set only where they differ from the launch before: a chain of layers shares most of them. */
export class KernelArguments {
  private readonly cl: OpenCl;
  private readonly last = new Map<Handle, (Handle | number | undefined)[]>();
  private readonly scalar = new Uint32Array(1);

  constructor(cl: OpenCl) {
    this.cl = cl;
  }

  private changed(kernel: Handle, index: number, value: Handle | number): boolean {
    let values = this.last.get(kernel);
    if (!values) {
      values = [];
      this.last.set(kernel, values);
    }
    if (values[index] === value) return false;
    values[index] = value;
    return true;
  }

  setBuffer(kernel: Handle, index: number, buffer: OpenClBuffer, label: string): void {
    if (!this.changed(kernel, index, buffer.handle)) return;
    const doing = () => `${label}: setting kernel argument ${index} to ${buffer.tensor.name}`;
    check(this.cl.clSetKernelArg(kernel, index, 8, buffer.argumentValue), doing);
  }

  setScalar(kernel: Handle, index: number, value: number, label: string): void {
    if (!this.changed(kernel, index, value)) return;
    this.scalar[0] = value;
    check(this.cl.clSetKernelArg(kernel, index, 4, this.scalar), () => `${label}: setting kernel argument ${index}`);
  }

  /** After anything else set or freed an argument: a new buffer may get the handle of a freed one. */
  forget(): void {
    this.last.clear();
  }
}
