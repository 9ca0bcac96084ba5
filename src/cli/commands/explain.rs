use clap::Args;

use crate::cli::complete;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::diagnostic::Code;
use crate::view;

/// Explains the code of an error; without one lists all
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl explain E0104", "what E0104 means, with an example"), ("opsctl explain", "all codes, a line each")],
    &[],
))]
pub(in crate::cli) struct Explain {
    /// As in E0104
    #[arg(add = complete::code())]
    code: Option<String>,
}

impl Explain {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let Some(typed) = self.code else { return all(output) };
        let code = Code::find(&typed).ok_or_else(|| Failure::Unknown {
            what: format!("there is no code `{typed}`"),
            hint: "all of them: opsctl explain".to_owned(),
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

/// All codes, a line each.
fn all(output: &Output) -> Result<Exit, Failure> {
    let codes = || Code::ALL.iter().map(|code| Title { code: code.number(), title: code.title() });
    if output.json {
        output.result(&view::json::document("codes", &List { codes: codes().collect() })?);
    } else {
        output.result(&codes().map(|Title { code, title }| format!("{code}  {title}\n")).collect::<String>());
    }
    Ok(Exit::Done)
}

#[derive(serde::Serialize)]
struct List {
    codes: Vec<Title>,
}

#[derive(serde::Serialize)]
struct Title {
    code: &'static str,
    title: &'static str,
}

#[derive(serde::Serialize)]
struct Document {
    code: &'static str,
    title: &'static str,
    text: String,
}
