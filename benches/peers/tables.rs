//! Markdown, ready for the documentation.

use crate::subjects::{BODY_MAP, OURS};

/// What one subject takes a request.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) subject: String,
    pub(crate) total: f64,
    /// Beyond the layer that only maps the response's body.
    pub(crate) over: f64,
}

impl Row {
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        Some(Self {
            subject: fields.next()?.to_owned(),
            total: fields.next()?.parse().ok()?,
            over: fields.next()?.parse().ok()?,
        })
    }

    pub(crate) fn print(&self) {
        println!("{}\t{}\t{}", self.subject, self.total, self.over);
    }
}

/// One line a subject, three columns a number of series.
pub(crate) fn print(unit: &str, series: &[usize], columns: &[Vec<Row>]) {
    let heads = series.iter().map(|series| {
        let series = match series {
            1 => "1 series".to_owned(),
            n => format!("{n} series"),
        };
        format!(" {series}: {unit} | over the map | × ours |")
    });
    println!("| |{}", heads.collect::<String>());
    println!("|---|{}", "---:|---:|---:|".repeat(series.len()));
    let Some(first) = columns.first() else { return };
    for (at, Row { subject, .. }) in first.iter().enumerate() {
        let cells = columns.iter().filter_map(|rows| {
            let (row, ours) = (
                rows.get(at)?,
                rows.iter().find(|row| row.subject == OURS)?.over,
            );
            Some(format!(
                " {} | {:+} | {} |",
                rounded(row.total),
                rounded(row.over),
                ratio(row, ours)
            ))
        });
        println!("| {subject} |{}", cells.collect::<String>());
    }
}

/// To whole units, and never to a negative zero.
fn rounded(value: f64) -> i64 {
    value.round() as i64
}

/// What it adds over the body map, in multiples of what ours adds.
fn ratio(row: &Row, ours: f64) -> String {
    if row.over < 1.0 || ours < 1.0 || row.subject == BODY_MAP {
        return String::new();
    }
    format!("{:.1}", row.over / ours)
}
