//! The `use` graph of the files in `src/` has no cycle.
//!
//! A re-export in a `mod.rs` is not a use. A file that uses a re-exported name uses the file that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{Visit, visit_path};
use syn::{ItemMod, ItemUse, UseTree, Visibility};

/// A path from the root of the crate, such as `git`, `index`, `compare`.
type ModulePath = Vec<String>;

/// The imports of a source file.
#[derive(Default)]
struct Module {
    /// The names that `use` declarations bring into scope, with their full paths.
    known: BTreeMap<String, ModulePath>,
    /// The names that `pub use` re-exports.
    reexported: BTreeSet<String>,
    /// The paths that the file uses, not resolved yet.
    used: Vec<ModulePath>,
    is_mod_rs: bool,
}

struct Reader<'m> {
    /// The module of the file, followed by the inline modules around the current position.
    at: ModulePath,
    /// The number of inline modules in `at`.
    inline: usize,
    children: &'m BTreeSet<String>,
    module: Module,
}

impl Reader<'_> {
    /// Resolves `path` from the root of the crate. None for names of other crates and names from elsewhere.
    fn absolute(&self, path: &[String]) -> Option<ModulePath> {
        let mut base = self.at.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => return Some(rest[1..].to_vec()),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            name if self.inline == 0 && self.children.contains(name) => {}
            _ => return None,
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    fn leaves(tree: &UseTree, front: &mut ModulePath, leaf: &mut dyn FnMut(&[String], String)) {
        match tree {
            UseTree::Path(path) => {
                front.push(path.ident.to_string());
                Self::leaves(&path.tree, front, leaf);
                front.pop();
            }
            UseTree::Name(name) if name.ident == "self" => leaf(front, front.last().cloned().unwrap_or_default()),
            UseTree::Name(name) => {
                front.push(name.ident.to_string());
                leaf(front, name.ident.to_string());
                front.pop();
            }
            UseTree::Rename(rename) => {
                front.push(rename.ident.to_string());
                leaf(front, rename.rename.to_string());
                front.pop();
            }
            UseTree::Glob(_) => leaf(front, "*".to_owned()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| Self::leaves(tree, front, leaf)),
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.content.is_some() {
            self.at.push(item.ident.to_string());
            self.inline += 1;
            syn::visit::visit_item_mod(self, item);
            self.inline -= 1;
            self.at.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_public = !matches!(item.vis, Visibility::Inherited);
        let mut found = Vec::new();
        Self::leaves(&item.tree, &mut Vec::new(), &mut |path, name| found.push((path.to_vec(), name)));
        for (path, name) in found {
            let Some(path) = self.absolute(&path) else { continue };
            if is_public {
                self.module.reexported.insert(name.clone());
            }
            if !(is_public && self.module.is_mod_rs) {
                self.module.used.push(path.clone());
            }
            self.module.known.insert(name, path);
        }
    }

    /// `pub(in crate::detect)` names a module without using it.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: ModulePath = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 {
            let by_import = self.module.known.get(&names[0]).map(|front| [front, &names[1..]].concat());
            self.module.used.extend(self.absolute(&names).or(by_import));
        }
        visit_path(self, path);
    }
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files_below(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn module_of(root: &Path, file: &Path) -> ModulePath {
    let path = file.strip_prefix(root).expect("below src").with_extension("");
    let mut names: ModulePath = path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

fn modules() -> BTreeMap<ModulePath, Module> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    files_below(&root, &mut files);
    files.retain(|file| file.extension().is_some_and(|end| end == "rs") && !file.ends_with("main.rs"));
    let all: BTreeSet<ModulePath> = files.iter().map(|file| module_of(&root, file)).collect();
    let read = |file: &PathBuf| {
        let at = module_of(&root, file);
        let is_child = |one: &&ModulePath| one.len() == at.len() + 1 && one.starts_with(&at);
        let children = all.iter().filter(is_child).filter_map(|one| one.last().cloned()).collect();
        let is_mod_rs = file.ends_with("mod.rs") || file.ends_with("lib.rs");
        let module = Module { is_mod_rs, ..Module::default() };
        let mut reader = Reader { at: at.clone(), inline: 0, children: &children, module };
        let text = fs::read_to_string(file).expect("a source file");
        reader.visit_file(&syn::parse_file(&text).expect("Rust"));
        (at, reader.module)
    };
    files.iter().map(read).collect()
}

/// The module that defines the target of `path`, after following re-exports.
fn definer(path: &[String], modules: &BTreeMap<ModulePath, Module>) -> ModulePath {
    let mut path = path.to_vec();
    // No chain of re-exports is longer than this.
    for _ in 0..8 {
        let len = (0..=path.len()).rev().find(|&len| modules.contains_key(&path[..len])).unwrap_or(0);
        let (module, rest) = path.split_at(len);
        let exporter = &modules[module];
        let target = rest.first().filter(|name| exporter.reexported.contains(*name)).map(|name| &exporter.known[name]);
        match target {
            Some(target) => path = [target, &rest[1..]].concat(),
            None => return module.to_vec(),
        }
    }
    panic!("the re-exports of {} form a cycle", path.join("::"));
}

/// A path of uses from `module` back to itself, if there is one.
fn cycle(module: &ModulePath, uses: &BTreeMap<&ModulePath, BTreeSet<ModulePath>>) -> Option<Vec<ModulePath>> {
    let mut paths = vec![vec![module.clone()]];
    let mut met = BTreeSet::new();
    while let Some(path) = paths.pop() {
        for next in &uses[path.last().expect("a path has a start")] {
            let longer = [&path[..], std::slice::from_ref(next)].concat();
            if next == module {
                return Some(longer);
            }
            if met.insert(next.clone()) {
                paths.push(longer);
            }
        }
    }
    None
}

#[test]
fn no_files_use_each_other_in_a_cycle() {
    let modules = modules();
    assert!(modules.len() > 100, "found too few source files");
    let uses: BTreeMap<&ModulePath, BTreeSet<ModulePath>> = modules
        .iter()
        .map(|(at, module)| {
            let used = module.used.iter().map(|path| definer(path, &modules)).filter(|definer| definer != at);
            (at, used.collect())
        })
        .collect();
    let edges: usize = uses.values().map(BTreeSet::len).sum();
    assert!(edges > 500, "found only {edges} imports");
    let cycles: Vec<String> = modules
        .keys()
        .filter_map(|module| cycle(module, &uses))
        .map(|path| path.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" -> "))
        .collect();
    assert!(cycles.is_empty(), "the files use each other in a cycle:\n{}", cycles.join("\n"));
}
