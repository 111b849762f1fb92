//! The arrows between the top-level modules of a crate, read from its paths.
//!
//! Paths that begin with `crate`, `$crate`, `self` or `super` can lead out of a top-level module;
//! all others name what one of those brought in. They are read in `use` trees, types, expressions,
//! patterns, `pub(in ..)`, attributes, and the tokens of macros and their definitions. A macro that
//! is called by its name alone is an arrow to the module that defines it. What the root re-exports
//! is an arrow to the module that defines it. Tests are left out: whatever stands behind
//! `#[cfg(test)]`, `#[cfg(doctest)]` or `#[test]`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path as FilePath, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Item, Path, UseTree, Visibility,
    visit::{self, Visit},
};

use crate::{
    Graph, files,
    syntax::{attributes_of, defined_by, is_test, name_of, path_attribute},
};

/// The name of the crate's root among its modules.
pub const ROOT: &str = "lib.rs";

/// One place where a top-level module uses another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// The module that uses.
    pub from: String,
    /// The module that is used.
    pub to: String,
    /// `file:line: path`
    pub place: String,
}

/// A crate's source.
#[derive(Debug, Default)]
pub struct Crate {
    /// By their path; the root's is empty.
    modules: BTreeMap<Vec<String>, Module>,
    uses: Vec<Use>,
}

/// What a module holds.
#[derive(Debug, Default)]
struct Module {
    /// Names of items that it defines; modules are among them.
    items: BTreeSet<String>,
    /// What its `use` declarations bring in: the name and the path of it, as it is written.
    imports: Vec<(String, Vec<String>)>,
    /// The modules whose names all come in.
    globs: Vec<Vec<String>>,
    macros: BTreeSet<String>,
}

/// A path as it was found.
#[derive(Debug)]
struct Use {
    module: Vec<String>,
    path: Vec<String>,
    /// The name of a macro that is called without a path.
    textual: bool,
    place: String,
}

impl Crate {
    /// Reads all files of the crate from `lib.rs` on.
    #[must_use]
    pub fn read(root: &FilePath) -> Self {
        let mut read = Self::default();
        let text = files::text(root);
        let folder = root.parent().expect("a file stands in a folder").to_owned();
        read.file(root, &text, folder, &[]);
        read
    }

    fn file(&mut self, file: &FilePath, text: &str, folder: PathBuf, at: &[String]) {
        let syntax =
            syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        if is_test(&syntax.attrs) {
            return;
        }
        self.module(file, &syntax.items, folder, at, false);
        let mut reader = Reader::new(self, file, at);
        for attribute in &syntax.attrs {
            reader.visit_attribute(attribute);
        }
    }

    /// `folder` is where the files of child modules lie.
    fn module(
        &mut self,
        file: &FilePath,
        items: &[Item],
        folder: PathBuf,
        at: &[String],
        inline: bool,
    ) {
        self.modules.entry(at.to_vec()).or_default();
        for item in items {
            let Item::Mod(child) = item else {
                Reader::new(self, file, at).visit_item(item);
                continue;
            };
            if is_test(&child.attrs) {
                continue;
            }
            let mut reader = Reader::new(self, file, at);
            for attribute in &child.attrs {
                reader.visit_attribute(attribute);
            }
            reader.visit_visibility(&child.vis);
            let name = name_of(&child.ident);
            self.here(at).items.insert(name.clone());
            let mut inside = at.to_vec();
            inside.push(name.clone());
            if let Some((_, items)) = &child.content {
                self.module(file, items, folder.join(&name), &inside, true);
                continue;
            }
            let flat = folder.join(format!("{name}.rs"));
            let (path, below) = if let Some(path) = path_attribute(&child.attrs) {
                let beside = file.parent().expect("a file stands in a folder");
                let path = if inline { folder.as_path() } else { beside }.join(path);
                let below = path.parent().expect("a file stands in a folder");
                (path.clone(), below.to_owned())
            } else if flat.is_file() {
                (flat, folder.join(&name))
            } else {
                (folder.join(&name).join("mod.rs"), folder.join(&name))
            };
            let text = files::text(&path);
            self.file(&path, &text, below, &inside);
        }
    }

