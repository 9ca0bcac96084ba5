//! The command line: arguments, the environment, exit codes, signals. One file a command, whose doc comment is its help.

mod arguments;
mod by_hand;
mod called;
mod claims;
mod commands;
mod complete;
mod confirm;
mod damage;
mod drift;
mod exit;
mod failure;
mod flags;
mod help;
mod intended;
mod lacking;
mod offline;
mod open;
mod operator;
mod output;
mod owed;
mod page;
mod quota;
mod registry;
mod repository;
mod rollback_state;
mod rto;
mod run;
mod scope;
mod setting;
mod signals;
mod standing;
mod surroundings;
mod taking_back;
mod typed;
mod under_way;
mod unheld;
mod wanted;

use std::process::ExitCode;

use arguments::{Arguments, Everywhere};
use output::Output;

pub use exit::Exit;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    if let Some(answered) = complete::answer() {
        return answered;
    }
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no mistake.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            // Nobody reads any more: nothing is lost.
            let _ = error.print();
            if exit == Exit::Usage && asks_for_json() {
                failure::misunderstood(&error, &Output::new(&Everywhere { json: true, ..Everywhere::default() }));
            }
            return exit.into();
        }
    };
    let output = Output::new(&arguments.everywhere);
    commands::run(arguments, &output).into()
}

/// Whether a document is wanted, of a command line that is not understood.
fn asks_for_json() -> bool {
    std::env::args_os().skip(1).take_while(|word| word != "--").any(|word| word == "--json")
}
