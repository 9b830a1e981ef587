//! Package roots: the folders that have a manifest, such as `package.json` or `go.mod`.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::reader::{Reader, folder_of, join, name_of};

const MANIFESTS: &[&str] = &[
    "package.json",
    "deno.json",
    "pyproject.toml",
    "requirements.txt",
    "setup.py",
    "Pipfile",
    "manage.py",
    "go.mod",
    "Gemfile",
    "composer.json",
    "Cargo.toml",
    "mix.exs",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "wrangler.toml",
    "wrangler.json",
    "wrangler.jsonc",
];

/// Packages that load `.env` files, by manifest text.
const LOADERS: &[&str] = &[
    "dotenv",
    "django-environ",
    "environs",
    "decouple",
    "pydantic-settings",
    "dynaconf",
    "symfony/framework-bundle",
    "laravel/framework",
    "envy",
    "figaro",
];

/// Packages of `package.json` that load `.env`, `.env.local` and a file for each environment, and that build client code into a
/// folder such as `dist`.
const FRAMEWORKS: &[&str] = &[
    "next",
    "vite",
    "astro",
    "nuxt",
    "expo",
    "react-scripts",
    "@sveltejs/kit",
    "@remix-run/dev",
    "@react-router/dev",
    "@vue/cli-service",
    "@rsbuild/core",
    "gatsby",
];

/// Packages of `package.json` that only build client code.
const BUNDLERS: &[&str] = &["parcel", "@angular/core", "webpack-dev-server", "laravel-mix"];

/// A folder with a manifest.
#[derive(Debug, Default)]
pub(super) struct Root {
    /// The folder, relative to the top. Empty at the top.
    pub folder: Vec<u8>,
    /// The dependencies in `package.json`.
    dependencies: HashSet<String>,
    loads_env: bool,
}

impl Root {
    pub fn has(&self, package: &str) -> bool {
        self.dependencies.contains(package)
    }

    fn has_any(&self, packages: &[&str]) -> bool {
        packages.iter().any(|package| self.has(package))
    }

    /// Whether a package of it loads `.env`.
    pub fn loads_env(&self) -> bool {
        self.loads_env || self.has_modes()
    }

    /// Whether a package of it loads `.env.local` and files such as `.env.production`.
    pub fn has_modes(&self) -> bool {
        self.has_any(FRAMEWORKS) || self.has_any(&["dotenv-flow"])
    }

    /// Whether it builds code for browsers or devices.
    pub fn has_client(&self) -> bool {
        self.has_any(FRAMEWORKS) || self.has_any(BUNDLERS)
    }

    /// Whether variables that start with `PUBLIC_` go to the client.
    pub fn publishes_bare_prefix(&self) -> bool {
        self.has_any(&["astro", "svelte", "@sveltejs/kit", "@rsbuild/core"])
    }
}

/// The roots among `paths`, sorted by folder. The top is one even without a manifest.
pub(super) fn roots<'p>(paths: impl Iterator<Item = &'p [u8]>, reader: &Reader) -> Vec<Root> {
    let mut roots: BTreeMap<Vec<u8>, Root> = BTreeMap::new();
    roots.insert(Vec::new(), Root::default());
    for path in paths {
        let Some(manifest) = MANIFESTS.iter().find(|manifest| name_of(path) == manifest.as_bytes()) else { continue };
        let folder = folder_of(path).to_vec();
        if is_vendored(&folder) {
            continue;
        }
        let root = roots.entry(folder.clone()).or_insert_with(|| Root { folder, ..Root::default() });
        let Some(text) = reader.read(path) else { continue };
        let text = String::from_utf8_lossy(&text);
        root.loads_env |= LOADERS.iter().any(|loader| text.contains(loader));
        if *manifest == "package.json" {
            root.dependencies.extend(dependencies(&text));
        }
    }
    roots.into_values().collect()
}

/// Whether the folder has other people's code, which no one configures here.
pub(crate) fn is_vendored(folder: &[u8]) -> bool {
    folder
        .split(|&b| b == b'/')
        .any(|part| matches!(part, b"node_modules" | b"vendor" | b"bower_components" | b".venv"))
}

/// A manifest that is not valid JSON has no dependencies.
fn dependencies(text: &str) -> Vec<String> {
    let manifest: Value = serde_json::from_str(text).unwrap_or_default();
    let groups = ["dependencies", "devDependencies", "peerDependencies"];
    let names = groups.iter().filter_map(|group| manifest.get(group)?.as_object());
    names.flat_map(|group| group.keys().cloned()).collect()
}

/// The root that `path` belongs to: the one in the nearest folder above it.
pub(super) fn root_of<'r>(roots: &'r [Root], path: &[u8]) -> &'r Root {
    let mut folder = folder_of(path);
    loop {
        if let Ok(at) = roots.binary_search_by(|root| root.folder.as_slice().cmp(folder)) {
            return &roots[at];
        }
        folder = folder_of(folder);
    }
}

/// The path of a file of the root.
pub(super) fn file_of(root: &Root, name: &str) -> Vec<u8> {
    join(&root.folder, name.as_bytes())
}