    fn here(&mut self, at: &[String]) -> &mut Module {
        self.modules.entry(at.to_vec()).or_default()
    }

    /// The top-level modules and the arrows between them. An arrow to the root itself is one to
    /// [`ROOT`]: nothing below may use what the root defines, which uses everything.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let mut graph = Graph::default();
        for module in self.modules.keys() {
            if let [top] = module.as_slice() {
                graph.arrows.entry(top.clone()).or_default();
            }
        }
        for arrow in self.arrows() {
            graph.add(&arrow.from, &arrow.to);
        }
        graph
    }

    /// Every place where a top-level module uses another.
    #[must_use]
    pub fn arrows(&self) -> Vec<Arrow> {
        let mut arrows = Vec::new();
        for found in &self.uses {
            let Some(from) = found.module.first() else {
                continue; // The root may use all.
            };
            let to = if found.textual {
                self.definer_of_macro(from, &found.path[0])
            } else {
                absolute(&found.module, &found.path).map(|path| self.top(&path, 0))
            };
            if let Some(to) = to
                && to != *from
            {
                let (from, place) = (from.clone(), found.place.clone());
                arrows.push(Arrow { from, to, place });
            }
        }
        arrows.sort();
        arrows.dedup();
        arrows
    }

    /// The top-level module that a path from the root leads to, through the root's re-exports.
    fn top(&self, path: &[String], depth: usize) -> String {
        let Some(first) = path.first() else {
            return ROOT.to_owned();
        };
        if self.modules.contains_key(&vec![first.clone()]) {
            // The root's own re-exports go on to where the thing is defined.
            return if depth == 0 {
                first.clone()
            } else {
                self.definer(path, depth)
            };
        }
        self.definer(path, depth)
    }

    /// The top-level module that defines what `path` names.
    fn definer(&self, path: &[String], depth: usize) -> String {
        let mut at = Vec::new();
        for (index, segment) in path.iter().enumerate() {
            at.push(segment.clone());
            if self.modules.contains_key(&at) {
                continue;
            }
            at.pop();
            if depth > 16 {
                break;
            }
            let rest = &path[index + 1..];
            let module = &self.modules[&at];
            if module.items.contains(segment) {
                break;
            }
            let import = module.imports.iter().find(|(name, _)| name == segment);
            if let Some((_, target)) = import {
                let Some(mut target) = self.absolute_or_child(&at, target) else {
                    break; // It comes from another crate.
                };
                target.extend_from_slice(rest);
                return self.definer(&target, depth + 1);
            }
            for glob in &module.globs {
                let Some(target) = self.absolute_or_child(&at, glob) else {
                    continue;
                };
                if self.modules.get(&target).is_some_and(|m| {
                    m.items.contains(segment) || m.imports.iter().any(|(name, _)| name == segment)
                }) {
                    let mut target = target;
                    target.extend_from_slice(&path[index..]);
                    return self.definer(&target, depth + 1);
                }
            }
            if at.is_empty() {
                // A macro that is exported stands at the root, whichever module defines it.
                let mut all = self.modules.iter();
                let home = all.find(|(_, m)| m.macros.contains(segment));
                if let Some((home, _)) = home
                    && let Some(top) = home.first()
                {
                    return top.clone();
                }
            }
            break;
        }
        at.first().cloned().unwrap_or_else(|| ROOT.to_owned())
    }

    fn definer_of_macro(&self, from: &str, name: &str) -> Option<String> {
        let mut homes: Vec<&str> = Vec::new();
        for (module, held) in &self.modules {
            if held.macros.contains(name) {
                homes.push(module.first().map_or(ROOT, String::as_str));
            }
        }
        if homes.contains(&from) {
            return None;
        }
        homes.first().map(|home| (*home).to_owned())
    }

    /// Like [`absolute`]; a path may begin with a child module's name, too.
    fn absolute_or_child(&self, at: &[String], path: &[String]) -> Option<Vec<String>> {
        absolute(at, path).or_else(|| {
            let mut child = at.to_vec();
            child.push(path.first()?.clone());
            self.modules.contains_key(&child).then(|| {
                let mut whole = at.to_vec();
                whole.extend_from_slice(path);
                whole
            })
        })
    }
}

