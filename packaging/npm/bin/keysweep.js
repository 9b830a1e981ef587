#!/usr/bin/env node
// Starts the program of the package for this platform, and passes on its exit code and signals.
"use strict";

const { spawn } = require("node:child_process");

// An exit code other than 0 makes git stop. 2 is that of everything that could not be scanned.
function fail(message) {
  console.error(`keysweep: ${message}`);
  process.exit(2);
}

const platform = `@keysweep/${process.platform}-${process.arch}`;
const name = process.platform === "win32" ? "keysweep.exe" : "keysweep";
let program;
try {
  program = require.resolve(`${platform}/bin/${name}`);
} catch {
  fail(`cannot find ${platform}; install again without --omit=optional, or build keysweep from source on this platform`);
}

let child;
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
const forward = (signal) => child.kill(signal);
// Before the program starts, so that no signal ends this process alone.
signals.forEach((signal) => process.on(signal, forward));
child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
child.on("error", (error) => fail(`cannot start ${program}: ${error.message}`));
child.on("exit", (code, signal) => {
  signals.forEach((signal) => process.removeListener(signal, forward));
  if (signal) {
    process.kill(process.pid, signal);
  } else {
    process.exitCode = code;
  }
});
