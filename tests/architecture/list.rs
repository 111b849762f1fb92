//! The format of `arrows.txt`.
//!
//! A section a crate, a line a module: `module -> those it uses`. `#` begins a comment.

use std::collections::{BTreeMap, BTreeSet};

use crate::Graph;

/// The arrows of each crate by its name.
pub type List = BTreeMap<String, Graph>;

/// Reads the list.
///
/// # Errors
///
/// The number and the text of the first line that is neither a section nor an arrow.
pub fn parse(text: &str) -> Result<List, String> {
    let mut list = List::new();
    let mut section = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or("").trim();
        if line.is_empty() {
            continue;
        }
        let wrong = || {
            format!(
                "line {}: `{line}` is neither [crate] nor module -> modules",
                index + 1
            )
        };
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = Some(list.entry(name.to_owned()).or_default());
        } else {
            let (from, to) = line.split_once("->").ok_or_else(wrong)?;
            let graph = section.as_mut().ok_or_else(wrong)?;
            let to: BTreeSet<String> = to.split_whitespace().map(str::to_owned).collect();
            if graph.arrows.insert(from.trim().to_owned(), to).is_some() {
                return Err(format!(
                    "line {}: {} is listed twice",
                    index + 1,
                    from.trim()
                ));
            }
        }
    }
    Ok(list)
}

/// A section of the list. A module stands below all that it uses, as far as there is no cycle.
#[must_use]
pub fn print(name: &str, graph: &Graph) -> String {
    let order = graph.order();
    let width = order.iter().map(|module| module.len()).max().unwrap_or(0);
    let mut text = format!("[{name}]\n");
    for module in &order {
        // In the order of the lines above.
        let to = order
            .iter()
            .filter(|to| graph.arrows[*module].contains(**to));
        let to: Vec<&str> = to.copied().collect();
        text.push_str(format!("{module:width$} -> {}", to.join(" ")).trim_end());
        text.push('\n');
    }
    text
}
