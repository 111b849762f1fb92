//! What the reader finds in small sources.

use std::fs;

use api_metrics_architecture::{Crate, Graph, list};

/// The arrows of a crate of these files, as `from->to`.
fn arrows(files: &[(&str, &str)]) -> Vec<String> {
    let graph = graph(files);
    graph
        .pairs()
        .map(|(from, to)| format!("{from}->{to}"))
        .collect()
}

fn graph(files: &[(&str, &str)]) -> Graph {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Crate::read(&folder.path().join("lib.rs")).graph()
}

/// The arrows of module `a` with this text, beside `b`, `c` and `d`.
fn of(text: &str) -> Vec<String> {
    arrows(&[
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", text),
        ("b.rs", "pub struct B; pub mod inner { pub struct I; }"),
        ("c.rs", "pub fn c() {}"),
        ("d/mod.rs", "macro_rules! dee { () => {} }"),
    ])
}

#[test]
fn every_way_to_write_a_path_is_an_arrow() {
    let both = ["a->b", "a->c"];
    for text in [
        "use crate::{b::{self, inner::I}, c};",
        "use super::{b, c::c};",
        "use crate::{b::inner::{I as X}, c::*};",
        "fn f() { use crate::b::B; crate::c::c(); }",
        "mod deeper { use super::super::{b, c}; }",
        "mod deeper { pub(in crate::b) fn f() { self::super::super::c::c() } }",
        "type T = Vec<super::b::B>; const C: fn() = crate::c::c;",
        "macro_rules! m { () => { $crate::b::inner::I; $crate::c::c() } }",
        "fn f() { println!(\"{}\", { use crate::{b::B, c}; 1 }); }",
        "impl crate::b::Trait for X { fn f(x: impl Fn(crate::c::C)) {} }",
        "#[derive(crate::b::D)] struct S { #[serde(with = \"crate::c\")] x: u8 }",
        "fn f(x: u8) { match x { crate::b::N => {} _ => { vec![super::c::c()]; } } }",
    ] {
        assert_eq!(of(text), both, "{text}");
    }
}

#[test]
fn what_stays_inside_or_comes_from_outside_is_no_arrow() {
    for text in [
        "",
        "use std::b::c; use ::b::B; use b::B;",
        "mod deeper { use super::X; use crate::a::X as Y; use self::Z; }",
        "pub(crate) fn f() { let text = \"crate::b::B\"; }",
        "/// See [`crate::b::B`].\nfn f() {}",
        "#[cfg(test)] mod tests { use crate::b::B; }",
        "#[cfg(test)] use crate::b::B;",
        "#[cfg(all(test, feature = \"x\"))] mod tests { use crate::b::B; }",
        "#[test] fn t() { crate::b::B; }",
        "struct S; impl S { #[cfg(test)] fn f() { crate::b::B; } }",
    ] {
        assert_eq!(of(text), [""; 0], "{text}");
    }
}

#[test]
fn what_is_not_for_tests_alone_counts() {
    for text in [
        "#[cfg(not(test))] use crate::b::B;",
        "#[cfg(any(test, feature = \"x\"))] use crate::b::B;",
        "#[cfg(feature = \"x\")] mod inner { use crate::b::B; }",
    ] {
        assert_eq!(of(text), ["a->b"], "{text}");
    }
}

#[test]
fn a_macro_called_by_its_name_is_an_arrow_to_where_it_is_defined() {
    assert_eq!(of("dee!();"), ["a->d"]);
    assert_eq!(of("fn f() { println!(\"{}\", dee!()); }"), ["a->d"]);
    assert_eq!(of("macro_rules! dee { () => {} } dee!();"), [""; 0]);
    assert_eq!(of("fn f() { crate::dee!(); }"), ["a->d"]);
}

#[test]
fn what_the_root_re_exports_leads_to_its_definition() {
    let root = "mod a; mod b; mod c; pub use b::{B, Renamed as R}; pub use c::*;";
    let b = "pub use crate::c::Renamed; pub struct B;";
    let c = "pub struct Renamed; pub struct C;";
    let with = |a| arrows(&[("lib.rs", root), ("a.rs", a), ("b.rs", b), ("c.rs", c)]);
    assert_eq!(with("use crate::B;"), ["a->b", "b->c"]);
    assert_eq!(with("use crate::R;"), ["a->c", "b->c"]);
    assert_eq!(with("use super::C;"), ["a->c", "b->c"]);
    assert_eq!(with("use crate::b::Renamed;"), ["a->b", "b->c"]);
}

#[test]
fn what_the_root_itself_defines_is_out_of_bounds() {
    let root = "mod a; pub const LIMIT: u8 = 1;";
    for text in ["use crate::LIMIT;", "use super::*;", "use crate as all;"] {
        assert_eq!(arrows(&[("lib.rs", root), ("a.rs", text)]), ["a->lib.rs"]);
    }
}

#[test]
fn files_of_nested_modules_are_followed() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "mod x; mod inline { mod y; }"),
        ("a/x.rs", "mod z;"),
        ("a/x/z.rs", "use super::super::super::b;"),
        ("a/inline/y.rs", ""),
        ("b.rs", "#[path = \"elsewhere.rs\"] mod named;"),
        ("elsewhere.rs", "use crate::a;"),
    ];
    assert_eq!(arrows(&files), ["a->b", "b->a"]);
    assert_eq!(graph(&files).cycle(), Some(vec!["a", "b", "a"]));
}

#[test]
fn an_arrow_against_the_list_is_noticed() {
    let allowed = list::parse("# why\n[x]\nb ->\na -> b\n").unwrap();
    let was = graph(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b;"),
        ("b.rs", ""),
    ]);
    assert_eq!(allowed["x"], was);
    assert_eq!(list::parse(&list::print("x", &was)).unwrap(), allowed);
    let is = graph(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", ""),
        ("b.rs", "use crate::a;"),
    ]);
    assert_eq!(is.without(&allowed["x"]), [("b", "a")]);
    assert_eq!(allowed["x"].without(&is), [("a", "b")]);
    assert!(list::parse("a -> b").is_err());
    assert!(list::parse("[x]\na b").is_err());
}
