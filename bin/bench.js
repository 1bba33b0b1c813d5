#!/usr/bin/env node
await import(new URL('../dist/bench/main.js', import.meta.url).href);
