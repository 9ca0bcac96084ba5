use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man as Page;

use crate::cli::arguments::Arguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::view;

/// Prints the manual page of opsctl, or writes those of all commands into a folder
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl man | man -l -", "reads it"), ("opsctl man ~/.local/share/man/man1", "for man opsctl-plan")],
    &[],
))]
pub(in crate::cli) struct Man {
    /// Where the pages go, one a command; made where it is not there
    #[arg(value_name = "DIR")]
    folder: Option<Utf8PathBuf>,
}

impl Man {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let mut command = Arguments::command();
        command.build();
        let Some(dir) = &self.folder else {
            let page = render(&Page::new(command)).map_err(failed("write the manual page"))?;
            output.result(&page);
            return Ok(Exit::Done);
        };
        let mut pages = Vec::new();
        fs_err::create_dir_all(dir).map_err(failed("make the folder of the manual pages"))?;
        write(&command, dir, &mut pages).map_err(failed("write the manual pages"))?;
        pages.sort();
        if output.json {
            output.result(&view::json::document("man", &Document { pages: &pages })?);
        } else {
            output.sentence(&format!("{} manual pages are in {dir}.", pages.len()));
        }
        Ok(Exit::Done)
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    pages: &'a [Utf8PathBuf],
}

/// One page a command, those below it first. `help` has none: it says what the others have.
fn write(command: &Command, dir: &Utf8Path, pages: &mut Vec<Utf8PathBuf>) -> io::Result<()> {
    let below = command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help");
    for below in below {
        write(below, dir, pages)?;
    }
    let page = Page::new(command.clone());
    let path = dir.join(page.get_filename());
    fs_err::write(&path, render(&page)?)?;
    pages.push(path);
    Ok(())
}

fn render(page: &Page) -> io::Result<String> {
    let mut text = Vec::new();
    page.render(&mut text)?;
    // The lines of the examples stay as they are.
    Ok(String::from_utf8_lossy(&text).replace(".SH EXTRA\n", ".SH EXAMPLES\n.nf\n"))
}

fn failed(doing: &str) -> impl FnOnce(io::Error) -> Failure {
    move |source| Failure::Io { doing: doing.to_owned(), source }
}
