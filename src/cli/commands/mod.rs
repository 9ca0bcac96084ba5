//! One file a command. The doc comment of its arguments is its help.

pub(super) mod apply;
pub(super) mod blame;
pub(super) mod capture;
pub(super) mod check;
pub(super) mod completions;
pub(super) mod explain;
pub(super) mod init;
pub(super) mod kinds;
pub(super) mod log;
pub(super) mod man;
pub(super) mod plan;
pub(super) mod resume;
pub(super) mod rollback;
pub(super) mod schema;
pub(super) mod show;
pub(super) mod sim;
pub(super) mod snapshot;
pub(super) mod states;
pub(super) mod status;

use std::future::Future;

use super::arguments::{Arguments, Command};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;

/// Runs a command to its end.
pub(super) fn run(arguments: Arguments, output: &Output) -> Exit {
    let made = matches!(arguments.command, Command::Init(_));
    // How it ended is what became of the change, whoever reads of it.
    let changes = matches!(arguments.command, Command::Apply(_) | Command::Rollback(_) | Command::Resume(_));
    let done = stand_in(arguments.everywhere.dir.as_deref(), made).and_then(|()| dispatch(arguments.command, output));
    let ended = done.unwrap_or_else(|failure| {
        failure.tell(output);
        failure.exit()
    });
    let Some(why) = output.lost() else { return ended };
    let show = if changes { "; what was done: opsctl show" } else { "" };
    output.warn(&format!("warning: standard output cannot be written ({why}), so not all was told{show}\n"));
    match ended {
        Exit::Done if !changes => Exit::Error,
        ended => ended,
    }
}

/// Goes into the folder of `-C`; where it shall be `made`, it need not be there.
fn stand_in(dir: Option<&camino::Utf8Path>, made: bool) -> Result<(), Failure> {
    let Some(dir) = dir else { return Ok(()) };
    if made {
        fs_err::create_dir_all(dir).map_err(|source| Failure::Io { doing: format!("make {dir}"), source })?;
    }
    std::env::set_current_dir(dir).map_err(|source| Failure::Io { doing: format!("work in {dir}"), source })
}

fn dispatch(command: Command, output: &Output) -> Result<Exit, Failure> {
    match command {
        Command::Init(init) => init.run(output),
        Command::Plan(plan) => in_runtime(plan.run(output)),
        Command::Apply(apply) => in_runtime(apply.run(output)),
        Command::Rollback(rollback) => in_runtime(rollback.run(output)),
        Command::Resume(resume) => in_runtime(resume.run(output)),
        Command::Status(status) => in_runtime(status.run(output)),
        Command::States(states) => in_runtime(states.run(output)),
        Command::Check(check) => in_runtime(check.run(output)),
        Command::Snapshot(snapshot) => in_runtime(snapshot.run(output)),
        Command::Log(log) => log.run(output),
        Command::Show(show) => show.run(output),
        Command::Blame(blame) => in_runtime(blame.run(output)),
        Command::Kinds(kinds) => in_runtime(kinds.run(output)),
        Command::Schema(schema) => schema.run(output),
        Command::Explain(explain) => explain.run(output),
        Command::Capture(capture) => in_runtime(capture.run(output)),
        Command::Sim(sim) => sim.run(output),
        Command::Completions(completions) => completions.run(output),
        Command::Man(man) => man.run(output),
    }
}

/// Only commands that talk to somebody have a runtime.
fn in_runtime(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Failure::Io { doing: "start".to_owned(), source })?;
    let done = runtime.block_on(command);
    // What still runs was given up on purpose: a second Ctrl-C does not wait for it.
    runtime.shutdown_background();
    done
}
