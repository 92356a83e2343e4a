//! Progress of a run: a bar with phase and time left on a terminal, plain lines elsewhere, or silence.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::Instant;

/// Shows phases of known relative cost; safe to call from any thread.
pub struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
    start: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    phase: String,
    since: f64,
    done: f64,
    share: f64,
    shown: u64,
    seconds: Vec<(String, f64)>,
}

impl Progress {
    /// Display on standard error; `quiet` shows nothing.
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = (!quiet && terminal).then(|| {
            let bar = ProgressBar::new(1000);
            let style =
                ProgressStyle::with_template("{bar:32} {percent:>3} %  {elapsed} elapsed, {eta} left  {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar, lines: !quiet && !terminal, start: Instant::now(), state: Mutex::default() }
    }

    /// Begins a phase that makes up `share` (0 to 1) of the whole job.
    pub fn phase(&self, name: &str, share: f64) {
        let now = self.start.elapsed().as_secs_f64();
        let Ok(mut s) = self.state.lock() else { return };
        close(&mut s, now);
        s.done = (s.done + s.share).min(1.0);
        s.share = share;
        s.phase = name.to_string();
        s.since = now;
        if self.lines {
            let _ = writeln!(std::io::stderr(), "[{now:7.1} s] {name}");
        }
        if let Some(bar) = &self.bar {
            bar.set_message(name.to_string());
            bar.set_position(bar.position().max((s.done * 1000.0) as u64));
        }
    }

    /// Says how far the phase has come (0 to 1) and with what.
    pub fn within(&self, what: &str, fraction: f64) {
        let Ok(mut s) = self.state.lock() else { return };
        let position = ((s.done + s.share * fraction.clamp(0.0, 1.0)) * 1000.0) as u64;
        if position > s.shown {
            s.shown = position;
            if let Some(bar) = &self.bar {
                bar.set_position(position);
                bar.set_message(if what.is_empty() {
                    s.phase.clone()
                } else {
                    format!("{}: {what}", s.phase)
                });
            }
        }
    }

    /// Ends the display and gives the seconds of each phase, in order.
    pub fn finish(&self) -> Vec<(String, f64)> {
        let now = self.start.elapsed().as_secs_f64();
        let Ok(mut s) = self.state.lock() else { return Vec::new() };
        close(&mut s, now);
        s.phase.clear();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        s.seconds.clone()
    }

    /// Seconds since the start.
    pub fn elapsed(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

fn close(s: &mut State, now: f64) {
    if !s.phase.is_empty() {
        let entry = (s.phase.clone(), now - s.since);
        s.seconds.push(entry);
    }
}
