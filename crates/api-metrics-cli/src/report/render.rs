//! A report as text, Markdown and HTML. Names come from traffic, so each form escapes them in its own way.

use std::fmt::Write as _;

use super::facts::{Facts, Row};
use crate::terminal::escaped_line;

/// Columns for a terminal or a mail without pictures.
pub(super) fn text(facts: &Facts) -> String {
    let mut out = format!("{}\n{}\n", facts.title, escaped_line(&facts.subtitle));
    for table in &facts.tables {
        let _ = write!(out, "\n{}\n", table.title);
        let head: Row = table.head.iter().map(|&name| name.to_owned()).collect();
        let rows: Vec<Row> = std::iter::once(head)
            .chain(table.rows.iter().cloned())
            .map(|row| row.iter().map(|cell| escaped_line(cell)).collect())
            .collect();
        let widths: Vec<usize> = (0..table.head.len())
            .map(|at| {
                let cells = rows.iter().filter_map(|row| row.get(at));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        for row in &rows {
            let mut line = String::from(" ");
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if at == 0 {
                    let _ = write!(line, " {cell:<width$}");
                } else {
                    let _ = write!(line, "  {cell:>width$}");
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

/// For a wiki or a chat.
pub(super) fn markdown(facts: &Facts) -> String {
    let cell = |text: &str| {
        let mut out = String::new();
        for c in escaped_line(text).chars() {
            if "\\`*_{}[]<>()#+-.!|~&".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        out
    };
    let mut out = format!("# {}\n\n{}\n", cell(&facts.title), cell(&facts.subtitle));
    for table in &facts.tables {
        let _ = write!(out, "\n## {}\n\n", table.title);
        let line = |row: Vec<String>| format!("| {} |\n", row.join(" | "));
        out += &line(table.head.iter().map(|name| cell(name)).collect());
        out += &line(
            (0..table.head.len())
                .map(|at| if at == 0 { "---" } else { "---:" }.to_owned())
                .collect(),
        );
        for row in &table.rows {
            out += &line(row.iter().map(|text| cell(text)).collect());
        }
    }
    out
}

/// A page by itself: no script, nothing from elsewhere.
pub(super) fn html(facts: &Facts) -> String {
    let cell = |text: &str| {
        let mut out = String::new();
        for c in escaped_line(text).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
        out
    };
    let title = cell(&facts.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n\
         body {{ font: 15px/1.5 system-ui, sans-serif; color: #1c2024; background: #fff; max-width: 60rem; \
         margin: 2rem auto; padding: 0 1rem }}\n\
         table {{ border-collapse: collapse; width: 100%; margin-bottom: 2rem }}\n\
         th, td {{ text-align: right; padding: .25rem .5rem; border-bottom: 1px solid #d9d9e0; \
         overflow-wrap: anywhere }}\n\
         th:first-child, td:first-child {{ text-align: left }}\n\
         </style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{}</p>\n",
        cell(&facts.subtitle)
    );
    for table in &facts.tables {
        let _ = write!(out, "<h2>{}</h2>\n<table>\n<thead><tr>", table.title);
        for name in table.head {
            let _ = write!(out, "<th scope=\"col\">{}</th>", cell(name));
        }
        out.push_str("</tr></thead>\n<tbody>\n");
        for row in &table.rows {
            out.push_str("<tr>");
            for text in row {
                let _ = write!(out, "<td>{}</td>", cell(text));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody>\n</table>\n");
    }
    out.push_str("</body>\n</html>\n");
    out
}
