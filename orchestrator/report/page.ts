import { escapeMarkup } from './markup.ts';

const STYLE = `
:root{color-scheme:light dark;--ink:#1d1f24;--soft:#666c78;--paper:#fbfaf7;--card:#fff;--line:#e4e1d9;--host:#c98a3b;--fpga:#2f6f9f;--good:#3f8f5f}
@media(prefers-color-scheme:dark){:root{--ink:#ece9e2;--soft:#a09c92;--paper:#191a1d;--card:#222327;--line:#35363b;--host:#e0a759;--fpga:#6fb0dd;--good:#75c794}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 20px 64px}h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 10px}
p.sub{color:var(--soft);margin:0 0 22px}.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px}.tile b{display:block;font-size:22px;font-weight:600}.tile span{color:var(--soft);font-size:13px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:14px}.chart{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px}
svg{width:100%;height:auto;display:block}.grid{stroke:var(--line)}.tick{font-size:11px;fill:var(--soft)}.label{font-size:12px;fill:var(--soft)}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line);border-radius:10px;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;border-bottom:1px solid var(--line);text-align:left;font-size:13px}th{color:var(--soft);font-weight:500}td.n,th.n{text-align:right}
tr:last-child td{border-bottom:0}.pill{border-radius:9px;padding:1px 8px;color:#fff;font-size:12px}.pill.fpga{background:var(--fpga)}.pill.host{background:var(--host)}
.bar{display:flex;height:8px;border-radius:4px;overflow:hidden;min-width:140px;background:var(--line)}.bar i{display:block}.bar .h{background:var(--host)}.bar .f{background:var(--fpga)}
details summary{cursor:pointer;color:var(--soft)}pre{white-space:pre-wrap;font-size:12px}
`;

/** One self-contained HTML page in the style of all reports. `body` is markup. */
export function page(title: string, subtitle: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeMarkup(title)}</title><style>${STYLE}</style></head><body><main><h1>${escapeMarkup(title)}</h1><p class="sub">${escapeMarkup(subtitle)}</p>${body}</main></body></html>`;
}
