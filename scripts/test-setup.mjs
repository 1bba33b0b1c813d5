// Before the tests: compiles what they start as programs, and tells them whether that went well (else they start sources).
import { compile } from './setup.mjs';

export default function setup(project) {
  const tell = () => {
    const compiled = compile();
    if (!compiled) process.stdout.write('notice: the sources do not compile, programs under test run from sources\n');
    project.provide('compiled', compiled);
  };
  tell();
  project.onTestsRerun(tell);
}
