// Writes the npm packages as folders: `node packaging/npm/build.js VERSION PROGRAMS DIR`.
//
// The package of a platform contains the program and nothing that npm would run. The package `keysweep` names them all as
// optional dependencies, and npm installs the one whose `os` and `cpu` match. Nothing is downloaded by a script.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const PLATFORMS = {
  "x86_64-unknown-linux-gnu": ["linux", "x64"],
  "aarch64-unknown-linux-gnu": ["linux", "arm64"],
  "x86_64-apple-darwin": ["darwin", "x64"],
  "aarch64-apple-darwin": ["darwin", "arm64"],
  "x86_64-pc-windows-msvc": ["win32", "x64"],
};

const [version, programs, out] = process.argv.slice(2);
const root = path.join(__dirname, "../..");
const common = { version, license: "MIT OR Apache-2.0", engines: { node: ">=18" } };

function writePackage(folder, manifest) {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify({ ...common, ...manifest }, null, 2) + "\n");
  for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) {
    fs.copyFileSync(path.join(root, name), path.join(folder, name));
  }
}

const optionalDependencies = {};
for (const target of fs.readdirSync(programs).sort()) {
  const [os, cpu] = PLATFORMS[target];
  const folder = path.join(out, `${os}-${cpu}`);
  const name = `@keysweep/${os}-${cpu}`;
  optionalDependencies[name] = version;
  writePackage(folder, {
    name,
    description: `The program of keysweep for ${os} ${cpu}. Install the package keysweep instead.`,
    os: [os],
    cpu: [cpu],
    // Yarn must not keep a program in a zip file.
    preferUnplugged: true,
    files: ["bin", "LICENSE-*"],
  });
  const program = os === "win32" ? "keysweep.exe" : "keysweep";
  fs.mkdirSync(path.join(folder, "bin"));
  fs.copyFileSync(path.join(programs, target, program), path.join(folder, "bin", program));
}

const main = path.join(out, "keysweep");
writePackage(main, {
  name: "keysweep",
  description: "A git hook and history sweeper for sk_ tokens and whsec_ webhook secrets.",
  keywords: ["secrets", "git-hook", "husky", "lefthook", "security"],
  bin: { keysweep: "bin/keysweep.js" },
  files: ["bin", "LICENSE-*"],
  optionalDependencies,
});
fs.cpSync(path.join(__dirname, "bin"), path.join(main, "bin"), { recursive: true });
fs.copyFileSync(path.join(root, "README.md"), path.join(main, "README.md"));
