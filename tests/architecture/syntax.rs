//! Small questions to the syntax of one item.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Ident, Item};

/// Without the `r#` of a raw one.
pub(crate) fn name_of(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

pub(crate) fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                syn::Expr::Lit(literal) => match &literal.lit {
                    syn::Lit::Str(path) => Some(path.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
}

/// Whether something is for tests alone: `#[test]`, and `#[cfg(..)]` where it holds in tests alone.
#[must_use]
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        if attribute
            .path()
            .segments
            .last()
            .is_some_and(|s| s.ident == "test")
        {
            return true;
        }
        let syn::Meta::List(list) = &attribute.meta else {
            return false;
        };
        attribute.path().is_ident("cfg") && needs_test(list.tokens.clone())
    })
}

/// Of `any(..)` every choice needs it, of `all(..)` one; `not(..)` doesn't.
fn needs_test(tokens: TokenStream) -> bool {
    let choices = split(tokens);
    let [choice] = &choices[..] else {
        return false;
    };
    match &choice[..] {
        [TokenTree::Ident(name)] => name == "test" || name == "doctest",
        [TokenTree::Ident(name), TokenTree::Group(group)] => {
            let inside = split(group.stream());
            let mut needs = inside
                .into_iter()
                .map(|one| needs_test(one.into_iter().collect()));
            match name.to_string().as_str() {
                "all" => needs.any(|it| it),
                "any" => needs.len() > 0 && needs.all(|it| it),
                _ => false,
            }
        }
        _ => false,
    }
}

/// At its commas.
fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(Vec::new()),
            token => parts.last_mut().expect("it begins with one").push(token),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

pub(crate) fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

pub(crate) fn defined_by(item: &Item) -> Option<String> {
    Some(name_of(match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    }))
}