/// A path that begins with `crate`, `self` or `super`, from the root. `None` for all others.
fn absolute(at: &[String], path: &[String]) -> Option<Vec<String>> {
    let mut base = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "self" => at.to_vec(),
        "super" => at.split_last()?.1.to_vec(),
        _ => return None,
    };
    let mut rest = &path[1..];
    while let Some((first, behind)) = rest.split_first()
        && first == "super"
    {
        base.pop();
        rest = behind;
    }
    base.extend(rest.iter().filter(|s| *s != "self").cloned());
    Some(base)
}

/// Collects the paths of one item.
struct Reader<'a> {
    read: &'a mut Crate,
    file: String,
    at: &'a [String],
    /// Modules inside of functions, which none of ours has.
    depth: usize,
}

impl<'a> Reader<'a> {
    fn new(read: &'a mut Crate, file: &FilePath, at: &'a [String]) -> Self {
        let file = file.strip_prefix(files::root()).unwrap_or(file);
        let file = file.display().to_string();
        Self {
            read,
            file,
            at,
            depth: 0,
        }
    }

    fn found(&mut self, path: Vec<String>, line: usize, textual: bool) {
        let place = format!("{}:{line}: {}", self.file, path.join("::"));
        let module = self.at.to_vec();
        self.read.uses.push(Use {
            module,
            path,
            textual,
            place,
        });
    }

