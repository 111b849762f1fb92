//! The screen: from 80 columns and 24 lines on.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line as TextLine, Span},
    widgets::{Block, Borders, Cell, Paragraph, Row, Table, TableState},
};

use super::{
    app::{App, List},
    data::Snapshot,
};
use crate::terminal::escaped_line;

/// From this share of errors on, in percent, a number is worth a look.
const MANY_ERRORS: f64 = 5.0;

const HELP: &str = "\
 r      range: live (5 minutes), 1 h, 24 h, 7 d, 30 d
 s      sort: requests, error rate, p95, bandwidth
 Tab    endpoints or consumers
 /      filter by name; Enter keeps it, Esc clears it
 Enter  look into an endpoint; Esc goes back
 j k    down, up (also the arrows, Home and End)
 ^L     draw anew
 q      quit";

/// Colours, or none of them.
struct Look(bool);

impl Look {
    const fn colour(&self, colour: Color) -> Style {
        if self.0 {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    fn errors(&self, rate: Option<f64>) -> Style {
        match rate {
            Some(rate) if rate >= MANY_ERRORS => {
                self.colour(Color::Red).add_modifier(Modifier::BOLD)
            }
            Some(rate) if rate > 0.0 => self.colour(Color::Yellow),
            _ => Style::new(),
        }
    }
}

/// Draws everything.
pub(super) fn screen(frame: &mut Frame<'_>, app: &App, has_colour: bool) {
    let look = Look(has_colour);
    let [head, totals, list, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(6),
        Constraint::Min(5),
        Constraint::Length(4),
    ])
    .areas(frame.area());
    header(frame, head, app, &look);
    if app.has_help {
        let area = totals.union(list);
        let block = Block::new().borders(Borders::ALL).title(" Keys ");
        frame.render_widget(Paragraph::new(HELP).block(block), area);
    } else if let Some(snapshot) = &app.snapshot {
        figures(frame, totals, snapshot, &look);
        table(frame, list, app, &look);
    }
    footer(frame, foot, app, &look);
}

fn header(frame: &mut Frame<'_>, area: Rect, app: &App, look: &Look) {
    let mut spans = vec![
        Span::styled(
            "api-metrics top ",
            Style::new().add_modifier(Modifier::BOLD),
        ),
        Span::raw(format!(
            "{}  range {}",
            escaped_line(&app.server),
            app.range()
        )),
    ];
    if let Some(snapshot) = &app.snapshot {
        let time = snapshot.as_of.get(11..19).unwrap_or_default();
        let by = if snapshot.is_streamed {
            "stream"
        } else {
            "polled"
        };
        spans.push(Span::raw(format!("  {time} UTC, {by}")));
    }
    if let Some((method, endpoint)) = &app.asked.endpoint {
        spans.push(Span::raw(format!(
            "  {}",
            escaped_line(&format!("{method} {endpoint}"))
        )));
    }
    if let Some(trouble) = &app.trouble {
        let text = format!("  STALE: {}", escaped_line(trouble));
        spans.push(Span::styled(text, look.colour(Color::Red)));
    }
    frame.render_widget(TextLine::from(spans), area);
}

fn figures(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, look: &Look) {
    let block = Block::new().borders(Borders::ALL).title(" Traffic ");
    let [p50, p95, p99] = snapshot.quantiles_ms.map(ms);
    let minutes: Vec<String> = snapshot.minutes.iter().map(u64::to_string).collect();
    let statuses: Vec<String> = snapshot
        .statuses
        .iter()
        .map(|(status, count)| format!("{status}: {count}"))
        .collect();
    let per_second = snapshot
        .per_second
        .map_or("-".to_owned(), |rate| format!("{rate:.2}"));
    let lines = vec![
        TextLine::from(vec![
            Span::raw(format!(
                "{} requests  {per_second} a second  ",
                snapshot.requests
            )),
            Span::styled(
                format!("errors {}", percent(snapshot.error_rate)),
                look.errors(snapshot.error_rate),
            ),
            Span::raw(format!("  {}", bytes(snapshot.bytes))),
        ]),
        TextLine::from(format!("p50 {p50}  p95 {p95}  p99 {p99}")),
        TextLine::from(format!("by minute: {}", minutes.join(" "))),
        TextLine::from(format!("statuses: {}", statuses.join("  "))),
    ];
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn table(frame: &mut Frame<'_>, area: Rect, app: &App, look: &Look) {
    let lines = app.lines();
    let name = match app.list {
        List::Endpoints => "Endpoints",
        List::Consumers => "Consumers",
    };
    let mut title = format!(" {name} by {} ({}) ", app.sort.name(), lines.len());
    if app.is_typing || !app.filter.is_empty() {
        let cursor = if app.is_typing { "_" } else { "" };
        title += &format!("filter: {}{cursor} ", escaped_line(&app.filter));
    }
    let rows = lines.iter().map(|line| {
        Row::new(vec![
            Cell::from(line.name.clone()),
            Cell::from(format!("{:>9}", line.requests)),
            Cell::from(format!("{:>8}", percent(line.error_rate)))
                .style(look.errors(line.error_rate)),
            Cell::from(format!("{:>11}", ms(line.p95_ms))),
            Cell::from(format!("{:>10}", bytes(line.bytes))),
        ])
    });
    let widths = [
        Constraint::Min(20),
        Constraint::Length(9),
        Constraint::Length(8),
        Constraint::Length(11),
        Constraint::Length(10),
    ];
    let head = ["name", " requests", "  errors", "        p95", " bandwidth"];
    let table = Table::new(rows, widths)
        .header(Row::new(head).style(Style::new().add_modifier(Modifier::BOLD)))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
        .block(Block::new().borders(Borders::ALL).title(title));
    let mut state = TableState::new().with_selected(Some(app.chosen));
    frame.render_stateful_widget(table, area, &mut state);
}

fn footer(frame: &mut Frame<'_>, area: Rect, app: &App, look: &Look) {
    let (alerts, limits, waiting) = match &app.snapshot {
        Some(snapshot) => (
            snapshot.alerts.join("  "),
            snapshot.limits.join("  "),
            snapshot.waiting.as_str(),
        ),
        None => (String::new(), String::new(), "waiting for the first answer"),
    };
    let alerts = if alerts.is_empty() {
        TextLine::from("alerts: none fires")
    } else {
        let style = look.colour(Color::Red).add_modifier(Modifier::BOLD);
        TextLine::styled(format!("ALERTS: {alerts}"), style)
    };
    let limits = if limits.is_empty() {
        "-".to_owned()
    } else {
        limits
    };
    let lines = vec![
        alerts,
        TextLine::from(format!("limits: {limits}")),
        TextLine::from(waiting.to_owned()),
        TextLine::from("q quit  r range  s sort  Tab list  / filter  Enter look into  ? keys"),
    ];
    frame.render_widget(Paragraph::new(lines), area);
}

fn percent(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.2}%"))
}

fn ms(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.1} ms"))
}

fn bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut scaled = value as f64;
    let mut unit = 0;
    while scaled >= 1_024.0 && unit + 1 < UNITS.len() {
        scaled /= 1_024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{value} B"),
        unit => format!("{scaled:.1} {}", UNITS[unit]),
    }
}
