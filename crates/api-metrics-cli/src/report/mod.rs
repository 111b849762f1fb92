//! `api-metrics report`: a day or a week on one page.

mod facts;
mod render;

use std::path::PathBuf;

use api_metrics::store::calendar::{Tz, local_date, start_of_day};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use clap::{Args, ValueEnum};

use crate::{api::Source, failure::Failure, settings::Settings, terminal};
use facts::Facts;

/// How the report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Html,
}

/// What `report` is asked for.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    source: Source,

    /// The day [default: yesterday]
    #[arg(long, value_name = "DATE", conflicts_with = "week")]
    day: Option<NaiveDate>,

    /// The week, from Monday on, that has this day
    #[arg(long, value_name = "DATE")]
    week: Option<NaiveDate>,

    /// The zone in which days begin
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    tz: Tz,

    /// One service alone
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// How it is written
    #[arg(
        long,
        value_enum,
        default_value = "text",
        value_name = "FORMAT",
        conflicts_with = "json"
    )]
    format: Format,

    /// Tell the numbers as JSON
    #[arg(long)]
    json: bool,

    /// Where to write [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Days of a zone, and how they are called.
#[derive(Debug, Clone)]
struct Period {
    title: String,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    tz: Tz,
    is_week: bool,
}

impl ReportArgs {
    fn period(&self) -> Result<Period, Failure> {
        let out_of_range = || Failure::usage("the date is out of range");
        let today = local_date(self.tz, Utc::now().timestamp());
        let (first, days, title) = match self.week {
            Some(day) => {
                let back = day.weekday().num_days_from_monday();
                let monday = day.checked_sub_days(Days::new(back.into()));
                let monday = monday.ok_or_else(out_of_range)?;
                (monday, 7, format!("Week of {monday}"))
            }
            None => {
                let yesterday = today.checked_sub_days(Days::new(1));
                let day = self.day.or(yesterday).ok_or_else(out_of_range)?;
                (day, 1, day.to_string())
            }
        };
        if first > today {
            return Err(Failure::usage(format!("{title} has not begun yet")));
        }
        let after = first
            .checked_add_days(Days::new(days))
            .ok_or_else(out_of_range)?;
        Ok(Period {
            title,
            from: midnight(self.tz, first).ok_or_else(out_of_range)?,
            to: midnight(self.tz, after).ok_or_else(out_of_range)?,
            tz: self.tz,
            is_week: self.week.is_some(),
        })
    }
}

/// The first instant of a day: where the clock goes forward at midnight, the one after the gap.
fn midnight(tz: Tz, day: NaiveDate) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(start_of_day(tz, day), 0)
}

/// Writes the report.
pub(crate) async fn run(args: ReportArgs, settings: Settings) -> Result<(), Failure> {
    let period = args.period()?;
    let api = args.source.open(&settings).await?;
    let facts = Facts::read(&api, &period, args.service.as_deref()).await?;
    let text = if args.json {
        terminal::escaped_json(&facts.as_json().to_string())
    } else {
        match args.format {
            Format::Text => render::text(&facts),
            Format::Markdown => render::markdown(&facts),
            Format::Html => render::html(&facts),
        }
    };
    match args.output {
        None => terminal::out(text.trim_end()),
        Some(path) => std::fs::write(&path, text)
            .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_when_the_zones_clock_says_so() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 29);
        let begins = |zone: &str, day| midnight(zone.parse().ok()?, day);
        let berlin = day.and_then(|day| begins("Europe/Berlin", day));
        assert_eq!(
            berlin.map(|at| at.to_rfc3339()).as_deref(),
            Some("2026-03-28T23:00:00+00:00")
        );
        // The clock went from 0:00 to 1:00.
        let day = NaiveDate::from_ymd_opt(2018, 11, 4);
        let gap = day.and_then(|day| begins("America/Sao_Paulo", day));
        assert_eq!(
            gap.map(|at| at.to_rfc3339()).as_deref(),
            Some("2018-11-04T03:00:00+00:00")
        );
    }
}
