// Before the tests: compiles what they start as programs, and tells them whether that went well (else they start sources).
import { compile } from './setup.mjs';

export default async function setup(project) {
  const tell = async () => {
    const compiled = await compile();
    if (!compiled) process.stdout.write('notice: the sources do not compile, programs under test run from sources\n');
    project.provide('compiled', compiled);
  };
  await tell();
  project.onTestsRerun(tell);
}
