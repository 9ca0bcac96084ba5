use clap::Args;

use crate::cli::complete;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::diagnostic::Code;
use crate::view;

/// Explains the code of an error
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl explain E0104", "what E0104 means, with an example")],
    &[],
))]
pub(in crate::cli) struct Explain {
    /// As in E0104
    #[arg(add = complete::code())]
    code: String,
}

impl Explain {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let code = Code::find(&self.code).ok_or_else(|| Failure::Unknown {
            what: format!("there is no code `{}`", self.code),
            hint: "all of them are in docs/errors.md".to_owned(),
        })?;
        if output.json {
            let document = Document { code: code.number(), title: code.title(), text: code.explain() };
            output.result(&view::json::document("code", &document)?);
        } else {
            output.result(&code.explain());
        }
        Ok(Exit::Done)
    }
}

#[derive(serde::Serialize)]
struct Document {
    code: &'static str,
    title: &'static str,
    text: String,
}