    fn use_tree(&mut self, before: &[String], tree: &UseTree) {
        let mut path = before.to_vec();
        match tree {
            UseTree::Path(inner) => {
                path.push(name_of(&inner.ident));
                self.use_tree(&path, &inner.tree);
            }
            UseTree::Group(group) => {
                for inner in &group.items {
                    self.use_tree(before, inner);
                }
            }
            UseTree::Name(inner) => {
                let line = inner.ident.span().start().line;
                let mut name = name_of(&inner.ident);
                if name == "self" {
                    name = path.last().cloned().unwrap_or_default();
                } else {
                    path.push(name.clone());
                }
                self.import(name, path, line);
            }
            UseTree::Rename(inner) => {
                let line = inner.ident.span().start().line;
                if inner.ident != "self" {
                    path.push(name_of(&inner.ident));
                }
                self.import(name_of(&inner.rename), path, line);
            }
            UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                let at = self.at.to_vec();
                self.read.here(&at).globs.push(path.clone());
                self.found(path, line, false);
            }
        }
    }

    fn import(&mut self, name: String, path: Vec<String>, line: usize) {
        let at = self.at.to_vec();
        if self.depth == 0 {
            self.read.here(&at).imports.push((name, path.clone()));
        }
        self.found(path, line, false);
    }

    /// Paths among tokens: `crate`, `self` or `super` and the names that follow after `::`. Groups
    /// in braces, as a `use` inside of a macro may have them, are read name by name.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut index = 0;
        while index < tokens.len() {
            match &tokens[index] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(ident)
                    if ["crate", "super", "self"].contains(&ident.to_string().as_str()) =>
                {
                    let line = ident.span().start().line;
                    let mut path = vec![ident.to_string()];
                    while is_colons(tokens.get(index + 1), tokens.get(index + 2)) {
                        match tokens.get(index + 3) {
                            Some(TokenTree::Ident(next)) => {
                                path.push(name_of(next));
                                index += 3;
                            }
                            Some(TokenTree::Group(group)) => {
                                self.group(&path, group.stream(), line);
                                path.clear();
                                index += 3;
                            }
                            _ => break,
                        }
                    }
                    if path.len() > 1 {
                        self.found(path, line, false);
                    }
                }
                TokenTree::Ident(ident) if is_bang(tokens.get(index + 1)) => {
                    let before = index.checked_sub(1).and_then(|i| tokens.get(i));
                    if !matches!(before, Some(TokenTree::Punct(p)) if p.as_char() == ':') {
                        self.found(vec![name_of(ident)], ident.span().start().line, true);
                    }
                }
                _ => {}
            }
            index += 1;
        }
    }

    /// The names at the head of each entry of `crate::{a, b::c}`.
    fn group(&mut self, before: &[String], tokens: TokenStream, line: usize) {
        let mut path = before.to_vec();
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ',' => {
                    self.found(std::mem::replace(&mut path, before.to_vec()), line, false);
                }
                TokenTree::Ident(ident) => path.push(name_of(&ident)),
                TokenTree::Group(group) => self.group(&path.clone(), group.stream(), line),
                _ => {}
            }
        }
        if path.len() > before.len() {
            self.found(path, line, false);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes_of(item)) {
            return;
        }
        if self.depth == 0 {
            let at = self.at.to_vec();
            let held = self.read.here(&at);
            if let Some(name) = defined_by(item) {
                held.items.insert(name);
            }
            if let Item::Macro(item) = item
                && let Some(name) = &item.ident
            {
                held.macros.insert(name_of(name));
            }
        }
        visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for attribute in &item.attrs {
            self.visit_attribute(attribute);
        }
        self.visit_visibility(&item.vis);
        if item.leading_colon.is_none() {
            self.use_tree(&[], &item.tree);
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.depth += 1;
        visit::visit_block(self, block);
        self.depth -= 1;
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes = match item {
            syn::ImplItem::Const(item) => &item.attrs[..],
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            syn::ImplItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if !is_test(&local.attrs) {
            visit::visit_local(self, local);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !is_test(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if !is_test(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let line = path.segments[0].ident.span().start().line;
            let names: Vec<String> = path.segments.iter().map(|s| name_of(&s.ident)).collect();
            if ["crate", "super", "self"].contains(&names[0].as_str()) {
                self.found(names, line, false);
            }
        }
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, visibility: &'ast Visibility) {
        if let Visibility::Restricted(restricted) = visibility {
            // `pub(crate)` and `pub(super)` say who may use it, and use nothing.
            if restricted.in_token.is_some() {
                self.visit_path(&restricted.path);
            }
        }
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        if let [only] = called.path.segments.iter().collect::<Vec<_>>()[..] {
            let line = only.ident.span().start().line;
            self.found(vec![name_of(&only.ident)], line, true);
        } else {
            self.visit_path(&called.path);
        }
        self.tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        self.visit_path(attribute.path());
        let tokens = match &attribute.meta {
            syn::Meta::List(list) => list.tokens.clone(),
            _ => return,
        };
        // serde's `with = "crate::module"`.
        for literal in strings(tokens.clone()) {
            if literal.starts_with("crate::") || literal.starts_with("super::") {
                let line = attribute.pound_token.spans[0].start().line;
                self.found(
                    literal.split("::").map(str::to_owned).collect(),
                    line,
                    false,
                );
            }
        }
        self.tokens(tokens);
    }
}

fn strings(tokens: TokenStream) -> Vec<String> {
    let mut all = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => all.extend(strings(group.stream())),
            TokenTree::Literal(literal) => {
                all.push(literal.to_string().trim_matches('"').to_owned())
            }
            _ => {}
        }
    }
    all
}

fn is_colons(first: Option<&TokenTree>, second: Option<&TokenTree>) -> bool {
    let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == ':');
    colon(first) && colon(second)
}

fn is_bang(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == '!' && p.spacing() == proc_macro2::Spacing::Alone)
}
