//! `dens-tetgen`: reads a request on stdin, writes the tetrahedra on stdout.
//!
//! Exit codes: 0 done; 2 the request is not readable or makes no sense; 3 TetGen refused, with the reason on
//! stderr; anything else, or a signal: TetGen crashed. The text of both sides is described in
//! [`tetgen_rs::protocol`].

use std::io::{Read, Write};
use std::process::ExitCode;
use tetgen_rs::{Error, protocol, tetrahedralize};

fn main() -> ExitCode {
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        eprintln!("the request is not readable: {error}");
        return ExitCode::from(2);
    }
    let (complex, switches) = match protocol::read_request(&text) {
        Ok(request) => request,
        Err(problem) => {
            eprintln!("the request is not readable: {problem}");
            return ExitCode::from(2);
        }
    };
    drop(text);
    match tetrahedralize(&complex, &switches) {
        Ok(cells) => match std::io::stdout().write_all(protocol::write_answer(&cells).as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            // Whoever asked is gone.
            Err(_) => ExitCode::from(4),
        },
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(if matches!(error, Error::Request(_)) { 2 } else { 3 })
        }
    }
}
