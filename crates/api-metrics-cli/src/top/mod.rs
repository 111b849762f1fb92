//! `api-metrics top`: a service's traffic on a terminal.

mod app;
mod data;
mod draw;
mod stream;

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    sync::mpsc,
    time::Duration,
};

use clap::Args;
use crossterm::event::{self, Event, KeyEventKind};
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};

use self::{
    app::{App, Then},
    data::{Snapshot, ViewRequest},
};
use crate::{
    api::{self, Api},
    failure::Failure,
};

/// How often the server is asked.
const EVERY: Duration = Duration::from_secs(2);
/// How long a key is waited for before what came is drawn.
const KEY_WAIT: Duration = Duration::from_millis(100);

/// What `top` is asked for.
#[derive(Debug, Args)]
pub(crate) struct TopArgs {
    /// The server, or the admin of a service that has one
    #[arg(
        long,
        env = "API_METRICS_SERVER",
        default_value = "http://127.0.0.1:3000",
        value_name = "URL"
    )]
    server: String,

    /// A file that holds the admin token; API_METRICS_ADMIN_TOKEN without it
    #[arg(long, env = "API_METRICS_ADMIN_TOKEN_FILE", value_name = "FILE")]
    admin_token_file: Option<PathBuf>,

    /// One service alone
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

/// Shows until somebody quits.
pub(crate) fn run(args: &TopArgs) -> Result<(), Failure> {
    let token = api::admin_token(args.admin_token_file.as_deref())?;
    let api = Api::remote(&args.server, token)?;
    if !io::stdout().is_terminal() {
        return Err(Failure::usage(
            "top needs a terminal: `report` and `export` write for everything else",
        ));
    }
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|error| Failure::failed(error.to_string()))?;
    let asked = ViewRequest {
        service: args.service.clone(),
        ..ViewRequest::default()
    };
    // A wrong token or address is told as a sentence, not as an empty screen.
    runtime.block_on(Snapshot::read(&api, &asked, None))?;
    let (ask, asks) = tokio::sync::watch::channel(asked.clone());
    let (told, snapshots) = mpsc::channel();
    runtime.spawn(data::poll(api, asks, told, EVERY));
    let signal = {
        let _inside = runtime.enter();
        runtime.spawn(api_metrics::shutdown_signal())
    };
    let shown = show(
        App::new(args.server.clone(), asked),
        &ask,
        &snapshots,
        &|| signal.is_finished(),
    );
    runtime.shutdown_background();
    shown.map_err(|error| Failure::failed(format!("the terminal: {error}")))
}

/// A screen without anything on it. Its size is fixed, because ratatui asks a terminal whose size it watches
/// where the cursor is, and some never answer.
fn fresh((columns, rows): (u16, u16)) -> io::Result<Terminal<CrosstermBackend<io::Stdout>>> {
    crossterm::execute!(
        io::stdout(),
        crossterm::terminal::Clear(crossterm::terminal::ClearType::All)
    )?;
    let options = TerminalOptions {
        viewport: Viewport::Fixed(Rect::new(0, 0, columns, rows)),
    };
    Terminal::with_options(CrosstermBackend::new(io::stdout()), options)
}

/// The terminal as it was, whatever ends this.
struct Restored;

impl Drop for Restored {
    fn drop(&mut self) {
        let _ = crossterm::terminal::disable_raw_mode();
        let _ = crossterm::execute!(
            io::stdout(),
            crossterm::terminal::LeaveAlternateScreen,
            crossterm::cursor::Show
        );
    }
}

fn show(
    mut app: App,
    ask: &tokio::sync::watch::Sender<ViewRequest>,
    snapshots: &mpsc::Receiver<Result<Snapshot, String>>,
    is_over: &dyn Fn() -> bool,
) -> io::Result<()> {
    crossterm::terminal::enable_raw_mode()?;
    let _restored = Restored;
    crossterm::execute!(
        io::stdout(),
        crossterm::terminal::EnterAlternateScreen,
        crossterm::cursor::Hide
    )?;
    let mut size = crossterm::terminal::size()?;
    let mut terminal = fresh(size)?;
    let has_colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    while !is_over() {
        while let Ok(snapshot) = snapshots.try_recv() {
            app.take(snapshot);
        }
        let now = crossterm::terminal::size()?;
        if now != size {
            size = now;
            terminal = fresh(size)?;
        }
        terminal.draw(|frame| draw::screen(frame, &app, has_colour))?;
        if !event::poll(KEY_WAIT)? {
            continue;
        }
        let then = match event::read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => app.press(key),
            _ => Then::GoOn,
        };
        match then {
            Then::Quit => break,
            Then::DrawAnew => terminal = fresh(size)?,
            // Nobody listens only when the program ends.
            Then::Ask => drop(ask.send(app.asked.clone())),
            Then::GoOn => {}
        }
    }
    Ok(())
}
