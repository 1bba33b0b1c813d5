import type { Board } from './board.ts';
import { ARGUMENTS, type Manifest } from './manifest.ts';
import { unitBase } from './sections.ts';

const TYPES: Record<string, string> = { a: 'void*', b: 'void*', c: 'void*', bias: 'void*', ops: 'void*' };
const hex = (n: number) => `0x${n.toString(16)}`;
const escapeXml = (text: string) => text.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** Arguments as Vitis lays out an s_axilite bundle: from 0x10, each followed by one spare word. */
function argumentTable(): { name: string; id: number; port: string; size: number; offset: number; type: string }[] {
  let offset = 0x10;
  return [...ARGUMENTS, 'n_ops'].map((name, id) => {
    const global = name !== 'n_ops';
    const size = global ? 8 : 4;
    const row = {
      ...{ name, id, size, offset },
      port: global ? `M_AXI_GMEM_${name.toUpperCase()}` : 'S_AXI_CONTROL',
      type: TYPES[name] ?? 'unsigned int',
    };
    offset += size + 4;
    return row;
  });
}

/** The EMBEDDED_METADATA section: what a runtime needs to know of kernels, arguments and compute units. */
export function metadataXml(board: Board, manifest: Manifest, target: string): string {
  const clock = `${manifest.clockMHz}.000000MHz`;
  const table = argumentTable();
  const port = (name: string, mode: string, range: string, width: number) =>
    `<port name="${name}" mode="${mode}" range="${range}" dataWidth="${width}" portType="addressable" base="0x0"/>`;
  const kernel = [
    ...table
      .filter((a) => a.port !== 'S_AXI_CONTROL')
      .map((a) => port(a.port, 'master', '0xFFFFFFFFFFFFFFFF', manifest.wordBits)),
    port('S_AXI_CONTROL', 'slave', '0x10000', 32),
    ...table.map(
      (a) =>
        `<arg name="${a.name}" addressQualifier="${a.size === 8 ? 1 : 0}" id="${a.id}" port="${a.port}" size="${hex(a.size)}" ` +
        `offset="${hex(a.offset)}" hostOffset="0x0" hostSize="${hex(a.size)}" type="${a.type}"/>`,
    ),
    '<compileWorkGroupSize x="1" y="1" z="1"/>',
    '<maxWorkGroupSize x="1" y="1" z="1"/>',
    ...manifest.computeUnits.map(
      (unit, i) =>
        `<instance name="${escapeXml(unit.name)}"><addrRemap base="${hex(unitBase(i))}" range="0x10000" port="S_AXI_CONTROL"/></instance>`,
    ),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>
<project name="crema_${escapeXml(manifest.config)}">
  <platform vendor="crema" boardid="${escapeXml(board.name)}" name="${escapeXml(board.platform)}" featureRomTime="0">
    <version major="0" minor="0"/>
    <description/>
    <device name="fpga0" fpgaDevice="${escapeXml(board.device)}" addrWidth="0">
      <core name="OCL_REGION_0" target="${target}" type="clc_region" clockFreq="0MHz" numComputeUnits="${manifest.computeUnits.length}">
        <kernelClocks><clock port="KERNEL_CLK" frequency="${clock}"/><clock port="DATA_CLK" frequency="${clock}"/></kernelClocks>
        <kernel name="${manifest.kernel}" language="c" vlnv="crema:hls:${manifest.kernel}:1.0" attributes="" preferredWorkGroupSizeMultiple="0" workGroupSize="1" interrupt="true" hwControlProtocol="ap_ctrl_hs">
          ${kernel.join('\n          ')}
        </kernel>
      </core>
    </device>
  </platform>
</project>
`;
}
